//! Measured times as JSON and as the table of RESULTS.md.

use std::{fmt::Write, path::PathBuf};

use anyhow::{Context, Result};
use draction::{
    engine::{gpu::GpuEngine, timing::Timing},
    passes::Dims,
};
use serde_json::{Value, json};

use crate::{gpu::copy_bandwidth, scene::Size};

/// One measured rendering.
pub struct Row {
    engine: &'static str,
    direction: &'static str,
    size: Size,
    /// Median.
    seconds: f64,
    /// See [`bytes_moved`].
    bytes: f64,
}

impl Row {
    pub fn new(engine: &'static str, direction: &'static str, size: Size, seconds: f64, bytes: f64) -> Row {
        Row { engine, direction, size, seconds, bytes }
    }
}

/// Bytes that any implementation has to move: inputs read and pictures written; for the backward inputs, pictures and
/// their gradient read and gradients written.
pub fn bytes_moved(d: &Dims, direction: &str) -> f64 {
    let pictures = d.frame_count() * d.width * d.height * 12;
    let inputs = d.frame_count() * d.bodies * d.joints * 24 + d.gaussians * (16 + d.joints + 3) * 4;
    (if direction == "forward" { pictures + inputs } else { 2 * pictures + 2 * inputs }) as f64
}

/// Everything that was measured.
pub struct Report {
    device: String,
    /// Bytes a second that a copy reaches, by engine.
    bandwidth: [(&'static str, f64); 2],
    rows: Vec<Row>,
    /// Engine, pass, seconds.
    passes: Vec<(&'static str, &'static str, f64)>,
}

impl Report {
    pub fn new(gpu: Option<&GpuEngine>) -> Report {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let host = format!("{} cores, {}", cores, std::env::consts::ARCH);
        let device = match gpu {
            Some(gpu) => format!("{} ({}); CPU engine on {host}", gpu.adapter().name, gpu.adapter().backend),
            None => format!("no GPU; CPU engine on {host}"),
        };
        let of_gpu = gpu.and_then(|gpu| copy_bandwidth(gpu).ok()).unwrap_or(f64::NAN);
        Report { device, bandwidth: [("gpu", of_gpu), ("cpu", host_bandwidth())], rows: Vec::new(), passes: Vec::new() }
    }

    pub fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds the passes that are not known yet: both directions begin with the same ones.
    pub fn passes(&mut self, engine: &'static str, timing: &Timing) {
        for time in &timing.passes {
            let name = time.pass.name();
            if !self.passes.iter().any(|(e, n, _)| (*e, *n) == (engine, name)) {
                self.passes.push((engine, name, time.time.as_secs_f64()));
            }
        }
    }

    /// Prints the table and writes it beside the JSON: `bench/draction.md` and `.json` in the target folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self) -> Result<()> {
        let table = self.table();
        println!("\n{table}");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../bench");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for (name, text) in [("draction.md", table), ("draction.json", serde_json::to_string_pretty(&self.json())?)] {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }

    fn bandwidth(&self, engine: &str) -> f64 {
        self.bandwidth.iter().find(|(e, _)| *e == engine).map_or(f64::NAN, |(_, b)| *b)
    }

    fn table(&self) -> String {
        let mut out = format!("# DrAction's times\n\nMeasured by `cargo xtask bench` on {}.\n\n", self.device);
        for (engine, bandwidth) in self.bandwidth.iter().filter(|(_, b)| b.is_finite()) {
            let _ = writeln!(out, "A copy moves {:.1} GB/s ({engine}), reading and writing counted.", bandwidth / 1e9);
        }
        out += "\nTwelve frames a clip; median times of whole renderings, everything on the device; bytes are those that \
                any\nimplementation has to move.\n\n\
                | Rendering | Engine | Direction | ms | clips/s | MB | of a copy's speed |\n\
                | --- | --- | --- | ---: | ---: | ---: | ---: |\n";
        for row in &self.rows {
            let share = row.bytes / row.seconds / self.bandwidth(row.engine) * 100.0;
            let _ = writeln!(
                out,
                "| {} | {} | {} | {:.2} | {:.1} | {:.1} | {share:.1} % |",
                row.size.name(),
                row.engine,
                row.direction,
                row.seconds * 1e3,
                row.size.clips as f64 / row.seconds,
                row.bytes / 1e6,
            );
        }
        let base = self.rows.first().map(|row| row.size.name()).unwrap_or_default();
        let _ = write!(
            out,
            "\n## Passes\n\n{base}, each pass by itself, the fastest of ten.\n\n| Pass | gpu ms | cpu ms |\n| --- | ---: | ---: |\n"
        );
        let mut names: Vec<&str> = Vec::new();
        for (_, name, _) in &self.passes {
            if !names.contains(name) {
                names.push(name);
            }
        }
        for name in names {
            let time = |engine: &str| {
                let found = self.passes.iter().find(|(e, n, _)| (*e, *n) == (engine, name));
                found.map_or("–".to_owned(), |(.., seconds)| format!("{:.2}", seconds * 1e3))
            };
            let _ = writeln!(out, "| `{name}` | {} | {} |", time("gpu"), time("cpu"));
        }
        out
    }

    fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "engine": row.engine, "direction": row.direction, "side": row.size.side, "bodies": row.size.bodies,
                "clips": row.size.clips, "joints": row.size.joints, "seconds": row.seconds, "bytes": row.bytes,
                "of_copy": row.bytes / row.seconds / self.bandwidth(row.engine),
            })
        });
        let passes = self.passes.iter().map(|(e, n, s)| json!({ "engine": e, "pass": n, "seconds": s }));
        json!({
            "device": self.device,
            "copy_bytes_per_second": { "gpu": self.bandwidth("gpu"), "cpu": self.bandwidth("cpu") },
            "renderings": rows.collect::<Vec<_>>(),
            "passes": passes.collect::<Vec<_>>(),
        })
    }
}

fn host_bandwidth() -> f64 {
    let from = vec![1.0_f32; 16 << 20];
    let mut to = vec![0.0_f32; from.len()];
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = std::time::Instant::now();
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
        best = best.min(start.elapsed().as_secs_f64());
    }
    2.0 * 4.0 * from.len() as f64 / best
}
