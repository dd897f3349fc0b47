//! Runs of several processes under `mpirun`, as a user starts them.

#[cfg(all(feature = "mpi", target_os = "linux"))]
#[path = "common/mpirun.rs"]
mod mpirun;

#[cfg(not(all(feature = "mpi", target_os = "linux")))]
#[test]
fn several_processes() {
    let why = "built without `--features mpi`, which takes Linux and the packages openmpi-bin, libopenmpi-dev and libclang-dev";
    assert!(skeletonllm_checks::have::<()>(skeletonllm_checks::Need::Mpi, Err(why)).is_none());
}
