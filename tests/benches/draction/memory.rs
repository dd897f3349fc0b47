//! How much memory a process takes that draws and differentiates: measured in processes that do nothing else.

use std::process::Command;

use anyhow::{Context, Result, bail};
use draction::{
    engine::{cpu::CpuEngine, gpu::GpuEngine},
    gpu::AdapterChoice,
};

use skeletonllm_tests::memory;

use crate::{BASE, Direction, gpu::Resident, scene::Scene};

/// Set in such a process to the engine that it uses.
const VARIABLE: &str = "DRACTION_BENCH_MEMORY";

/// Whether this process is one of them.
pub fn is_child() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Draws and differentiates [`BASE`] a few times, then prints the most memory that the process held.
pub fn child() -> Result<()> {
    let scene = Scene::new(BASE)?;
    match std::env::var(VARIABLE)?.as_str() {
        "gpu" => {
            let engine = pollster::block_on(GpuEngine::request(&AdapterChoice::default()))?;
            let resident = Resident::new(&engine, scene.drawn());
            for _ in 0..3 {
                resident.run(Direction::Both)?;
            }
        }
        "cpu" => {
            for _ in 0..3 {
                let frames = CpuEngine.forward(scene.drawn())?;
                CpuEngine.backward(scene.drawn(), &frames, &frames)?;
            }
        }
        other => bail!("{VARIABLE} is {other:?}, not gpu or cpu"),
    }
    println!("{}", memory::peak().context("the kernel counts no peak")?);
    Ok(())
}

/// The peak of a process that uses `engine`, in bytes; `None` where the system does not tell.
pub fn peak(engine: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).env(VARIABLE, engine).output().ok()?;
    let bytes: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    output.status.success().then_some(bytes)
}
