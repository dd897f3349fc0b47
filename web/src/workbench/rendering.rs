//! A rendering as the workbench shows any client's run: kernels, buffers, and rows with the names of joints.

use draction::{
    gpu::{KernelBuffers, Layout, Run, Timing},
    inspect::{carriers, layout},
    passes::{Axis, Buffer, Pass},
};

use super::{Rendering, joints_named};

impl Run for Rendering {
    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn kernels(&self) -> Vec<KernelBuffers> {
        let names = |list: &[Buffer]| list.iter().map(|buffer| format!("{buffer:?}")).collect();
        let all = Pass::ALL.iter().map(|pass| (pass.name(), pass.about()));
        all.map(|(kernel, about)| KernelBuffers { kernel, reads: names(about.reads), writes: names(about.writes) })
            .collect()
    }

    fn buffers(&self) -> Vec<String> {
        self.buffers.iter().map(|(buffer, _)| format!("{buffer:?}")).collect()
    }

    fn table(&self, buffer: &str) -> Option<(Layout, &[f32])> {
        let (buffer, numbers) = self.buffers.iter().find(|(known, _)| format!("{known:?}") == buffer)?;
        Some((layout(buffer, &self.scene.dims)?, numbers))
    }

    fn row_label(&self, layout: &Layout, row: usize) -> String {
        let (dims, names) = (&self.scene.dims, &self.skeleton.names[..]);
        let place = layout.place(row);
        let at = |axis: Axis| place.iter().find(|(name, _)| *name == axis.name()).map(|(_, at)| *at);
        let own = match (at(Axis::Joint), at(Axis::Gaussian)) {
            (Some(joint), _) => joints_named(&[(joint, 1.0)], names),
            (None, Some(gaussian)) => {
                format!("{gaussian} · {}", joints_named(&carriers(&self.scene.template, gaussian), names))
            }
            (None, None) => return layout.row_name(row),
        };
        let frame = at(Axis::Frame).filter(|_| dims.frame_count() > 1);
        match (frame, at(Axis::Body).filter(|_| dims.bodies > 1)) {
            (Some(frame), Some(body)) => format!("{frame} · body {} · {own}", body + 1),
            (Some(frame), None) => format!("frame {frame} · {own}"),
            (None, Some(body)) => format!("body {} · {own}", body + 1),
            (None, None) => own,
        }
    }
}
