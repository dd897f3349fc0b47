//! Whatever model names what is done in a take: its label, its words, when what is done in a long one.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use draction::motion::Motion;
use serde::Serialize;
use skeletonllm_data::{Family, Labels};
use skeletonllm_network::device::DeviceChoice;

use crate::{
    assistant::{Assistant, LONG_TAKE_SECONDS, Span, SpanOptions, among_themselves, joined, stretches},
    beside::Beside,
    folder::system_of,
    graph_recogniser::{self, GraphRecogniser},
    sugar::{self, Sugar, narrator::SugarNarrator},
};

/// Windows of a long take that are looked at in one go.
const WINDOWS: usize = 8;

/// What is said of a take.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Labelled {
    /// What is done; in a long take what is done longest.
    pub label: String,
    /// The label's probability among all labels, 0..1; of a long take the mean over its spans.
    pub confidence: f32,
    /// A sentence, of a model that speaks; of a long take about the longest span of its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Length of the take.
    pub seconds: f32,
    /// What is done when, in a long take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// A vector of length 1, where it was asked for: takes that are alike point the same way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Vec<f32>>,
}

/// What is to be said beside the label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Sentences.
    pub captions: bool,
    /// Vectors.
    pub embeddings: bool,
}

/// A model that labels.
pub struct Labeller {
    model: Model,
    labels: Vec<String>,
}

enum Model {
    SkeletonLlm(Box<Assistant>),
    Graph(Box<GraphRecogniser>),
    Sugar(Box<Sugar>),
    Narrator(Box<SugarNarrator>),
}

/// What a model made of some motions.
struct Seen {
    /// `[motions][labels]`.
    probabilities: Vec<Vec<f32>>,
    captions: Vec<Option<String>>,
    embeddings: Vec<Option<Vec<f32>>>,
}

impl Labeller {
    /// Loads a model directory of SkeletonLLM, of graph networks or of SUGAR.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it; when the model is of another system, or has no use for what is named
    /// beside it.
    pub fn load(folder: &Path, beside: Beside<'_>, choice: DeviceChoice) -> Result<Self> {
        beside.fits(folder)?;
        let system = system_of(folder);
        let model = match system.as_deref() {
            None => Model::SkeletonLlm(Box::new(Assistant::load_on(folder, beside.base, choice)?)),
            Some(graph_recogniser::SYSTEM) => Model::Graph(Box::new(GraphRecogniser::load(folder, choice)?)),
            Some(sugar::SYSTEM) if sugar::narrates(folder) => {
                Model::Narrator(Box::new(SugarNarrator::load(folder, beside.base, choice)?))
            }
            Some(sugar::SYSTEM) => Model::Sugar(Box::new(Sugar::load(folder, beside.text, choice)?)),
            Some(other) => bail!("{}: models of the system '{other}' label nothing here", folder.display()),
        };
        let labels = match &model {
            Model::SkeletonLlm(assistant) => assistant.labels().to_vec(),
            Model::Graph(recogniser) => recogniser.labels().to_vec(),
            Model::Sugar(sugar) => sugar.labels().to_vec(),
            Model::Narrator(narrator) => narrator.labels().to_vec(),
        };
        Ok(Self { model, labels })
    }

    /// The same, choosing among other labels than those that it was taught.
    ///
    /// # Errors
    /// When there are none, or graph networks have not been taught one of them.
    pub fn choosing(mut self, labels: &[String]) -> Result<Self> {
        let labels = Labels::new(labels);
        ensure!(!labels.is_empty(), "there is no label to choose");
        if let Model::Graph(recogniser) = &self.model {
            let known = Labels::new(recogniser.labels());
            if let Some(label) = labels.names().iter().find(|label| known.index(label).is_none()) {
                bail!("graph networks know only what they were taught, and '{label}' they were not");
            }
        }
        self.labels = labels.names().to_vec();
        Ok(self)
    }

    /// The labels that are chosen among.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Where it computes.
    #[must_use]
    pub fn device_name(&self) -> &str {
        match &self.model {
            Model::SkeletonLlm(assistant) => assistant.device_name(),
            Model::Graph(recogniser) => recogniser.device_name(),
            Model::Sugar(sugar) => sugar.device_name(),
            Model::Narrator(narrator) => narrator.device_name(),
        }
    }

    /// Makes sure that it can say what is wanted.
    ///
    /// # Errors
    /// When it cannot, saying what cannot.
    pub fn can(&self, wanted: Wanted) -> Result<()> {
        ensure!(!self.labels.is_empty(), "the model knows no labels: name some");
        if wanted.embeddings {
            match self.model {
                Model::SkeletonLlm(_) | Model::Sugar(_) => {}
                Model::Graph(_) => bail!("graph networks that tell labels apart have no vectors to compare"),
                Model::Narrator(_) => {
                    bail!("what tells of motions has no vectors to compare; the encoder beneath it has")
                }
            }
        }
        Ok(())
    }

    /// Whether it says sentences.
    #[must_use]
    pub fn speaks(&self) -> bool {
        matches!(self.model, Model::SkeletonLlm(_) | Model::Narrator(_))
    }

    /// Labels some takes, each by itself as well as together.
    ///
    /// # Errors
    /// When a take shows nobody or cannot be shown to the model, or the device gives nothing back.
    pub fn label(&self, motions: &[&Motion], wanted: Wanted) -> Result<Vec<Labelled>> {
        let long = |motion: &Motion| motion.seconds() >= LONG_TAKE_SECONDS;
        let short: Vec<&Motion> = motions.iter().copied().filter(|motion| !long(motion)).collect();
        let mut whole = if short.is_empty() { Vec::new() } else { self.whole(&short, wanted)? }.into_iter();
        motions
            .iter()
            .map(|motion| match long(motion) {
                true => self.long(motion, wanted),
                false => Ok(whole.next().expect("one for each short take")),
            })
            .collect()
    }

    fn whole(&self, motions: &[&Motion], wanted: Wanted) -> Result<Vec<Labelled>> {
        let Seen { probabilities, captions, embeddings } = self.look(motions, wanted)?;
        let mut beside = captions.into_iter().zip(embeddings);
        let mut labelled = Vec::with_capacity(motions.len());
        for (motion, probabilities) in motions.iter().zip(&probabilities) {
            let (best, confidence) = greatest(probabilities);
            ensure!(confidence.is_finite(), "the model makes no numbers of it");
            let (caption, embedding) = beside.next().unwrap_or_default();
            let label = self.labels[best].clone();
            let seconds = motion.seconds();
            labelled.push(Labelled { label, confidence, caption, seconds, spans: Vec::new(), embedding });
        }
        Ok(labelled)
    }

    fn long(&self, motion: &Motion, wanted: Wanted) -> Result<Labelled> {
        let stretches = stretches(motion, &SpanOptions::default())?;
        let windows: Vec<_> = stretches.iter().flatten().cloned().collect();
        ensure!(!windows.is_empty(), "nobody is there");
        let wanted_of_windows = Wanted { captions: false, ..wanted };
        let (mut probabilities, mut sum) = (Vec::with_capacity(windows.len()), Vec::new());
        for windows in windows.chunks(WINDOWS) {
            let parts: Vec<Motion> = windows.iter().map(|window| motion.cropped(window.clone())).collect();
            let seen = self.look(&parts.iter().collect::<Vec<_>>(), wanted_of_windows)?;
            probabilities.extend(seen.probabilities);
            for embedding in seen.embeddings.into_iter().flatten() {
                sum.resize(embedding.len(), 0.0);
                sum.iter_mut().zip(embedding).for_each(|(sum, value): (&mut f32, f32)| *sum += value);
            }
        }
        let spans = joined(stretches, probabilities, &self.labels, motion.fps);
        let seconds = |span: &Span| span.end_seconds - span.start_seconds;
        let time = |label: &str| spans.iter().filter(|span| span.label == label).map(seconds).sum::<f32>();
        let longest = spans.iter().max_by(|a, b| time(&a.label).total_cmp(&time(&b.label)));
        let label = longest.map(|span| span.label.clone()).unwrap_or_default();
        let own = || spans.iter().filter(|span| span.label == label);
        let weighed: f32 = own().map(|span| seconds(span) * span.probability).sum();
        let caption = match own().max_by(|a, b| seconds(a).total_cmp(&seconds(b))) {
            Some(span) if wanted.captions => {
                let frame = |seconds: f32| (seconds * motion.fps).round() as usize;
                let part = motion.cropped(frame(span.start_seconds)..frame(span.end_seconds).min(motion.frames()));
                self.look(&[&part], Wanted { captions: true, embeddings: false })?.captions.swap_remove(0)
            }
            _ => None,
        };
        Ok(Labelled {
            confidence: weighed / time(&label).max(f32::MIN_POSITIVE),
            embedding: wanted.embeddings.then(|| sugar::unit(sum)),
            seconds: motion.seconds(),
            label,
            caption,
            spans,
        })
    }

    /// Looks at some motions, each as a whole.
    fn look(&self, motions: &[&Motion], wanted: Wanted) -> Result<Seen> {
        let nothing = motions.len();
        let among = |scores: Vec<Vec<f32>>| scores.iter().map(|scores| among_themselves(scores)).collect();
        match &self.model {
            Model::SkeletonLlm(assistant) => {
                let seen = assistant.observe(motions)?;
                let question =
                    skeletonllm_data::canonical(Family::Caption).expect("every family but one has a wording");
                let captions = match wanted.captions {
                    true => assistant.answers(&seen, question)?.into_iter().map(Some).collect(),
                    false => vec![None; nothing],
                };
                let embeddings = match wanted.embeddings {
                    true => seen.embeddings().into_iter().map(Some).collect(),
                    false => vec![None; nothing],
                };
                Ok(Seen { probabilities: among(assistant.rank(&seen, &self.labels)?), captions, embeddings })
            }
            Model::Graph(recogniser) => {
                let scores = recogniser.rank(&recogniser.look(motions)?, &self.labels);
                Ok(Seen {
                    probabilities: among(scores),
                    captions: vec![None; nothing],
                    embeddings: vec![None; nothing],
                })
            }
            Model::Sugar(sugar) => {
                let vectors = sugar.embed(motions)?;
                let probabilities = among(sugar.rank(&vectors, &self.labels)?);
                let embeddings = vectors.into_iter().map(|vector| wanted.embeddings.then_some(vector)).collect();
                Ok(Seen { probabilities, captions: vec![None; nothing], embeddings })
            }
            Model::Narrator(narrator) => {
                let seen = narrator.observe(motions)?;
                let captions = match wanted.captions {
                    true => narrator.narrate(&seen, &self.labels)?.into_iter().map(|n| Some(n.told)).collect(),
                    false => vec![None; nothing],
                };
                let probabilities = among(narrator.rank(&seen, &self.labels)?);
                Ok(Seen { probabilities, captions, embeddings: vec![None; nothing] })
            }
        }
    }
}

fn greatest(probabilities: &[f32]) -> (usize, f32) {
    let best = (0..probabilities.len()).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap_or(0);
    (best, probabilities.get(best).copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use draction::motion::{ReadOptions, read_file};
    use skeletonllm_checks::asset;

    use super::*;
    use crate::folder::default_model;

    fn sample(name: &str) -> Motion {
        read_file(asset(&format!("samples/{name}")), &ReadOptions::default()).unwrap()
    }

    fn nano() -> Labeller {
        Labeller::load(&default_model().unwrap(), Beside::default(), DeviceChoice::Cpu).unwrap()
    }

    /// A sample again and again, `times` times.
    fn repeated(motion: &Motion, times: usize) -> Motion {
        let (positions, present) = (motion.positions.repeat(times), motion.present.repeat(times));
        Motion { positions, present, orientations: None, ..motion.clone() }
    }

    #[test]
    fn takes_are_labelled_alike_alone_and_together_and_long_ones_in_spans() {
        let labeller = nano();
        let wave = sample("wave_left_hand.bvh");
        let long = repeated(&wave, (12.0 / wave.seconds()).ceil() as usize);
        let wanted = Wanted { captions: true, embeddings: true };
        labeller.can(wanted).unwrap();
        let together = labeller.label(&[&wave, &long, &sample("squat.bvh")], wanted).unwrap();
        let alone = labeller.label(&[&wave], wanted).unwrap().remove(0);
        assert_eq!((&together[0].label, &together[0].caption), (&alone.label, &alone.caption));
        assert!((together[0].confidence - alone.confidence).abs() < 1e-3);
        let [wave, long, squat] = &together[..] else { panic!("three") };
        assert_eq!([&wave.label, &long.label, &squat.label], ["wave left hand", "wave left hand", "squat"]);
        assert!(wave.spans.is_empty() && wave.seconds < LONG_TAKE_SECONDS);
        let end = long.spans.last().unwrap().end_seconds;
        assert!(long.spans[0].start_seconds == 0.0 && (end - long.seconds).abs() < 0.1, "{:?}", long.spans);
        assert!(long.confidence > 0.5 && long.confidence <= 1.0);
        assert!(together.iter().all(|labelled| labelled.caption.as_deref().is_some_and(|caption| !caption.is_empty())));
        for labelled in &together {
            let vector = labelled.embedding.as_ref().unwrap();
            assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
        }
        let json = serde_json::to_value(labeller.label(&[&sample("squat.bvh")], Wanted::default()).unwrap()).unwrap();
        let fields: Vec<&String> = json[0].as_object().unwrap().keys().collect();
        assert_eq!(fields, ["confidence", "label", "seconds"], "nothing that nobody asked for");
    }

    #[test]
    fn other_labels_can_be_chosen_among() {
        let labeller = nano().choosing(&["Squat".into(), "fly to the moon".into()]).unwrap();
        assert_eq!(labeller.labels(), ["fly to the moon", "squat"]);
        assert_eq!(labeller.label(&[&sample("squat.bvh")], Wanted::default()).unwrap()[0].label, "squat");
        assert!(nano().choosing(&["".into()]).is_err());
    }
}
