//! Measured times as JSON, and as the tables and the curve of RESULTS.md.

use std::{fmt::Write, path::Path};

use anyhow::Result;
use draction::{engine::gpu::GpuEngine, gpu::Timing, passes::Dims};
use serde_json::{Value, json};
use skeletonllm_tests::{gpu::copy_bandwidth, timing};
use skeletonllm_train::plot::{Curve, curves};

use crate::{
    BASE, Direction, memory,
    scene::{Scene, Size},
};

/// One measured rendering.
pub struct Row {
    engine: &'static str,
    direction: Direction,
    size: Size,
    /// Median.
    seconds: f64,
    /// See [`bytes_moved`].
    bytes: f64,
    /// See [`Scene::covered`].
    covered: f64,
}

impl Row {
    /// # Errors
    /// The engine's.
    pub fn new(engine: &'static str, direction: Direction, scene: &Scene, seconds: f64) -> Result<Row> {
        let bytes = bytes_moved(&scene.drawn().dims, direction);
        Ok(Row { engine, direction, size: scene.size(), seconds, bytes, covered: scene.covered()? })
    }
}

/// Bytes that any implementation has to move: inputs read and pictures written; for the backward inputs, pictures and
/// their gradient read and gradients written.
fn bytes_moved(d: &Dims, direction: Direction) -> f64 {
    let pictures = d.frame_count() * d.width * d.height * 12;
    let inputs = d.frame_count() * d.bodies * d.joints * 24 + d.gaussians * (16 + d.joints + 3) * 4;
    let times = match direction {
        Direction::Forward => 1,
        Direction::Backward => 2,
        Direction::Both => 3,
    };
    (times * (pictures + inputs)) as f64
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
        for time in &timing.kernels {
            let name = time.kernel;
            if !self.passes.iter().any(|(e, n, _)| (*e, *n) == (engine, name)) {
                self.passes.push((engine, name, time.time.as_secs_f64()));
            }
        }
    }

    /// Prints the tables and writes them beside the JSON and the curve: `bench/draction.{md,json,png}` in the target
    /// folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self) -> Result<()> {
        let peaks = ["gpu", "cpu"].map(|engine| (engine, memory::peak(engine)));
        let text = [self.renderings(), memory_table(&peaks), self.growth(), self.pass_table()].concat();
        println!("\n{text}");
        let json = serde_json::to_string_pretty(&self.json(&peaks))?;
        let folder = env!("CARGO_TARGET_TMPDIR");
        timing::write(folder, "draction.json", &json)?;
        self.draw(&timing::write(folder, "draction.md", &text)?.with_extension("png"))
    }

    fn bandwidth(&self, engine: &str) -> f64 {
        self.bandwidth.iter().find(|(e, _)| *e == engine).map_or(f64::NAN, |(_, b)| *b)
    }

    fn renderings(&self) -> String {
        let mut out = format!("# DrAction's times\n\nMeasured by `cargo xtask bench` on {}.\n\n", self.device);
        for (engine, bandwidth) in self.bandwidth.iter().filter(|(_, b)| b.is_finite()) {
            let _ = writeln!(out, "A copy moves {:.1} GB/s ({engine}), reading and writing counted.", bandwidth / 1e9);
        }
        out += "\nTwelve frames a clip; median times of whole renderings, everything on the device; bytes are those that \
                any\nimplementation has to move.\n\n\
                | Rendering | Engine | Direction | ms | clips/s | MB | of a copy's speed |\n\
                | --- | --- | --- | ---: | ---: | ---: | ---: |\n";
        for row in &self.rows {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {:.2} | {:.1} | {:.1} | {:.1} % |",
                row.size.name(),
                row.engine,
                row.direction.name(),
                row.seconds * 1e3,
                row.size.clips as f64 / row.seconds,
                row.bytes / 1e6,
                row.bytes / row.seconds / self.bandwidth(row.engine) * 100.0
            );
        }
        out
    }

    /// The renderings of [`BASE`] with more and more people.
    fn crowds(&self, engine: &str, direction: Direction) -> Vec<&Row> {
        let alike = |row: &&Row| {
            row.engine == engine && row.direction == direction && Size { bodies: BASE.bodies, ..row.size } == BASE
        };
        let mut rows: Vec<&Row> = self.rows.iter().filter(alike).collect();
        rows.sort_by_key(|row| row.size.bodies);
        rows
    }

    fn growth(&self) -> String {
        let mut out = String::from(
            "\n## Growth\n\nWork grows with the pixels that Gaussians cover, each counted as often as it is covered, and \
             not with\npixels times Gaussians. Forward and backward together.\n\n\
             | People | covered, millions | engine | ms | ns a covered pixel |\n| ---: | ---: | --- | ---: | ---: |\n",
        );
        for row in ["gpu", "cpu"].iter().flat_map(|engine| self.crowds(engine, Direction::Both)) {
            let _ = writeln!(
                out,
                "| {} | {:.2} | {} | {:.1} | {:.1} |",
                row.size.bodies,
                row.covered / 1e6,
                row.engine,
                row.seconds * 1e3,
                row.seconds / row.covered * 1e9
            );
        }
        out + "\n![time over covered pixels](growth.png)\n"
    }

    fn draw(&self, path: &Path) -> Result<()> {
        let lines = ["gpu", "cpu"].into_iter().flat_map(|engine| {
            [Direction::Forward, Direction::Backward].map(|direction| {
                let rows = self.crowds(engine, direction);
                let points = rows.iter().map(|row| (row.covered / 1e6, row.seconds * 1e3));
                let start = std::iter::once((0.0, f64::NAN));
                (format!("{engine} {}, ms", direction.name()), start.chain(points).collect::<Vec<_>>())
            })
        });
        let lines: Vec<_> = lines.filter(|(_, points)| points.len() > 2).collect();
        let lines: Vec<_> = lines.iter().map(|(name, points)| Curve { name, points: points.clone() }).collect();
        curves(path, "millions of covered pixels, 1 to 16 people", &lines)
    }

    fn pass_table(&self) -> String {
        let mut out = format!("\n## Passes\n\n{}, each pass by itself, the fastest of ten.\n\n", BASE.name())
            + "| Pass | gpu ms | cpu ms |\n| --- | ---: | ---: |\n";
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

    fn json(&self, peaks: &[(&str, Option<f64>)]) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "engine": row.engine, "direction": row.direction.name(), "side": row.size.side,
                "bodies": row.size.bodies, "clips": row.size.clips, "joints": row.size.joints,
                "seconds": row.seconds, "bytes": row.bytes, "covered_pixels": row.covered,
                "of_copy": row.bytes / row.seconds / self.bandwidth(row.engine),
            })
        });
        let passes = self.passes.iter().map(|(e, n, s)| json!({ "engine": e, "pass": n, "seconds": s }));
        json!({
            "device": self.device,
            "copy_bytes_per_second": { "gpu": self.bandwidth("gpu"), "cpu": self.bandwidth("cpu") },
            "peak_bytes": peaks.iter().map(|(e, bytes)| json!({ "engine": e, "bytes": bytes })).collect::<Vec<_>>(),
            "renderings": rows.collect::<Vec<_>>(),
            "passes": passes.collect::<Vec<_>>(),
        })
    }
}

fn memory_table(peaks: &[(&str, Option<f64>)]) -> String {
    let mut out = format!(
        "\n## Memory\n\nThe most that a process held which did nothing but {}, forward and backward:\n",
        BASE.name()
    );
    for (engine, bytes) in peaks {
        let _ = match bytes {
            Some(bytes) => write!(out, "{:.0} MB ({engine})", bytes / 1e6),
            None => write!(out, "not known ({engine})"),
        };
        out += if engine == &peaks[peaks.len() - 1].0 { ".\n" } else { ", " };
    }
    out
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
