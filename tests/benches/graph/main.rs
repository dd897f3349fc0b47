//! CTR-GCN on the CPU: clips a second of 64 frames, 25 joints and two bodies, sixteen at a time, in evaluation and in a
//! whole training step. `cargo xtask bench` adds it to RESULTS.md.

use std::{
    fmt::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::Criterion;
use draction::motion::Layout;
use skeletonllm::graph_recogniser::{GraphNetworks, WeightedStream};
use skeletonllm_data::streams::Stream;
use skeletonllm_network::{
    graph::{CtrGcn, GraphConfig, Pass},
    tensors::host,
};
use skeletonllm_train::{
    AdamW, Average, Recipe, Schedule, Trainer,
    mmcl::{MmclConfig, StreamBatch, Student},
};

const CLIPS: usize = 16;

fn main() -> Result<()> {
    // `cargo test --benches` asks only whether it runs
    let measure = std::env::args().any(|arg| arg == "--bench");
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(5))
        .configure_from_args();
    let selected = skeletonllm_network::device::cpu()?;
    let config = GraphConfig { classes: 60, joints: 25, bodies: 2, edges: Layout::Ntu25.bones() };
    let shape = [CLIPS, 3, 64, 25, 2];
    let clips = Tensor::<5>::random(shape, Distribution::Normal(0.0, 1.0), &selected.device);
    let evaluated = CtrGcn::new(&config, &selected.device)?.fresh(1);

    let mut times = Vec::new();
    measured(&mut criterion, "evaluation", &mut times, || {
        let scores = evaluated.forward(clips.clone(), &mut Pass::evaluation());
        std::hint::black_box(scores.into_data());
    });
    let evaluation = median(&mut times);

    let settings = MmclConfig::default();
    let device: Device = selected.device.clone().autodiff();
    let networks = GraphNetworks { streams: vec![CtrGcn::new(&config, &device)?.fresh(1)] };
    let mean = burn::module::Module::valid(&networks);
    let streams = [WeightedStream { stream: Stream::Joint, weight: 1.0 }];
    let mut trainer = Trainer {
        learner: Student::new(networks, None, &streams),
        average: Average::new(mean, 0.0),
        optimizer: AdamW::new(settings.optimizer()),
        stage: settings.stages[0].clone(),
        schedule: Schedule::Falls { per_epoch: 1, warmup: 0, falls: Vec::new() },
    };
    let numbers = host(clips);
    let labels = (0..CLIPS as i64).collect();
    let batch = [StreamBatch { clips: numbers, shape, labels, pictures: None, texts: None }];
    let mut times = Vec::new();
    measured(&mut criterion, "training step", &mut times, || {
        trainer.step(&batch, 0).expect("a batch that can be shown");
    });
    let training = median(&mut times);
    criterion.final_summary();
    let (true, Some(evaluation), Some(training)) = (measure, evaluation, training) else { return Ok(()) };

    let mut table = String::new();
    let speed = |seconds: f64| CLIPS as f64 / seconds;
    writeln!(
        table,
        "\n## Graph network\n\nCTR-GCN, 64 frames, 25 joints, two bodies, {CLIPS} clips at a time, {}.\n\n\
         | | clips a second |\n| --- | ---: |\n| evaluation | {:.1} |\n| training step | {:.1} |",
        selected.name,
        speed(evaluation),
        speed(training)
    )?;
    println!("{table}");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join("graph.md");
    std::fs::write(&path, table).with_context(|| format!("cannot write {}", path.display()))
}

fn measured(criterion: &mut Criterion, name: &str, times: &mut Vec<f64>, mut work: impl FnMut()) {
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let start = Instant::now();
            (0..count).for_each(|_| work());
            times.push(start.elapsed().as_secs_f64() / count as f64);
            start.elapsed()
        });
    });
}

/// Seconds.
fn median(times: &mut [f64]) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}
