//! Every reader, against damaged files: seconds where somebody runs a test, a minute in the test command, which says so in
//! `SKELETONLLM_FUZZ_SECONDS`.

use std::time::Duration;

use skeletonllm_fuzz::{TARGETS, folder, fuzz};

/// What everybody runs, all the time.
const SECONDS: u64 = 2;

fn attack(name: &str) {
    let seconds = std::env::var("SKELETONLLM_FUZZ_SECONDS").ok().map(|s| s.parse().expect("a number of seconds"));
    let target = TARGETS.iter().find(|target| target.name == name).expect("a reader");
    match fuzz(target, 1, Duration::from_secs(seconds.unwrap_or(SECONDS)), &folder()).expect("threads and files") {
        Ok(report) => {
            println!("{name}: {report:?}");
            // it reaches the insides, which an archive's checks guard best, and does not go round in a circle
            assert!(report.read * 100 > report.inputs && report.kinds > 10, "{report:?}");
        }
        Err(failure) => panic!("{failure}"),
    }
}

macro_rules! readers {
    ($($name:ident)*) => {
        $(#[test] fn $name() { attack(stringify!($name)); })*

        #[test]
        fn no_reader_is_forgotten() {
            let tested = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.name).eq(tested));
        }
    };
}

readers! { bvh gltf acclaim ntu pku msr humanml3d keypoints npy npz anything }
