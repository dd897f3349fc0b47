//! Files to take away: the strip, the animation, and everything that was said.

use draction::{
    clip::Clip,
    draction::DrAction,
    engine::Scene,
    export::{contact_sheet, delays, encode_gif, encode_png, pictures},
};
use serde::Serialize;
use skeletonllm::assistant::{Attribution, Span};

use crate::{
    document::{Outcome, Take},
    pictures::{DrawEngine, LIVE_SIZE},
};

/// Side of the animation's pictures, in pixels.
const GIF_SIZE: usize = 256;
/// Frames of an animation at most; longer takes are thinned out.
const GIF_FRAMES: usize = 240;
/// Frames drawn at a time, so that the window stays alive in between.
const STRETCH: usize = 4;

/// The strip at full size as one PNG.
///
/// # Errors
/// The engine's or the encoder's, as a sentence.
pub async fn strip_png(engine: DrawEngine, clip: Clip, draction: DrAction) -> Result<Vec<u8>, String> {
    let frames = draw(&engine, &clip, &draction, LIVE_SIZE).await?;
    let pictures = pictures(&frames, LIVE_SIZE, LIVE_SIZE).map_err(|e| e.to_string())?;
    encode_png(&contact_sheet(&pictures)).map_err(|e| e.to_string())
}

/// The source frames of an animation: about 25 a second, and no more than a file can hold.
pub fn gif_frames(frames: usize, fps: f32) -> Vec<usize> {
    let step = (fps / 25.0).max(frames as f32 / GIF_FRAMES as f32).max(1.0);
    (0..).map(|n| (n as f32 * step) as usize).take_while(|&t| t < frames).take(GIF_FRAMES).collect()
}

/// The motion as an animation.
///
/// # Errors
/// The engine's or the encoder's, as a sentence.
pub async fn gif(engine: DrawEngine, clip: Clip, draction: DrAction, fps: f32) -> Result<Vec<u8>, String> {
    let frames = draw(&engine, &clip, &draction, GIF_SIZE).await?;
    let pictures = pictures(&frames, GIF_SIZE, GIF_SIZE).map_err(|e| e.to_string())?;
    encode_gif(&pictures, &delays(&clip.frame_indices, fps)).map_err(|e| e.to_string())
}

async fn draw(engine: &DrawEngine, clip: &Clip, draction: &DrAction, size: usize) -> Result<Vec<f32>, String> {
    let mut frames = Vec::with_capacity(clip.frames() * size * size * 3);
    for first in (0..clip.frames()).step_by(STRETCH) {
        let part = clip.part(first..(first + STRETCH).min(clip.frames()));
        let scene = Scene::new([&part], draction, size, size).map_err(|e| e.to_string())?;
        frames.extend(engine.frames(&scene).await?);
        skeletonllm_network::task::yield_now().await;
    }
    Ok(frames)
}

/// Everything that was said about a take, as JSON.
pub fn json(take: &Take) -> String {
    #[derive(Serialize)]
    struct Said<'a> {
        file: &'a str,
        read: Vec<String>,
        frames: usize,
        fps: f32,
        labels: Vec<Label<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        second_opinion: Option<Second<'a>>,
        answers: Vec<Answered<'a>>,
        spans: &'a [Span],
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<Explained<'a>>,
    }
    #[derive(Serialize)]
    struct Second<'a> {
        #[serde(flatten)]
        label: Label<'a>,
        agrees: bool,
    }
    #[derive(Serialize)]
    struct Answered<'a> {
        question: &'a str,
        answer: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence: Option<f32>,
    }
    #[derive(Serialize)]
    struct Explained<'a> {
        question: &'a str,
        answer: &'a str,
        joint_names: &'a [String],
        #[serde(flatten)]
        attribution: &'a Attribution,
    }
    let said = Said {
        file: &take.name,
        read: take.reading(),
        frames: take.motion.frames(),
        fps: take.motion.fps,
        labels: labels(take),
        second_opinion: take.second.as_ref().zip(take.agreed()).map(|(opinion, agrees)| {
            let label = Label { label: &opinion.label, probability: opinion.probability };
            Second { label, agrees }
        }),
        answers: (take.exchanges.iter())
            .map(|e| Answered {
                question: &e.question,
                answer: &e.answer,
                confidence: match &e.outcome {
                    Some(Outcome::Answered { confidence, .. }) => Some(*confidence),
                    _ => None,
                },
            })
            .collect(),
        spans: &take.spans,
        why: take.explanation.as_ref().and_then(|explanation| {
            let exchange = take.exchanges.iter().find(|e| e.id == explanation.exchange)?;
            Some(Explained {
                question: &exchange.question,
                answer: &exchange.answer,
                joint_names: &take.motion.skeleton.names,
                attribution: &explanation.attribution,
            })
        }),
    };
    serde_json::to_string_pretty(&said).expect("numbers and words are JSON")
}

/// How the labels of all takes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// As RFC 4180 has it: a line for each take with its most likely label.
    Csv,
    /// A list of objects, with all labels that are known of each take.
    Json,
}

impl Table {
    /// The name of the file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Table::Csv => "labels.csv",
            Table::Json => "labels.json",
        }
    }

    /// Its media type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Table::Csv => "text/csv",
            Table::Json => "application/json",
        }
    }

    /// The labels of these takes, in the order of opening.
    #[must_use]
    pub fn of(self, takes: &[Take]) -> String {
        match self {
            Table::Csv => labels_csv(takes),
            Table::Json => labels_json(takes),
        }
    }
}

/// Columns: file, seconds, most likely label and its probability.
fn labels_csv(takes: &[Take]) -> String {
    let mut csv = "file,seconds,label,probability\r\n".to_owned();
    for take in takes {
        let (label, probability) = match take.labels.first() {
            Some((label, probability)) => (quoted(label), format!("{probability:.4}")),
            None => Default::default(),
        };
        csv += &format!("{},{:.2},{label},{probability}\r\n", quoted(&take.name), take.motion.seconds());
    }
    csv
}

/// As [`labels_csv`], with all labels of a take, best first, and those along a long one.
fn labels_json(takes: &[Take]) -> String {
    #[derive(Serialize)]
    struct Labelled<'a> {
        file: &'a str,
        seconds: f32,
        labels: Vec<Label<'a>>,
        #[serde(skip_serializing_if = "<[Span]>::is_empty")]
        spans: &'a [Span],
    }
    let mut all = Vec::with_capacity(takes.len());
    for take in takes {
        let (labels, seconds) = (labels(take), take.motion.seconds());
        all.push(Labelled { file: &take.name, seconds, labels, spans: &take.spans });
    }
    serde_json::to_string_pretty(&all).expect("numbers and words are JSON")
}

/// A label of a take.
#[derive(Serialize)]
struct Label<'a> {
    label: &'a str,
    probability: f32,
}

fn labels(take: &Take) -> Vec<Label<'_>> {
    take.labels.iter().map(|(label, p)| Label { label, probability: *p }).collect()
}

/// A field of CSV: in quotation marks where it would end otherwise.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skeletonllm::second_opinion::Opinion;

    use crate::{
        document::Document,
        files::{FileSource, sample},
    };

    #[test]
    fn labels_of_all_takes_are_a_table() {
        let mut document = Document::default();
        for name in ["one, \"two\".bvh", "plain.bvh"] {
            document.open(FileSource { name: name.to_owned(), ..sample("squat.bvh") }).unwrap();
        }
        document.takes[1].labels.push(("squat".to_owned(), 0.95));
        let seconds = format!("{:.2}", document.takes[0].motion.seconds());
        let expected = format!(
            "file,seconds,label,probability\r\n\"one, \"\"two\"\".bvh\",{seconds},,\r\nplain.bvh,{seconds},squat,0.9500\r\n"
        );
        assert_eq!(Table::Csv.of(&document.takes), expected);
        let second =
            |take: &Take| serde_json::from_str::<serde_json::Value>(&json(take)).unwrap()["second_opinion"].clone();
        assert!(second(&document.takes[1]).is_null());
        document.takes[1].second = Some(Opinion { label: "clap".to_owned(), probability: 0.75 });
        let expected = serde_json::json!({"label": "clap", "probability": 0.75, "agrees": false});
        assert_eq!(second(&document.takes[1]), expected);
        document.takes[1].labels.push(("sit".to_owned(), 0.05));
        let json: serde_json::Value = serde_json::from_str(&Table::Json.of(&document.takes)).unwrap();
        assert_eq!(
            (&json[0]["file"], json[0]["labels"].as_array().map(Vec::len)),
            (&"one, \"two\".bvh".into(), Some(0))
        );
        assert_eq!((&json[1]["labels"][0]["label"], &json[1]["labels"][1]["label"]), (&"squat".into(), &"sit".into()));
        assert!((json[1]["seconds"].as_f64().unwrap() - f64::from(document.takes[1].motion.seconds())).abs() < 1e-3);
    }

    #[test]
    fn an_animation_has_at_most_its_frames_and_never_beyond_the_take() {
        assert_eq!(gif_frames(5, 30.0), [0, 1, 2, 3, 4]);
        assert_eq!(gif_frames(100, 50.0).len(), 50);
        let long = gif_frames(500_000, 120.0);
        assert_eq!(long.len(), GIF_FRAMES);
        assert!(*long.last().expect("frames") < 500_000);
    }
}
