//! What each part of the recipe is worth: the same run without it, at the same number of steps.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;
use skeletonllm::{assistant::Assistant, folder::Loaded};
use skeletonllm_data::DataSet;

use super::{RunOptions, Stage, TrainConfig, run};
use crate::{
    evaluate::{Scores, evaluate},
    plot::{self, Curve},
    state::{SMALL_MODEL, go_on},
};

/// A recipe with something left out.
pub struct Variant {
    /// Name of its folder and row.
    pub name: &'static str,
    /// What is different.
    pub meaning: &'static str,
    change: fn(&mut TrainConfig),
}

/// Everything that is compared, the whole recipe first.
pub const VARIANTS: [Variant; 7] = [
    Variant { name: "full", meaning: "all four stages", change: |_| {} },
    Variant { name: "no-cr-distill", meaning: "without stage 3", change: |c| without(c, &[Stage::CrDistill]) },
    Variant { name: "no-disc-ft", meaning: "without stage 2", change: |c| without(c, &[Stage::DiscFt]) },
    Variant {
        name: "stages-1-and-4",
        meaning: "without stages 2 and 3",
        change: |c| without(c, &[Stage::DiscFt, Stage::CrDistill]),
    },
    Variant { name: "no-nfm", meaning: "DrAction without its NFM", change: |c| c.drawing.nfm = false },
    Variant {
        name: "fixed-drawing",
        meaning: "one fixed colour a body part instead of DrAction",
        change: |c| {
            c.drawing.nfm = false;
            c.drawing_rate = 0.0;
        },
    },
    Variant { name: "frozen", meaning: "DrAction as it starts", change: |c| c.drawing_rate = 0.0 },
];

/// Leaves stages out and gives their epochs to the first, so that every variant takes as many steps.
fn without(config: &mut TrainConfig, left_out: &[Stage]) {
    let spared: u64 = config.stages.iter().filter(|s| left_out.contains(&s.stage)).map(|s| s.epochs).sum();
    config.stages.retain(|s| !left_out.contains(&s.stage));
    if let Some(first) = config.stages.first_mut() {
        first.epochs += spared;
    }
}

/// One row of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// [`Variant::name`].
    pub name: String,
    /// [`Variant::meaning`].
    pub meaning: String,
    /// Top-1 of each set among all labels, 0..=1.
    pub sets: BTreeMap<String, f64>,
    /// The mean over the sets.
    pub mean: f64,
}

/// Trains and judges one variant in `options.out/<name>`; one that is there already is not trained again, one that was
/// stopped goes on. `None` when it was stopped. `data` is what is judged.
///
/// # Errors
/// As [`run`]; when the trained model cannot be judged.
pub fn row(variant: &Variant, options: &RunOptions<'_>, data: &[DataSet]) -> Result<Option<Row>> {
    let mut options = RunOptions { out: options.out.join(variant.name), ..options.clone() };
    (variant.change)(&mut options.config);
    if !go_on(options.clone(), run)? {
        return Ok(None);
    }
    let Loaded { model, tokenizer, extra } = Loaded::read(&options.out.join(SMALL_MODEL), &options.device)?;
    let assistant = Assistant::new(model, &tokenizer, extra.labels, options.device_name);
    let Scores { sets, .. } = evaluate(&assistant, data, 16, None, |_| {})?;
    let sets: BTreeMap<String, f64> =
        sets.into_iter().map(|(name, scores)| (name, scores.recognition.top1_all)).collect();
    let mean = sets.values().sum::<f64>() / sets.len().max(1) as f64;
    Ok(Some(Row { name: variant.name.into(), meaning: variant.meaning.into(), sets, mean }))
}

/// Writes `ablation.json`, `ablation.md` and `ablation.png` (the validation of every run that is there) into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &Path, rows: &[Row]) -> Result<()> {
    draction::store::write_atomically(&folder.join("ablation.json"), &serde_json::to_vec_pretty(rows)?)?;
    draction::store::write_atomically(&folder.join("ablation.md"), table(rows).as_bytes())?;
    let mut curves = Vec::new();
    for row in rows {
        let path = folder.join(&row.name).join("validation.csv");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let pair = |line: &str| {
            let (step, top1) = line.split_once(',')?;
            Some((step.parse().ok()?, top1.parse().ok()?))
        };
        curves.push(Curve { name: &row.name, points: text.lines().skip(1).filter_map(pair).collect() });
    }
    plot::compared(&folder.join("ablation.png"), "validation top-1 among all labels", "step", &curves)
}

/// The rows as a Markdown table, percent.
pub fn table(rows: &[Row]) -> String {
    let sets: Vec<&String> = rows.first().map_or(Vec::new(), |r| r.sets.keys().collect());
    let cells = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = ["recipe".to_owned(), "what".to_owned()].into_iter().chain(sets.iter().map(|s| (*s).clone()));
    let mut out = cells(heads.chain(["mean".to_owned()]).collect());
    out += &cells(vec!["---".to_owned(); sets.len() + 3]);
    for row in rows {
        let percent = |x: f64| format!("{:.1}", 100.0 * x);
        let scores = sets.iter().map(|s| row.sets.get(*s).copied().map_or(String::new(), percent));
        let start = [row.name.clone(), row.meaning.clone()].into_iter();
        out += &cells(start.chain(scores).chain([percent(row.mean)]).collect());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recipe, StageConfig};

    #[test]
    fn every_variant_takes_as_many_steps_and_differs_from_the_whole() {
        let stage = |stage| StageConfig { epochs: 10, learning_rate: 1e-3, ..StageConfig::of(stage) };
        let mut whole = TrainConfig { stages: Stage::ALL.map(stage).to_vec(), ..TrainConfig::default() };
        whole.shorten(12);
        let epochs = |c: &TrainConfig| c.stages.iter().map(|s| s.epochs).sum::<u64>();
        assert!((12..=15).contains(&epochs(&whole)), "{}", epochs(&whole));
        for variant in &VARIANTS[1..] {
            let mut config = whole.clone();
            (variant.change)(&mut config);
            config.validate().unwrap();
            assert_eq!(epochs(&config), epochs(&whole), "{}", variant.name);
            assert_ne!(config, whole, "{}", variant.name);
        }
    }

    #[test]
    fn the_table_has_a_row_for_each_recipe() {
        let row = |name: &str, a: f64, b: f64| Row {
            name: name.into(),
            meaning: "m".into(),
            sets: [("x".to_owned(), a), ("y".to_owned(), b)].into(),
            mean: (a + b) / 2.0,
        };
        let text = table(&[row("full", 0.9, 1.0), row("frozen", 0.5, 0.25)]);
        assert_eq!(
            text,
            "| recipe | what | x | y | mean |\n| --- | --- | --- | --- | --- |\n| full | m | 90.0 | 100.0 | 95.0 |\n\
             | frozen | m | 50.0 | 25.0 | 37.5 |\n"
        );
    }
}
