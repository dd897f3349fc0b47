//! Runs of several processes, here threads that hand each other bytes: the same as one process, and the same each time.

#[path = "common/several.rs"]
mod several;

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::AtomicBool,
        mpsc::{Receiver, Sender, channel},
    },
};

use anyhow::{Context, Result};
use several::{data, losses, same, tiny};
use skeletonllm_checks::case;
use skeletonllm_network::{
    checkpoint::{self, TensorMap},
    device::cpu,
};
use skeletonllm_train::{
    Ranks, Recipe, RunOptions, TrainConfig, Transport,
    mmcl::{self, MmclConfig},
    run,
    s2i::{self, S2iConfig},
    sugar::{self, SugarConfig},
};

/// A thread among others, with a way to and from each.
struct Thread {
    rank: usize,
    to: Vec<Mutex<Sender<Vec<u8>>>>,
    from: Vec<Mutex<Receiver<Vec<u8>>>>,
}

impl Thread {
    fn several(size: usize) -> Vec<Thread> {
        let mut threads: Vec<_> = (0..size).map(|rank| Thread { rank, to: Vec::new(), from: Vec::new() }).collect();
        for from in 0..size {
            for to in 0..size {
                let (sender, receiver) = channel();
                threads[from].to.push(Mutex::new(sender));
                threads[to].from.push(Mutex::new(receiver));
            }
        }
        threads
    }
}

impl Transport for Thread {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn host(&self) -> String {
        format!("thread-{}", self.rank)
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        for to in &self.to {
            to.lock().unwrap().send(own.to_vec()).context("somebody has ended")?;
        }
        self.from.iter().map(|from| from.lock().unwrap().recv().context("somebody has ended")).collect()
    }

    fn abort(&self) -> ! {
        panic!("rank {} ends all", self.rank)
    }
}

/// Does something on so many threads at once; what came of it, by rank.
fn together<T: Send>(size: usize, work: impl Fn(&Ranks) -> Result<T> + Sync) -> Vec<Result<T>> {
    let work = &work;
    std::thread::scope(|scope| {
        let start = |thread| scope.spawn(move || work(&Ranks::of(Box::new(thread))?));
        let threads: Vec<_> = Thread::several(size).into_iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// A run of so many processes, from the start or on from where it stopped, ended after so many steps in all.
fn train<R: Recipe>(
    size: usize,
    run: fn(RunOptions<'_, R>) -> Result<()>,
    config: &R,
    (data, out): (&Path, &Path),
    resume: bool,
    max_steps: Option<u64>,
) {
    let stop = AtomicBool::new(false);
    let one = |ranks: &Ranks| {
        let options = RunOptions::new(vec![data.into()], out.into(), config.clone(), cpu()?, &stop);
        run(RunOptions { ranks, resume, quiet: true, max_steps, ..options })
    };
    match size {
        1 => one(Ranks::alone()).unwrap(),
        _ => together(size, one).into_iter().for_each(Result::unwrap),
    }
}

fn weights(file: &Path) -> TensorMap {
    checkpoint::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// How far the weights of two runs are apart, as a share of how far those of the second one came from `start`.
fn moved_apart(a: &Path, b: &Path, start: &Path) -> f64 {
    let [a, b, start] = [a, b, start].map(weights);
    let distance = |a: &TensorMap, b: &TensorMap| -> f64 {
        let squares = a.iter().flat_map(|(name, a)| a.values.iter().zip(&b[name].values));
        squares.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    distance(&a, &b) / distance(&start, &b)
}

/// Runs of one, two and three processes are the same within rounding, and two are the same each time.
fn equal<R: Recipe>(run: fn(RunOptions<'_, R>) -> Result<()>, config: &R, file: &str) {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let outs = ["one", "two", "again", "three"].map(|name| folder.path().join(name));
    for (out, size) in outs.iter().zip([1, 2, 2, 3]) {
        train(size, run, config, (&set, out), false, None);
    }
    let [one, two, again, three] = &outs;
    for out in [two, three] {
        same(out, one);
        assert_eq!(losses(out).len(), losses(one).len());
        let [a, b, start] = [out.join("model"), one.join("model"), one.join("start")].map(|model| model.join(file));
        let moved = moved_apart(&a, &b, &start);
        assert!(moved < 1e-2, "weights of {} are {moved} apart", out.display());
        let validation = |out: &Path| fs::read_to_string(out.join("validation.csv")).unwrap();
        assert_eq!(validation(out), validation(one));
    }
    assert_eq!(losses(two), losses(again));
    let bytes = |out: &Path| fs::read(out.join("model").join(file)).unwrap();
    assert!(bytes(two) == bytes(again), "the same bits each time");
}

#[test]
fn skeletonllm_learns_the_same_however_many_share_a_batch() {
    equal(run, &tiny(2), "model.safetensors");
}

#[test]
fn s2i_learns_the_same_however_many_share_a_batch() {
    let config = r#"{
        "stages": [
            {"lesson": "pretrain", "epochs": 1, "learning_rate": 1e-3},
            {"lesson": "fine-tune", "epochs": 1, "learning_rate": 1e-3},
            {"lesson": "probe", "epochs": 1, "learning_rate": 1e-3}
        ],
        "s2i": {"image": 16, "patch": 4}, "batch": 5, "drop_path": 0.0
    }"#;
    let config: S2iConfig = serde_json::from_str(config).unwrap();
    equal(s2i::run, &config, "model.safetensors");
}

#[test]
fn graph_networks_learn_the_same_whoever_has_which_part() {
    let config = r#"{
        "stages": [{"stream": "joint", "epochs": 2, "learning_rate": 0.02}],
        "input": {"window": 8}, "batch": 6, "parts": 3
    }"#;
    let config: MmclConfig = serde_json::from_str(config).unwrap();
    equal(mmcl::run, &config, "joint.safetensors");
}

#[test]
fn sugar_learns_the_same_whoever_has_which_part() {
    let config = r#"{
        "stages": [{"epochs": 2, "learning_rate": 0.01}],
        "input": {"window": 8}, "batch": 6, "parts": 3, "average": 0.5
    }"#;
    let mut config: SugarConfig = serde_json::from_str(config).unwrap();
    config.text = Some(case("sentence-tiny"));
    equal(sugar::run, &config, "graph.safetensors");
}

#[test]
fn a_run_goes_on_with_another_number_of_processes() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let [whole, cut] = ["whole", "cut"].map(|name| folder.path().join(name));
    train(1, run, &tiny(2), (&set, &whole), false, None);
    train(2, run, &tiny(2), (&set, &cut), false, Some(1));
    assert!(cut.join("checkpoint/progress.json").exists() && !cut.join("model").exists());
    train(3, run, &TrainConfig::default(), (&set, &cut), true, Some(3));
    train(1, run, &TrainConfig::default(), (&set, &cut), true, None);
    same(&cut, &whole);
}

#[test]
fn a_new_run_has_a_part_for_each_and_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    let config = r#"{
        "stages": [{"stream": "joint", "epochs": 1, "learning_rate": 0.02}], "input": {"window": 8}, "batch": 4
    }"#;
    let mut config: MmclConfig = serde_json::from_str(config).unwrap();
    let [divided, told] = ["divided", "told"].map(|name| folder.path().join(name));
    train(2, mmcl::run, &config, (&set, &divided), false, Some(1));
    config.parts = 2;
    train(1, mmcl::run, &config, (&set, &told), false, None);
    // more than there is something to do for
    train(3, mmcl::run, &MmclConfig::default(), (&set, &divided), true, None);
    same(&divided, &told);
}

#[test]
fn whoever_is_asked_to_stop_stops_all() {
    let folder = tempfile::tempdir().unwrap();
    let (set, out) = (data(folder.path()), folder.path().join("out"));
    let stops = [false, true, false].map(AtomicBool::new);
    let ended = together(3, |ranks| {
        let options = RunOptions::new(vec![set.clone()], out.clone(), tiny(2), cpu()?, &stops[ranks.rank()]);
        run(RunOptions { ranks, quiet: true, ..options })
    });
    ended.into_iter().for_each(Result::unwrap);
    assert!(out.join("checkpoint/progress.json").exists() && !out.join("model").exists());
    assert!(losses(&out).is_empty());
}

#[test]
fn machines_that_compute_differently_are_named() {
    let told = together(3, |ranks| ranks.agree("the weights", u64::from(ranks.rank() == 2)));
    for told in told {
        let told = told.unwrap_err().to_string();
        assert!(told.contains("the weights of rank 2 on thread-2"), "{told}");
    }
    together(2, |ranks| ranks.agree("the weights", 7)).into_iter().for_each(Result::unwrap);
}

#[test]
fn sums_are_taken_in_the_order_of_ranks() {
    // in any other order the small one is lost, or the large ones are
    let numbers = [1e8_f32, -1e8, 1.0];
    let sums = together(3, |ranks| ranks.sums(&[2, 1], &mut |list| vec![numbers[ranks.rank()]; 2 - list]));
    for sums in sums {
        assert_eq!(sums.unwrap(), [vec![1.0, 1.0], vec![1.0]]);
    }
}
