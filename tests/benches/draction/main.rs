//! How fast DrAction draws and how fast its gradients come, by size, people, batch and skeleton.
//!
//! `cargo xtask bench` runs it and writes `tests/benches/RESULTS.md`. Times of whole renderings are criterion's, from
//! joints on the device to pictures or gradients on the device: nothing is uploaded or read back in between. Times of
//! passes are those of the workbench, each pass by itself.

mod gpu;
mod report;
mod scene;

use std::time::{Duration, Instant};

use anyhow::Result;
use criterion::{BenchmarkId, Criterion, Throughput};
use draction::{
    engine::{
        cpu::CpuEngine,
        gpu::{AdapterChoice, GpuEngine},
    },
    passes::{self, Pass},
};

use gpu::Resident;
use report::{Report, Row};
use scene::{Scene, Size};

/// What the others differ from in one thing: the size of the paper's pictures, two people, NTU's joints.
const BASE: Size = Size { side: 448, bodies: 2, clips: 1, joints: 25 };

fn sizes() -> Vec<Size> {
    let mut sizes = vec![BASE];
    sizes.extend([112, 224].map(|side| Size { side, ..BASE }));
    sizes.extend([1, 4, 8, 16].map(|bodies| Size { bodies, ..BASE }));
    sizes.extend([17, 59].map(|joints| Size { joints, ..BASE }));
    // batches are for training, whose pictures are small
    sizes.extend([8, 32].map(|clips| Size { clips, side: 112, ..BASE }));
    sizes
}

fn main() -> Result<()> {
    // `cargo test --benches` asks only whether it runs
    let measure = std::env::args().any(|arg| arg == "--bench");
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .configure_from_args();
    let gpu = pollster::block_on(GpuEngine::request(&AdapterChoice::default()));
    let gpu = gpu.inspect_err(|error| eprintln!("no GPU is measured: {error}")).ok();
    let mut report = Report::new(gpu.as_ref());
    for size in if measure { sizes() } else { vec![Size { side: 32, ..BASE }] } {
        let scene = Scene::new(size)?;
        if let Some(gpu) = &gpu {
            on_gpu(&mut criterion, gpu, size, &scene, &mut report)?;
        }
        on_cpu(&mut criterion, size, &scene, &mut report)?;
    }
    criterion.final_summary();
    if measure { report.write() } else { Ok(()) }
}

fn on_gpu(criterion: &mut Criterion, engine: &GpuEngine, size: Size, scene: &Scene, report: &mut Report) -> Result<()> {
    let resident = Resident::new(engine, &scene.inputs())?;
    resident.forward()?;
    let forward = sample(criterion, "gpu", "forward", size, || resident.forward())?;
    report.row(Row::new("gpu", "forward", size, forward, report::bytes_moved(&scene.inputs().dims, "forward")));
    resident.backward()?;
    let backward = sample(criterion, "gpu", "backward", size, || resident.backward())?;
    report.row(Row::new("gpu", "backward", size, backward, report::bytes_moved(&scene.inputs().dims, "backward")));
    if size == BASE {
        let (inputs, frames) = (scene.inputs(), engine.forward(&scene.inputs())?);
        for (list, upstream) in steps(&inputs.dims, &frames) {
            let mut best = engine.time(&inputs, &list, upstream, &[])?.0;
            for _ in 0..9 {
                best = best.faster(&engine.time(&inputs, &list, upstream, &[])?.0);
            }
            report.passes("gpu", &best);
        }
    }
    Ok(())
}

fn on_cpu(criterion: &mut Criterion, size: Size, scene: &Scene, report: &mut Report) -> Result<()> {
    let inputs = scene.inputs();
    let frames = CpuEngine.forward(&inputs)?;
    let forward = sample(criterion, "cpu", "forward", size, || Ok(CpuEngine.forward(&inputs).map(drop)?))?;
    report.row(Row::new("cpu", "forward", size, forward, report::bytes_moved(&inputs.dims, "forward")));
    let backward =
        sample(criterion, "cpu", "backward", size, || Ok(CpuEngine.backward(&inputs, &frames, &frames).map(drop)?))?;
    report.row(Row::new("cpu", "backward", size, backward, report::bytes_moved(&inputs.dims, "backward")));
    if size == BASE {
        for (list, upstream) in steps(&inputs.dims, &frames) {
            let mut best = CpuEngine.time(&inputs, &list, upstream, &[])?.0;
            for _ in 0..9 {
                best = best.faster(&CpuEngine.time(&inputs, &list, upstream, &[])?.0);
            }
            report.passes("cpu", &best);
        }
    }
    Ok(())
}

/// The passes of both directions, those that both share only once, and what they need.
fn steps<'a>(dims: &passes::Dims, frames: &'a [f32]) -> [(Vec<Pass>, Option<(&'a [f32], &'a [f32])>); 2] {
    [(passes::forward(dims), None), (passes::backward(dims), Some((frames, frames)))]
}

/// Measures and returns the median in seconds.
fn sample(
    criterion: &mut Criterion,
    engine: &str,
    direction: &str,
    size: Size,
    mut run: impl FnMut() -> Result<()>,
) -> Result<f64> {
    let mut group = criterion.benchmark_group(format!("{engine} {direction}"));
    group.throughput(Throughput::Elements(size.clips as u64));
    let mut times = Vec::new();
    group.bench_function(BenchmarkId::from_parameter(size.name()), |bencher| {
        bencher.iter_custom(|count| {
            let start = Instant::now();
            for _ in 0..count {
                run().expect("it ran before");
            }
            let time = start.elapsed();
            times.push(time.as_secs_f64() / count as f64);
            time
        });
    });
    group.finish();
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or(f64::NAN))
}
