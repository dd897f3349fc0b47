//! CTR-GCN on the CPU: clips a second of 64 frames, 25 joints and two bodies, sixteen at a time, in evaluation and in a
//! whole training step. `cargo xtask bench` adds it to RESULTS.md.

use std::{fmt::Write, time::Duration};

use anyhow::Result;
use burn::tensor::{Device, Distribution, Tensor};
use draction::motion::Layout;
use skeletonllm::graph_recogniser::{GraphNetworks, WeightedStream};
use skeletonllm_data::streams::Stream;
use skeletonllm_network::{
    graph::{CtrGcn, GraphConfig, PUBLISHED_WIDTH, Pass},
    tensors::host,
};
use skeletonllm_tests::timing::{self, median};
use skeletonllm_train::{
    AdamW, Average, Ranks, Recipe, Schedule, Trainer,
    mmcl::{MmclConfig, MmclLearner, StreamBatch},
};

const CLIPS: usize = 16;

fn main() -> Result<()> {
    let mut criterion = timing::criterion(Duration::from_secs(5));
    let selected = skeletonllm_network::device::cpu()?;
    let config =
        GraphConfig { classes: 60, joints: 25, bodies: 2, edges: Layout::Ntu25.bones(), width: PUBLISHED_WIDTH };
    let shape = [CLIPS, 3, 64, 25, 2];
    let clips = Tensor::<5>::random(shape, Distribution::Normal(0.0, 1.0), &selected.device);
    let evaluated = CtrGcn::new(&config, &selected.device)?.fresh(1);

    let evaluation = median(&mut criterion, "evaluation", || {
        let scores = evaluated.forward(clips.clone(), &mut Pass::evaluation());
        std::hint::black_box(scores.into_data());
    });

    let settings = MmclConfig::default();
    let device: Device = selected.device.clone().autodiff();
    let networks = GraphNetworks { streams: vec![CtrGcn::new(&config, &device)?.fresh(1)] };
    let mean = burn::module::Module::valid(&networks);
    let streams = [WeightedStream { stream: Stream::Joint, weight: 1.0 }];
    let mut trainer = Trainer {
        learner: MmclLearner::new(networks, None, &streams),
        average: Average::new(mean, 0.0),
        optimizer: AdamW::new(settings.optimizer()),
        stage: settings.stages[0].clone(),
        schedule: Schedule::Falls { per_epoch: 1, warmup: 0, falls: Vec::new() },
    };
    let numbers = host(clips);
    let labels = (0..CLIPS as i64).collect();
    let batch = [StreamBatch { clips: numbers, shape, labels, pictures: None, texts: None }];
    let training = median(&mut criterion, "training step", || {
        trainer.step(&batch, 1, Ranks::alone(), 0).expect("a batch that can be shown");
    });
    criterion.final_summary();
    let (true, Some(evaluation), Some(training)) = (timing::is_measured(), evaluation, training) else { return Ok(()) };

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
    timing::write(env!("CARGO_TARGET_TMPDIR"), "graph.md", &table).map(drop)
}
