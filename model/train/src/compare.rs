//! All systems on the same clips: each learns at the same budget and is judged in the same way, with the nearest
//! neighbour beside them.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use draction::motion::Motion;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use skeletonllm::{
    beside::Beside,
    cli::{bar, shown_on},
};
use skeletonllm_data::{DataSet, LoadOptions, Perturbation, Selection, Split};
use skeletonllm_network::{checkpoint, device::DeviceChoice};

use crate::{
    Recipe, Recogniser, RunOptions, System,
    evaluate::{
        baseline::Gallery,
        evaluate, judging_half,
        recognition::{Recognition, mean, recognise},
        robustness::robustness,
    },
    plot,
    state::{MODEL, SMALL_MODEL, go_on},
    system::{WithRecogniser, with_recogniser},
};

/// Name of the file in a run's folder that holds what it was judged to be.
const ROW: &str = "row.json";
/// Name of the file in a run's folder that holds how long it has learned so far.
const SECONDS: &str = "seconds.json";
/// Clips at a time while judging.
const BATCH: usize = 16;
/// Clips that the time a clip takes is measured with.
const TIMED: usize = 64;

/// What all are judged on.
pub struct Material {
    /// Validation clips of labels that were taught.
    pub sets: Vec<DataSet>,
    /// Validation clips of labels that were kept out of training, which are chosen among, where there are any.
    pub unseen: Vec<DataSet>,
    /// The training clips, for the nearest neighbour.
    pub gallery: Gallery,
    /// Those whose labels are known where few are, if that is asked.
    pub few: Option<Gallery>,
}

impl Material {
    /// Reads the clips of some folders. `few` is the selection under which few labels are known.
    ///
    /// # Errors
    /// When a folder cannot be read, does not say which of its clips are to be learned from, or leaves no taught label to
    /// judge.
    pub fn read(selection: &Selection, few: Option<&Selection>, load: &LoadOptions) -> Result<Material> {
        if let Some(protocol) = load.protocol.filter(|protocol| protocol.is_zero_shot()) {
            bail!(
                "{protocol} judges no label that was taught: compare under xsub, with the labels left out as --unseen"
            );
        }
        let candidates = selection.unseen_candidates(load)?;
        let (mut sets, mut unseen) = (Vec::new(), Vec::new());
        let (mut gallery, mut few_known) = (Gallery::default(), few.map(|_| Gallery::default()));
        for folder in &selection.folders {
            let judged = judging_half(folder, load)?;
            if candidates.is_some() {
                unseen.push(selection.unseen(judged.clone(), candidates.as_ref()));
            }
            sets.push(selection.seen(judged));
            let reading = bar(&format!("reading {}", folder.display()), 0);
            let all = shown_on(reading, |told| DataSet::load_with(folder, Split::Train, load, told))?;
            let taught = selection.taught(all);
            gallery.add(&taught);
            if let (Some(few), Some(known)) = (few, &mut few_known) {
                known.add(&few.taught(taught));
            }
        }
        unseen.retain(|set| !set.clips.is_empty());
        Ok(Material { sets, unseen, gallery, few: few_known })
    }
}

/// One row of the table. Shares are fractions in 0..=1, each folder alike; what does not apply is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The system, or the nearest neighbour.
    pub name: String,
    /// Top-1 among a folder's own labels.
    pub own: f64,
    /// Top-1 among all labels.
    pub all: f64,
    /// The same with joints lost and with noise, the mean of the table's rows.
    pub worse_recordings: f64,
    /// The same on 25, 20, 17 and 13 joints.
    pub other_skeletons: f64,
    /// Top-1 among a folder's own labels after training with few of them known.
    pub few: Option<f64>,
    /// Top-1 among the labels that were kept out of training.
    pub unseen: Option<f64>,
    /// Numbers of its networks.
    pub parameters: Option<u64>,
    /// Bytes of the model in int8.
    pub bytes: Option<u64>,
    /// To recognise a clip, with sixteen at a time.
    pub milliseconds: f64,
    /// Of training.
    pub minutes: Option<f64>,
}

/// What a system's recognition comes to.
struct Judge<'m> {
    material: &'m Material,
    /// Whether it has something to say of labels that were kept out of training.
    unseen: bool,
}

/// [`Row`] without what only its folder tells.
struct Judged {
    own: f64,
    all: f64,
    worse_recordings: f64,
    other_skeletons: f64,
    unseen: Option<f64>,
    milliseconds: f64,
}

impl WithRecogniser for Judge<'_> {
    type Output = Judged;

    fn run<R: Recogniser>(self, recogniser: &R) -> Result<Judged> {
        let Material { sets, unseen, .. } = self.material;
        let clips: usize = sets.iter().map(|set| set.clips.len()).sum();
        let judging = bar("judging", clips * (1 + Perturbation::TABLE.len()));
        let judged = |count: usize| judging.inc(count as u64);
        let means = evaluate(recogniser, sets, BATCH, None, judged)?.mean.context("no clip to judge has a label")?;
        let rows = robustness(recogniser, None, sets, BATCH, judged)?;
        judging.finish_and_clear();
        let of = |wanted: fn(Perturbation) -> bool| {
            mean(rows.iter().filter(|row| wanted(row.change)).map(|row| row.mean)).unwrap_or(0.0)
        };
        let ranked = self.unseen.then(|| recognise(recogniser, unseen, BATCH, None, |_| {})).transpose()?;
        Ok(Judged {
            own: means.top1_own,
            all: means.top1_all,
            worse_recordings: of(is_worse),
            other_skeletons: of(is_other),
            unseen: ranked.map(|ranked| Recognition::of(ranked.iter().flatten().flatten()).top1_own),
            milliseconds: milliseconds(recogniser, sets)?,
        })
    }
}

/// Top-1 among a folder's own labels.
struct Own<'m> {
    material: &'m Material,
}

impl WithRecogniser for Own<'_> {
    type Output = f64;

    fn run<R: Recogniser>(self, recogniser: &R) -> Result<f64> {
        let sets = &self.material.sets;
        let judging = bar("judging", sets.iter().map(|set| set.clips.len()).sum());
        let means = evaluate(recogniser, sets, BATCH, None, |count| judging.inc(count as u64))?.mean;
        judging.finish_and_clear();
        Ok(means.context("no clip to judge has a label")?.top1_own)
    }
}

fn is_worse(change: Perturbation) -> bool {
    matches!(change, Perturbation::Dropped(_) | Perturbation::Noise(_))
}

fn is_other(change: Perturbation) -> bool {
    matches!(change, Perturbation::Joints(_))
}

/// How long a clip takes, after a first look that readies everything.
fn milliseconds<R: Recogniser>(recogniser: &R, sets: &[DataSet]) -> Result<f64> {
    let motions: Vec<&Motion> = sets.iter().flat_map(|set| &set.clips).map(|clip| &clip.motion).take(TIMED).collect();
    let names = recogniser.labels().to_vec();
    let look = |motions: &[&Motion]| recogniser.scores(&recogniser.observe(motions)?, &names).map(drop);
    if let Some(first) = motions.chunks(BATCH).next() {
        look(first)?;
    }
    let start = Instant::now();
    motions.chunks(BATCH).try_for_each(look)?;
    Ok(1e3 * start.elapsed().as_secs_f64() / motions.len().max(1) as f64)
}

/// Trains one system in `options.out` and judges it; what is there already is not done again, and a run that was stopped
/// goes on. `None` when it was stopped. What comes of few labels is for [`few`] to tell.
///
/// # Errors
/// As the system's run; when there is a run that was told something else, or the trained model cannot be judged.
pub fn row<R: Recipe>(
    system: System,
    options: RunOptions<'_, R>,
    choice: DeviceChoice,
    material: &Material,
    run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
) -> Result<Option<Row>> {
    let unseen = system.knows_any_label() && !material.unseen.is_empty();
    learned(options, run, |place| {
        let model = place.join(SMALL_MODEL);
        let judged = with_recogniser(&model, Beside::default(), choice, Judge { material, unseen })?;
        Ok(Row {
            name: system.name().to_owned(),
            own: judged.own,
            all: judged.all,
            worse_recordings: judged.worse_recordings,
            other_skeletons: judged.other_skeletons,
            few: None,
            unseen: judged.unseen,
            parameters: Some(parameters(&place.join(MODEL))?),
            bytes: Some(files(&model)?.iter().map(|file| file.1).sum()),
            milliseconds: judged.milliseconds,
            minutes: Some(seconds(place) / 60.0),
        })
    })
}

/// As [`row`], of a run in which few labels are known: top-1 among a folder's own labels.
///
/// # Errors
/// As [`row`].
pub fn few<R: Recipe>(
    options: RunOptions<'_, R>,
    choice: DeviceChoice,
    material: &Material,
    run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
) -> Result<Option<f64>> {
    learned(options, run, |place| {
        with_recogniser(&place.join(SMALL_MODEL), Beside::default(), choice, Own { material })
    })
}

/// Trains in `options.out`, and finds out what there is to know of it, each once. `None` when it was stopped.
fn learned<R: Recipe, T: Serialize + DeserializeOwned>(
    options: RunOptions<'_, R>,
    run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
    judge: impl FnOnce(&Path) -> Result<T>,
) -> Result<Option<T>> {
    let place = options.out.clone();
    let timed = |options: RunOptions<'_, R>| {
        let (before, start) = (seconds(&place), Instant::now());
        run(options)?;
        write(&place.join(SECONDS), &(before + start.elapsed().as_secs_f64()))
    };
    if !go_on(options, timed)? {
        return Ok(None);
    }
    let path = place.join(ROW);
    if let Ok(text) = std::fs::read(&path) {
        return Ok(Some(serde_json::from_slice(&text).with_context(|| path.display().to_string())?));
    }
    let judged = judge(&place)?;
    write(&path, &judged)?;
    Ok(Some(judged))
}

/// The nearest training clip's row.
#[must_use]
pub fn nearest_neighbour(material: &Material) -> Row {
    let clips: usize = material.sets.iter().map(|set| set.clips.len()).sum();
    let times = Perturbation::TABLE.len() + usize::from(material.few.is_some());
    let comparing = bar("nearest neighbours", clips * times);
    let judge_by = |gallery: &Gallery, change: Perturbation| {
        let done = || comparing.inc(1);
        let scores: Vec<_> =
            material.sets.iter().map(|set| gallery.judge(set, &|m, i| change.apply(m, i), &done)).collect();
        let of = |value: fn(&crate::evaluate::baseline::BaselineScores) -> f64| {
            mean(scores.iter().filter(|scores| scores.clips > 0).map(value)).unwrap_or(0.0)
        };
        [of(|scores| scores.top1_own), of(|scores| scores.top1_all)]
    };
    let judge = |change| judge_by(&material.gallery, change);
    let start = Instant::now();
    let [own, all] = judge(Perturbation::Unchanged);
    let milliseconds = 1e3 * start.elapsed().as_secs_f64() / clips.max(1) as f64;
    let of = |wanted: fn(Perturbation) -> bool| {
        mean(Perturbation::TABLE.into_iter().filter(|&change| wanted(change)).map(|change| judge(change)[1]))
            .unwrap_or(0.0)
    };
    let row = Row {
        name: "nearest neighbour".to_owned(),
        own,
        all,
        worse_recordings: of(is_worse),
        other_skeletons: of(is_other),
        few: material.few.as_ref().map(|few| judge_by(few, Perturbation::Unchanged)[0]),
        unseen: None,
        parameters: None,
        bytes: None,
        milliseconds,
        minutes: None,
    };
    comparing.finish_and_clear();
    row
}

/// Writes `compare.json`, `compare.md` and `compare.png` into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write_all(folder: &Path, rows: &[Row]) -> Result<()> {
    write(&folder.join("compare.json"), &rows)?;
    draction::store::write_atomically(&folder.join("compare.md"), table(rows).as_bytes())?;
    let groups: Vec<(&str, Vec<Option<f64>>)> = COLUMNS
        .iter()
        .map(|(name, value)| (*name, rows.iter().map(value).collect()))
        .filter(|(_, values): &(&str, Vec<Option<f64>>)| values.iter().any(Option::is_some))
        .collect();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    plot::bars(&folder.join("compare.png"), "top-1, percent", &names, &groups)
}

/// Shares of a row, with their names.
type Column = (&'static str, fn(&Row) -> Option<f64>);

/// The table's shares.
const COLUMNS: [Column; 6] = [
    ("own labels", |row| Some(row.own)),
    ("all labels", |row| Some(row.all)),
    ("worse recordings", |row| Some(row.worse_recordings)),
    ("other skeletons", |row| Some(row.other_skeletons)),
    ("few labels known", |row| row.few),
    ("labels never taught", |row| row.unseen),
];

/// The rows as a Markdown table: top-1 in percent, then what each costs.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    let mut out = String::from("| system |");
    for (name, _) in COLUMNS {
        let _ = write!(out, " {name} |");
    }
    out += " parameters | MB in int8 | ms a clip | minutes of training |\n| --- |";
    out += &" ---: |".repeat(COLUMNS.len() + 4);
    out.push('\n');
    let shown = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    for row in rows {
        let _ = write!(out, "| {} |", row.name);
        for (_, value) in COLUMNS {
            let _ = write!(out, " {} |", shown(value(row).map(|share| format!("{:.1}", 100.0 * share))));
        }
        let parameters = shown(row.parameters.map(|count| format!("{:.2} M", count as f64 / 1e6)));
        let bytes = shown(row.bytes.map(|bytes| format!("{:.1}", bytes as f64 / 1e6)));
        let minutes = shown(row.minutes.map(|minutes| format!("{minutes:.1}")));
        let _ = writeln!(out, " {parameters} | {bytes} | {:.1} | {minutes} |", row.milliseconds);
    }
    out
}

/// Numbers of all weight files of a model folder; the vectors of its labels are none.
fn parameters(folder: &Path) -> Result<u64> {
    let is_weights = |path: &Path| {
        path.extension().is_some_and(|end| end == "safetensors") && !path.ends_with(skeletonllm::sugar::LABELS)
    };
    let weights = files(folder)?.into_iter().filter(|(path, _)| is_weights(path));
    let counts = weights.map(|(path, _)| -> Result<u64> {
        Ok(checkpoint::read(&path)?.values().map(|tensor| tensor.values.len() as u64).sum())
    });
    counts.sum()
}

/// The files of a folder, with their sizes.
fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries
        .map(|entry| {
            let path = entry?.path();
            let size = std::fs::metadata(&path)?.len();
            Ok((path, size))
        })
        .collect()
}

/// How long a system has learned so far.
fn seconds(folder: &Path) -> f64 {
    std::fs::read(folder.join(SECONDS)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(0.0)
}

fn write(path: &Path, value: &impl Serialize) -> Result<()> {
    Ok(draction::store::write_atomically(path, &serde_json::to_vec_pretty(value)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, unseen: Option<f64>, parameters: Option<u64>) -> Row {
        Row {
            name: name.to_owned(),
            own: 0.5,
            all: 0.25,
            worse_recordings: 0.1,
            other_skeletons: 1.0,
            few: unseen.map(|unseen| unseen / 2.0),
            unseen,
            parameters,
            bytes: parameters,
            milliseconds: 1.25,
            minutes: parameters.map(|_| 2.0),
        }
    }

    #[test]
    fn the_table_says_what_does_not_apply() {
        let text = table(&[row("sugar", Some(0.6), Some(1_500_000)), row("nearest neighbour", None, None)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "| sugar | 50.0 | 25.0 | 10.0 | 100.0 | 30.0 | 60.0 | 1.50 M | 1.5 | 1.2 | 2.0 |");
        assert_eq!(lines[3], "| nearest neighbour | 50.0 | 25.0 | 10.0 | 100.0 | – | – | – | – | 1.2 | – |");
        let cells = |line: &str| line.matches('|').count();
        assert!(lines.iter().all(|line| cells(line) == cells(lines[0])), "{text}");
    }

    #[test]
    fn every_row_of_the_table_of_changes_is_one_of_three_kinds() {
        for change in Perturbation::TABLE {
            let kinds = [change == Perturbation::Unchanged, is_worse(change), is_other(change)];
            assert_eq!(kinds.iter().filter(|kind| **kind).count(), 1, "{change}");
        }
    }
}
