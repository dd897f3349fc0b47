//! How fast DrAction draws and how fast its gradients come, by size, people, batch and skeleton.
//!
//! `cargo xtask bench` runs it and writes `tests/benches/RESULTS.md`. Times of whole renderings are criterion's, from
//! joints on the device to pictures or gradients on the device: nothing is uploaded or read back in between. Times of
//! passes are those of the workbench, each pass by itself.

mod gpu;
mod memory;
mod report;
mod scene;

use std::time::{Duration, Instant};

use anyhow::Result;
use criterion::{BenchmarkId, Criterion, Throughput};
use draction::{
    engine::{cpu::CpuEngine, gpu::GpuEngine},
    gpu::AdapterChoice,
    passes,
};
use skeletonllm_tests::timing;

use gpu::Resident;
use report::{Report, Row};
use scene::{Scene, Size};

/// What the others differ from in one thing: the size of the paper's pictures, two people, NTU's joints.
const BASE: Size = Size { side: 448, bodies: 2, clips: 1, joints: 25 };

/// What takes the time of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Joints to pictures.
    Forward,
    /// Pictures and their gradient to the gradients of joints and parameters.
    Backward,
    /// One after the other, as training does.
    Both,
}

impl Direction {
    const ALL: [Direction; 3] = [Direction::Forward, Direction::Backward, Direction::Both];

    fn name(self) -> &'static str {
        match self {
            Direction::Forward => "forward",
            Direction::Backward => "backward",
            Direction::Both => "both",
        }
    }
}

/// The sizes that are measured. Batches of large pictures are for real GPUs: a software adapter takes minutes for them.
fn sizes(is_hardware: bool) -> Vec<Size> {
    let mut sizes = vec![BASE];
    sizes.extend([112, 224].map(|side| Size { side, ..BASE }));
    sizes.extend([1, 4, 8, 16].map(|bodies| Size { bodies, ..BASE }));
    sizes.extend([17, 59].map(|joints| Size { joints, ..BASE }));
    let side = if is_hardware { BASE.side } else { 112 };
    sizes.extend([8, 32].map(|clips| Size { clips, side, ..BASE }));
    sizes
}

fn main() -> Result<()> {
    if memory::is_child() {
        return memory::child();
    }
    let measure = timing::is_measured();
    let mut criterion = timing::criterion(Duration::from_millis(1500));
    let gpu = pollster::block_on(GpuEngine::request(&AdapterChoice::default()));
    let gpu = gpu.inspect_err(|error| eprintln!("no GPU is measured: {error}")).ok();
    let is_hardware = gpu.as_ref().is_some_and(|gpu| gpu.adapter().device_type != wgpu::DeviceType::Cpu);
    let mut report = Report::new(gpu.as_ref());
    for size in if measure { sizes(is_hardware) } else { vec![Size { side: 32, ..BASE }] } {
        let scene = Scene::new(size)?;
        let frames = CpuEngine.forward(scene.drawn())?;
        if let Some(gpu) = &gpu {
            let resident = Resident::new(gpu, scene.drawn());
            sample(&mut criterion, &mut report, "gpu", &scene, |direction| resident.run(direction))?;
        }
        sample(&mut criterion, &mut report, "cpu", &scene, |direction| on_cpu(&scene, &frames, direction))?;
        if size == BASE {
            passes_of(gpu.as_ref(), &scene, &frames, &mut report)?;
        }
    }
    criterion.final_summary();
    if measure { report.write() } else { Ok(()) }
}

fn on_cpu(scene: &Scene, frames: &[f32], direction: Direction) -> Result<()> {
    let drawn = scene.drawn();
    if direction != Direction::Backward {
        std::hint::black_box(CpuEngine.forward(drawn)?);
    }
    if direction != Direction::Forward {
        std::hint::black_box(CpuEngine.backward(drawn, frames, frames)?);
    }
    Ok(())
}

/// Each pass by itself, the fastest of ten.
fn passes_of(gpu: Option<&GpuEngine>, scene: &Scene, frames: &[f32], report: &mut Report) -> Result<()> {
    let drawn = scene.drawn();
    for direction in [Direction::Forward, Direction::Backward] {
        let (list, upstream) = match direction {
            Direction::Forward => (passes::forward(&drawn.dims), None),
            _ => (passes::backward(&drawn.dims), Some((frames, frames))),
        };
        if let Some(gpu) = gpu {
            let mut best = gpu.time(drawn, &list, upstream, &[])?.0;
            for _ in 0..9 {
                best = best.faster(&gpu.time(drawn, &list, upstream, &[])?.0);
            }
            report.passes("gpu", &best);
        }
        let mut best = CpuEngine.time(drawn, &list, upstream, &[])?.0;
        for _ in 0..9 {
            best = best.faster(&CpuEngine.time(drawn, &list, upstream, &[])?.0);
        }
        report.passes("cpu", &best);
    }
    Ok(())
}

/// Measures all directions of one size; the report gets the medians of those that the command line did not filter out.
fn sample(
    criterion: &mut Criterion,
    report: &mut Report,
    engine: &'static str,
    scene: &Scene,
    run: impl Fn(Direction) -> Result<()>,
) -> Result<()> {
    let size = scene.size();
    for direction in Direction::ALL {
        let mut group = criterion.benchmark_group(format!("{engine} {}", direction.name()));
        group.throughput(Throughput::Elements(size.clips as u64));
        let mut times = Vec::new();
        run(direction)?;
        group.bench_function(BenchmarkId::from_parameter(size.name()), |bencher| {
            bencher.iter_custom(|count| {
                let start = Instant::now();
                for _ in 0..count {
                    run(direction).expect("it ran before");
                }
                let time = start.elapsed();
                times.push(time.as_secs_f64() / count as f64);
                time
            });
        });
        group.finish();
        times.sort_by(f64::total_cmp);
        if let Some(&seconds) = times.get(times.len() / 2) {
            report.row(Row::new(engine, direction, scene, seconds)?);
        }
    }
    Ok(())
}
