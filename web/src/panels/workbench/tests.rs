//! The workbench's panels with a client that is not DrAction.

use std::time::Duration;

use ::draction::gpu::{Clock, Column, KernelBuffers, KernelTime, Layout, Timing};

use super::*;
use crate::widgets::testing::Harness;

/// One kernel that doubles eight numbers.
struct Doubling {
    timing: Timing,
    numbers: [f32; 8],
}

impl Doubling {
    fn new() -> Doubling {
        let time = Duration::from_micros(40);
        let kernel = KernelTime { kernel: "double", time, dispatches: 1, groups: [1, 1], bytes: 64 };
        Doubling {
            timing: Timing { clock: Clock::Timestamps, kernels: vec![kernel] },
            numbers: std::array::from_fn(|i| 2.0 * i as f32),
        }
    }
}

impl Run for Doubling {
    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn kernels(&self) -> Vec<KernelBuffers> {
        vec![KernelBuffers { kernel: "double", reads: vec!["single".to_owned()], writes: vec!["twice".to_owned()] }]
    }

    fn buffers(&self) -> Vec<String> {
        vec!["twice".to_owned()]
    }

    fn table(&self, buffer: &str) -> Option<(Layout, &[f32])> {
        let column = |name: &str| Column { name: name.to_owned(), unit: "m" };
        let layout = Layout { axes: vec![("pair", 4)], columns: vec![column("left"), column("right")] };
        (buffer == "twice").then_some((layout, &self.numbers[..]))
    }
}

/// What a click at a place asks for.
fn clicked(at: [f32; 2], mut content: impl FnMut(&mut egui::Ui, &mut Vec<Action>)) -> Vec<Action> {
    let (mut h, mut actions) = (Harness::new(700.0, 500.0), Vec::new());
    h.frame(|ui| content(ui, &mut actions));
    assert_eq!(actions, [], "nobody did anything");
    assert!(h.triangles() > 50, "{} triangles", h.triangles());
    h.click(at[0], at[1], |ui| content(ui, &mut actions));
    actions
}

#[test]
fn any_clients_buffers_are_listed_and_chosen() {
    let run = Doubling::new();
    let asked = clicked([20.0, 12.0], |ui, actions| buffers::show(Some(&run), "single", ui, actions));
    assert_eq!(asked, [Action::Workbench(Change::Buffer("twice".to_owned()))]);
    let asked = clicked([600.0, 400.0], |ui, actions| buffers::show(Some(&run), "twice", ui, actions));
    assert_eq!(asked, [], "numbers are only looked at");
}

#[test]
fn any_clients_kernels_are_timed_and_chosen() {
    let run = Doubling::new();
    let mut bench = Workbench::new(&egui::Context::default(), None, None);
    bench.history.push_back(run.timing().clone());
    // the newest run's strip fills the width below the title
    let asked = clicked([350.0, 60.0], |ui, actions| kernels::show(&bench, Some(&run), ui, actions));
    assert_eq!(asked, [Action::Workbench(Change::Kernel("double"))]);
}
