//! What the person has opened, asked and chosen. It outlives the window: when a GPU is lost, the next window goes on
//! with the same document.

use std::{sync::Arc, time::Duration};

use draction::motion::{Motion, ReadOptions};
use skeletonllm::{
    assistant::{Attribution, LONG_TAKE_SECONDS, Span, describe_motion},
    drawing::{DrawSettings, HostDrawing},
};

use crate::{
    companions::{self, Companions},
    files::FileSource,
};

/// One opened motion, and everything said about it.
#[derive(Debug)]
pub struct Take {
    /// Never used twice.
    pub id: u64,
    /// File name without its folder.
    pub name: String,
    /// What was read.
    pub motion: Arc<Motion>,
    /// The same in words. Measuring a motion takes too long for every frame of the window.
    pub description: String,
    /// The playhead in frames of the motion.
    pub frame: f32,
    /// Questions and answers, oldest first.
    pub exchanges: Vec<Exchange>,
    /// Most likely labels with their probabilities, best first; empty until recognised.
    pub labels: Vec<(String, f32)>,
    /// Labels along the take.
    pub spans: Vec<Span>,
    /// What the last explained answer depends on.
    pub explanation: Option<Explanation>,
    /// Window of the span labelling that is done, and of how many.
    pub spans_progress: Option<(usize, usize)>,
    /// Seconds at which it was opened, on the window's clock, until its strip was drawn.
    pub opened_at: Option<web_time::Instant>,
}

impl Take {
    /// The frame of the motion at the playhead, counted from 0.
    pub fn current_frame(&self) -> usize {
        (self.frame.round() as usize).min(self.motion.frames().saturating_sub(1))
    }

    /// Answers in words, the newest first: what can be explained.
    pub fn answers(&self) -> impl Iterator<Item = &Exchange> {
        let answered = |e: &&Exchange| matches!(e.outcome, Some(Outcome::Answered { .. })) && !e.answer.is_empty();
        self.exchanges.iter().rev().filter(answered)
    }

    /// Whether it is long enough to be labelled window by window.
    pub fn is_long(&self) -> bool {
        self.motion.seconds() > LONG_TAKE_SECONDS
    }
}

/// A question and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Never used twice.
    pub id: u64,
    /// As it was typed.
    pub question: String,
    /// As far as it has come.
    pub answer: String,
    /// How it ended, once it did.
    pub outcome: Option<Outcome>,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With words.
    Answered {
        /// Until the first token, in seconds.
        first_token: f64,
        /// In all, in seconds.
        seconds: f64,
        /// Tokens.
        tokens: usize,
        /// Geometric mean of the tokens' probabilities, 0..1.
        confidence: f32,
        /// By the person, before its end.
        stopped: bool,
    },
    /// With a problem.
    Failed(String),
}

/// An explained answer.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The exchange it belongs to.
    pub exchange: u64,
    /// What it depends on.
    pub attribution: Attribution,
}

/// What is drawn, and what the model looks at: a take's motion as the settings in force show it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The take's id.
    pub take: u64,
    /// What happens.
    pub motion: Arc<Motion>,
    /// How it is drawn.
    pub settings: DrawSettings,
    /// [`Document::settings_version`] of the settings.
    pub settings_version: u64,
}

impl Subject {
    /// Take and settings: the same key means the same pictures.
    pub fn key(&self) -> (u64, u64) {
        (self.take, self.settings_version)
    }
}

/// A line over the window: a problem until somebody closes it, anything else for a while.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Whether something went wrong.
    pub error: bool,
    /// What to read.
    pub text: String,
    /// When it was said.
    pub said_at: web_time::Instant,
}

/// How long a notice stays that is no problem: enough to read a line twice.
const NOTICE_TIME: Duration = Duration::from_secs(5);

/// Everything that survives the window.
#[derive(Debug, Default)]
pub struct Document {
    /// In the order of opening.
    pub takes: Vec<Take>,
    /// Index of the take in view.
    pub current: usize,
    /// How takes are drawn, for eye and model alike.
    pub settings: DrawSettings,
    /// Name of the weights' file, where it is not the model's own.
    pub weights_name: Option<String>,
    /// What to read at the top.
    pub notices: Vec<Notice>,
    /// The question being typed.
    pub draft: String,
    /// Light, dark, or as the system.
    pub theme: Option<bool>,
    /// Counts changes of `settings`, so that pictures know when they are stale.
    pub settings_version: u64,
    companions: Companions,
    last_id: u64,
}

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// A motion: the take's index.
    Take(usize),
    /// A renderer's weights.
    Weights,
    /// A description of files that come after it: its name, and their ending.
    Companion(String, &'static str),
}

impl Document {
    /// The take in view.
    pub fn take(&self) -> Option<&Take> {
        self.takes.get(self.current)
    }

    /// The take in view.
    pub fn take_mut(&mut self) -> Option<&mut Take> {
        self.takes.get_mut(self.current)
    }

    /// A take by its id, if it is still open.
    pub fn by_id(&mut self, id: u64) -> Option<&mut Take> {
        self.takes.iter_mut().find(|take| take.id == id)
    }

    /// What is drawn of the take of that index.
    pub fn subject(&self, index: usize) -> Option<Subject> {
        let take = self.takes.get(index)?;
        Some(Subject {
            take: take.id,
            motion: take.motion.clone(),
            settings: self.settings.clone(),
            settings_version: self.settings_version,
        })
    }

    /// An exchange of a take, if both are still there.
    pub fn exchange(&mut self, take: u64, exchange: u64) -> Option<&mut Exchange> {
        self.by_id(take)?.exchanges.iter_mut().find(|e| e.id == exchange)
    }

    /// A number that was never given out before.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Opens a file: a motion, a renderer's weights, or what describes motions that come after it (a `skeleton.json`, an
    /// `.asf`, the `.bin` of a `.gltf`).
    ///
    /// # Errors
    /// The reader's words, which name the file.
    pub fn open(&mut self, file: &FileSource) -> Result<Opened, String> {
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name).to_owned();
        if name.ends_with(".safetensors") {
            let loaded = draction::draction::DrAction::load(&file.bytes).map_err(|error| format!("{name}: {error}"))?;
            HostDrawing::new(loaded.draction.clone(), Default::default())
                .map_err(|error| format!("{name}: {error}"))?;
            self.settings.weights = Some(Arc::new(loaded.draction));
            self.weights_name = Some(loaded.released.map_or_else(|| name.clone(), str::to_owned));
            return Ok(Opened::Weights);
        }
        if let Some(ending) = companions::describes(&name) {
            self.companions.keep(FileSource { name: name.clone(), bytes: file.bytes.clone() });
            return Ok(Opened::Companion(name, ending));
        }
        let sidecar = self.companions.of(&name).map(<[u8]>::to_vec);
        let options = ReadOptions { sidecar, ..ReadOptions::default() };
        let motion = draction::motion::read(&file.bytes, &name, &options).map_err(|error| error.to_string())?;
        let motion = motion.without_empty_bodies();
        let id = self.next_id();
        self.takes.push(Take {
            id,
            name,
            description: describe_motion(&motion),
            motion: Arc::new(motion),
            frame: 0.0,
            exchanges: Vec::new(),
            labels: Vec::new(),
            spans: Vec::new(),
            explanation: None,
            spans_progress: None,
            opened_at: Some(web_time::Instant::now()),
        });
        Ok(Opened::Take(self.takes.len() - 1))
    }

    /// Says something over the window; the same words are not said twice at a time.
    pub fn notice(&mut self, error: bool, text: impl Into<String>) {
        let text = text.into();
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { error, text, said_at: web_time::Instant::now() });
    }

    /// Takes away the notices that have been read by now. Returns when to come again, if any are left.
    pub fn drop_old_notices(&mut self, now: web_time::Instant) -> Option<Duration> {
        let left = |notice: &Notice| NOTICE_TIME.checked_sub(now.saturating_duration_since(notice.said_at));
        self.notices.retain(|notice| notice.error || left(notice).is_some_and(|left| !left.is_zero()));
        self.notices.iter().filter(|notice| !notice.error).filter_map(left).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_go_by_themselves_and_problems_stay() {
        let mut document = Document::default();
        for _ in 0..2 {
            document.notice(true, "walk.bvh, line 3: no joints");
            document.notice(false, "saved walk.gif");
        }
        assert_eq!(document.notices.len(), 2);
        let said = document.notices[1].said_at;
        assert_eq!(document.drop_old_notices(said), Some(NOTICE_TIME));
        assert_eq!(document.drop_old_notices(said + NOTICE_TIME / 2), Some(NOTICE_TIME / 2));
        assert_eq!(document.drop_old_notices(said + NOTICE_TIME), None);
        assert!(matches!(&document.notices[..], [Notice { error: true, .. }]));
    }

    fn sample(name: &str) -> FileSource {
        let path = format!("{}/../assets/samples/{name}", env!("CARGO_MANIFEST_DIR"));
        FileSource { name: path.clone(), bytes: std::fs::read(path).expect("a sample") }
    }

    #[test]
    fn motions_become_takes_and_errors_name_their_file() {
        let mut document = Document::default();
        assert_eq!(document.open(&sample("squat.bvh")), Ok(Opened::Take(0)));
        assert_eq!(document.takes[0].name, "squat.bvh");
        let mut broken = sample("squat.bvh");
        broken.bytes.truncate(300);
        broken.name = "folder/broken.bvh".into();
        let problem = document.open(&broken).unwrap_err();
        assert!(problem.contains("broken.bvh"), "{problem}");
        assert_eq!(document.takes.len(), 1, "what was open stays open");
    }

    #[test]
    fn a_skeleton_waits_for_the_motions_that_it_belongs_to() {
        let mut document = Document::default();
        let file = |name: &str, text: &str| FileSource { name: name.into(), bytes: text.as_bytes().to_vec() };
        let motion = file("takes/01_01.amc", "1\nroot 0 1 0 0 0 0\nlfemur 10\n2\nlfemur 30\n");
        let problem = document.open(&motion).unwrap_err();
        assert!(problem.contains(".asf"), "{problem}");
        let skeleton = ":units\nangle deg\n:root\norder TX TY TZ RX RY RZ\n:bonedata\nbegin\nname lfemur\ndirection 0 -1 0\n\
            length 5\naxis 0 0 0 XYZ\ndof rx\nend\n:hierarchy\nbegin\nroot lfemur\nend\n";
        let opened = document.open(&file("takes/01.asf", skeleton));
        assert_eq!(opened, Ok(Opened::Companion("01.asf".into(), ".amc")));
        assert_eq!(document.open(&motion), Ok(Opened::Take(0)));
    }

    #[test]
    fn weights_of_the_model_can_be_dropped() {
        let path = format!("{}/../assets/nano/draction.safetensors", env!("CARGO_MANIFEST_DIR"));
        let file = FileSource { name: path.clone(), bytes: std::fs::read(path).expect("the shipped weights") };
        let mut document = Document::default();
        assert_eq!(document.open(&file), Ok(Opened::Weights));
        assert!(document.settings.weights.is_some());
        let nonsense = FileSource { name: "x.safetensors".into(), bytes: vec![0; 9] };
        assert!(document.open(&nonsense).unwrap_err().contains("x.safetensors"));
    }
}
