//! What a run leaves to look at: a CSV of every step, and the curves as a picture.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use crate::plot::{self, Curve};

/// One optimiser step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRow {
    /// Steps before this one, over all stages.
    pub step: u64,
    /// Epoch within the stage, from 0.
    pub epoch: u64,
    /// Cross-entropy, nats a token.
    pub loss: f64,
    /// How far poses read off the pictures are from the truth, in body sizes.
    pub readout: f64,
    /// Norm of the gradient before clipping.
    pub gradient: f64,
    /// Learning rate.
    pub rate: f64,
    /// Clips a second.
    pub speed: f64,
}

const HEADER: &str = "step,epoch,loss,readout,gradient_norm,learning_rate,clips_per_second";
const VALIDATION_HEADER: &str = "step,validation_top1";

/// The files of a run: `loss.csv`, `validation.csv`, `loss.png`.
pub struct Report {
    folder: PathBuf,
    steps: File,
    losses: Vec<(f64, f64)>,
    validation: Vec<(f64, f64)>,
}

impl Report {
    /// Opens the files in `folder` and forgets what they say of `step` and later, which a resumed run will say again.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn open(folder: &Path, step: u64) -> std::io::Result<Report> {
        let losses = keep_before(&folder.join("loss.csv"), HEADER, step, 2)?;
        let validation = keep_before(&folder.join("validation.csv"), VALIDATION_HEADER, step + 1, 1)?;
        let steps = OpenOptions::new().append(true).open(folder.join("loss.csv"))?;
        Ok(Report { folder: folder.into(), steps, losses, validation })
    }

    /// Adds a step.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn step(&mut self, row: &StepRow) -> std::io::Result<()> {
        let StepRow { step, epoch, loss, readout, gradient, rate, speed } = row;
        // of a large model a clip takes minutes
        let digits = if *speed < 1.0 { 5 } else { 2 };
        writeln!(self.steps, "{step},{epoch},{loss},{readout:.6},{gradient:.6},{rate:.8},{speed:.digits$}")?;
        self.losses.push((*step as f64, *loss));
        Ok(())
    }

    /// Adds a validation result after `step` steps and draws the curves again.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn validation(&mut self, step: u64, top1: f64) -> anyhow::Result<()> {
        let mut file = OpenOptions::new().append(true).open(self.folder.join("validation.csv"))?;
        writeln!(file, "{step},{top1:.6}")?;
        self.validation.push((step as f64, top1));
        self.draw()
    }

    /// Writes `loss.png`.
    ///
    /// # Errors
    /// When the picture cannot be drawn or written.
    pub fn draw(&self) -> anyhow::Result<()> {
        let curves = [
            Curve { name: "loss (nats a token, smoothed)", points: smoothed(&self.losses, 0.97) },
            Curve { name: "validation top-1 among all labels", points: self.validation.clone() },
        ];
        plot::curves(&self.folder.join("loss.png"), "step", &curves)
    }
}

/// Exponential mean: a single step's loss says little.
fn smoothed(points: &[(f64, f64)], keep: f64) -> Vec<(f64, f64)> {
    let (mut mean, mut weight) = (0.0, 0.0);
    points
        .iter()
        .map(|&(x, y)| {
            mean = keep * mean + (1.0 - keep) * y;
            weight = keep * weight + (1.0 - keep);
            (x, mean / weight)
        })
        .collect()
}

/// Rewrites a CSV with only the rows before `step`; returns their `(step, column)`.
fn keep_before(path: &Path, header: &str, step: u64, column: usize) -> std::io::Result<Vec<(f64, f64)>> {
    let mut kept = vec![header.to_string()];
    let mut points = Vec::new();
    if path.exists() {
        for line in BufReader::new(File::open(path)?).lines().skip(1) {
            let line = line?;
            let cells: Vec<&str> = line.split(',').collect();
            let number = |i: usize| cells.get(i).and_then(|c| c.parse::<f64>().ok());
            if let (Some(at), Some(value)) = (number(0), number(column))
                && at < step as f64
            {
                points.push((at, value));
                kept.push(line);
            }
        }
    }
    draction::store::write_atomically(path, (kept.join("\n") + "\n").as_bytes())?;
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_run_continues_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let row = |step| StepRow { step, epoch: 0, loss: 1.0, readout: 0.1, gradient: 1.0, rate: 0.1, speed: 3.0 };
        let mut report = Report::open(folder.path(), 0).unwrap();
        (0..5).for_each(|i| report.step(&row(i)).unwrap());
        let mut report = Report::open(folder.path(), 3).unwrap();
        (3..6).for_each(|i| report.step(&row(i)).unwrap());
        let text = std::fs::read_to_string(folder.path().join("loss.csv")).unwrap();
        let steps: Vec<&str> = text.lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
        assert_eq!(steps, ["0", "1", "2", "3", "4", "5"]);
    }

    #[test]
    fn smoothing_starts_without_bias() {
        let flat: Vec<_> = (0..9).map(|i| (f64::from(i), 2.0)).collect();
        assert!(smoothed(&flat, 0.9).iter().all(|p| (p.1 - 2.0).abs() < 1e-12));
    }
}
