//! What the person has opened, asked and chosen. It outlives the window: when a GPU is lost, the next window goes on
//! with the same document.

mod pair;

use std::{collections::HashMap, sync::Arc, time::Duration};

use draction::{
    figure::Mapped,
    motion::{Motion, ReadOptions, Unit, UpAxis},
    s2i::Stream,
};
use skeletonllm::{
    assistant::{Attribution, LONG_TAKE_SECONDS, Span},
    drawing::{DrawSettings, HostDrawing},
    second_opinion::Opinion,
};

use crate::{
    companions::{self, Companions},
    figured::Figured,
    files::{FileSource, Origin, Unread},
    link::Link,
    models::Offered,
    playback::Playback,
};

use pair::Pair;
pub use pair::Step;

/// One opened motion, and everything said about it.
#[derive(Debug)]
pub struct Take {
    /// Never used twice.
    pub id: u64,
    /// File name without its folder.
    pub name: String,
    /// What is shown and asked about: everybody who was read, or one of them.
    pub motion: Arc<Motion>,
    /// Everybody who was read.
    pub everybody: Arc<Motion>,
    /// The body slot of who was chosen; `None` for everybody.
    pub person: Option<usize>,
    /// What is drawn of `motion`.
    pub figure: Arc<Mapped>,
    /// The same in words. Measuring a motion takes too long for every frame of the window.
    pub description: String,
    /// How the file was read, so that it can be read otherwise.
    pub options: ReadOptions,
    /// The file.
    file: Arc<FileSource>,
    /// Where else it is.
    pub origin: Origin,
    /// The playhead in frames of the motion.
    pub frame: f32,
    /// Questions and answers, oldest first.
    pub exchanges: Vec<Exchange>,
    /// Most likely labels with their probabilities, best first; empty until recognised.
    pub labels: Vec<(String, f32)>,
    /// Where the movement lies among the words of the model that found the labels, of length 1.
    pub place: Option<Vec<f32>>,
    /// What a network finds likeliest that looks at the joints alone.
    pub second: Option<Opinion>,
    /// Whether that was asked, which does not hang on how the take is drawn.
    pub seconded: bool,
    /// [`Document::settings_version`] of the pictures that the model looked at last, whether it found labels or not.
    pub named: Option<u64>,
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

    /// Moves the playhead by so many seconds of the window's time; at its end it begins again. Says whether it moves.
    pub fn play(&mut self, playback: Playback, seconds: f32) -> bool {
        let frames = self.motion.frames() as f32;
        if !playback.playing || frames <= 1.0 {
            return false;
        }
        let step = seconds * self.motion.fps * playback.speed;
        self.frame = (self.frame + step).rem_euclid(frames - 1.0);
        true
    }

    /// Shows and asks about one person, or everybody (`None`); a slot that does not exist is nobody's. What was said about
    /// others is no longer so, and answers to come are not waited for: `id` is the take's new one.
    fn choose(&mut self, person: Option<usize>, id: u64) {
        let person = person.filter(|&p| p < self.everybody.bodies);
        let motion = person.map_or_else(|| Motion::clone(&self.everybody), |p| self.everybody.only(p));
        Figured { motion: self.motion, figure: self.figure, description: self.description } = Figured::of(motion);
        (self.person, self.id) = (person, id);
        (self.second, self.seconded) = (None, false);
        self.forget_findings("somebody else was chosen");
    }

    /// What was found out about it is no longer so, and answers to come are not waited for.
    fn forget_findings(&mut self, why: &str) {
        self.labels.clear();
        self.spans.clear();
        (self.explanation, self.named, self.place) = (None, None, None);
        self.give_up(why);
    }

    /// Whether the second opinion and the likeliest label may both be true; nothing where one of them is not there.
    pub fn agreed(&self) -> Option<bool> {
        Some(self.second.as_ref()?.agrees_with(&self.labels.first()?.0))
    }

    /// Ends what is not answered yet.
    fn give_up(&mut self, why: &str) {
        self.spans_progress = None;
        for waiting in self.exchanges.iter_mut().filter(|e| e.outcome.is_none()) {
            waiting.outcome = Some(Outcome::Failed(why.to_owned()));
        }
    }

    /// Answers in words, the newest first: what can be explained.
    pub fn answers(&self) -> impl Iterator<Item = &Exchange> {
        let answered = |e: &&Exchange| matches!(e.outcome, Some(Outcome::Answered { .. })) && !e.answer.is_empty();
        self.exchanges.iter().rev().filter(answered)
    }

    /// How the file was understood, a line each: its format, and everything that it does not state itself.
    pub fn reading(&self) -> Vec<String> {
        let source = &self.motion.source;
        [source.format.to_string()].into_iter().chain(source.guesses()).collect()
    }

    /// The file it was read from.
    pub fn file(&self) -> &Arc<FileSource> {
        &self.file
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

impl Exchange {
    /// How fast it was answered, where that could be measured.
    pub fn tokens_per_second(&self) -> Option<f64> {
        match self.outcome {
            Some(Outcome::Answered { tokens_per_second, .. }) => tokens_per_second,
            _ => None,
        }
    }
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
        /// Tokens a second after the first; `None` where there was nothing to measure.
        tokens_per_second: Option<f64>,
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
    /// What is drawn of it.
    pub figure: Arc<Mapped>,
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

/// A line over the window, for a while. Nothing is lost with it: what was opened stays open, and what failed can be
/// tried again.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Whether something went wrong.
    pub error: bool,
    /// What to read.
    pub text: String,
    /// When it was said.
    pub said_at: web_time::Instant,
}

impl Notice {
    /// How long it stays: enough to read a line twice, or a problem with its file, line and cause.
    fn time(&self) -> Duration {
        Duration::from_secs(if self.error { 15 } else { 5 })
    }

    /// How long it still stays.
    fn left(&self, now: web_time::Instant) -> Option<Duration> {
        self.time().checked_sub(now.saturating_duration_since(self.said_at)).filter(|left| !left.is_zero())
    }
}

/// Everything that survives the window.
#[derive(Debug, Default)]
pub struct Document {
    /// In the order of opening.
    pub takes: Vec<Take>,
    /// A bundled motion that is shown while nothing is open.
    pub example: Option<Take>,
    /// Index of the take in view.
    pub current: usize,
    /// The take that stands beside it.
    pair: Option<Pair>,
    /// What the page's address asked for.
    pub link: Link,
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
    /// The stream of the picture that shows the whole motion, where there is one beside DrAction's.
    pub s2i: Option<Stream>,
    /// Counts changes of `settings`, so that pictures know when they are stale.
    pub settings_version: u64,
    /// How files are read that are opened from now on.
    pub options: ReadOptions,
    /// Descriptions of files that come after them.
    pub companions: Companions,
    /// The model that answers, where it is not the shipped one.
    pub model: Option<Offered>,
    last_id: u64,
}

/// What a file turned out to be.
#[derive(Debug)]
pub enum Opened {
    /// A motion, which must be read yet: [`Document::add`] takes what comes of it.
    Motion(Unread),
    /// A motion that is open already: the take's index.
    Take(usize),
    /// A renderer's weights.
    Weights,
    /// A description of files that come after it: its name, and their ending.
    Companion(String, &'static str),
}

impl Document {
    /// Nothing yet; files will be read so.
    pub fn reading(options: ReadOptions) -> Document {
        Document { options, ..Document::default() }
    }

    /// The take in view.
    pub fn take(&self) -> Option<&Take> {
        self.takes.get(self.current)
    }

    /// The take in view.
    pub fn take_mut(&mut self) -> Option<&mut Take> {
        self.takes.get_mut(self.current)
    }

    /// A take by its id, if it is still open, or the example.
    pub fn by_id(&mut self, id: u64) -> Option<&mut Take> {
        self.takes.iter_mut().chain(&mut self.example).find(|take| take.id == id)
    }

    /// Whether that is the example's id.
    pub fn is_example(&self, id: u64) -> bool {
        self.example.as_ref().is_some_and(|example| example.id == id)
    }

    /// Shows a bundled motion whenever nothing is open. One that cannot be read is not shown.
    pub fn show_example(&mut self, file: FileSource) {
        let unread = Unread::new(file, ReadOptions::default());
        self.example = unread.read().ok().map(|read| self.take_of(unread, read));
    }

    /// The next take that the model has not looked at as takes are drawn now: the one in view first, and the example where
    /// nothing is open.
    pub fn unnamed(&self) -> Option<Subject> {
        let example = self.example.iter().filter(|_| self.takes.is_empty());
        let mut all = self.take().into_iter().chain(&self.takes).chain(example);
        all.find(|take| self.is_unnamed(take)).map(|take| self.drawn(take))
    }

    /// The next take with labels about which no second opinion was asked, the one in view first.
    pub fn unseconded(&self) -> Option<Subject> {
        let mut all = self.take().into_iter().chain(&self.takes);
        all.find(|take| !take.labels.is_empty() && !take.seconded).map(|take| self.drawn(take))
    }

    /// Whether the model has not looked at a take as takes are drawn now.
    pub fn is_unnamed(&self, take: &Take) -> bool {
        take.named != Some(self.settings_version)
    }

    /// The takes' names, in their order; those that are told by no name get a number.
    pub fn titles(&self) -> Vec<String> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let titles = self.takes.iter().map(|take| {
            let number = seen.entry(&take.name).or_default();
            *number += 1;
            let name = one_line(&take.name);
            if *number == 1 { name } else { format!("{name} ({number})") }
        });
        titles.collect()
    }

    /// Ends what was asked about all takes and not answered yet.
    pub fn give_up(&mut self, why: &str) {
        self.takes.iter_mut().for_each(|take| take.give_up(why));
    }

    /// Takes note of the key that a file is kept under. Whether the file is still open.
    pub fn keep(&mut self, file: &Arc<FileSource>, key: &str) -> bool {
        let take = self.takes.iter_mut().find(|take| Arc::ptr_eq(&take.file, file));
        take.is_some_and(|take| {
            take.origin.kept = Some(key.to_owned());
            true
        })
    }

    /// What is drawn of the take of that index.
    pub fn subject(&self, index: usize) -> Option<Subject> {
        self.takes.get(index).map(|take| self.drawn(take))
    }

    /// What is drawn of a take.
    pub fn drawn(&self, take: &Take) -> Subject {
        Subject {
            take: take.id,
            motion: take.motion.clone(),
            figure: take.figure.clone(),
            settings: self.settings.clone(),
            settings_version: self.settings_version,
        }
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

    /// A reading of the take in view of one person alone, or of everybody: of a large file it takes too long for the
    /// window. `None` where it does not, and [`Document::choose_person`] does it.
    pub fn choosing(&self, person: Option<usize>) -> Option<Unread> {
        let take = self.take()?;
        let unread = Unread::of(take.file.clone(), take.options.clone());
        let person = person.filter(|&p| p < take.everybody.bodies);
        let large = !unread.is_small();
        large.then(|| Unread { only: person, instead_of: Some(take.id), origin: take.origin.clone(), ..unread })
    }

    /// Shows one person of the take in view, or everybody.
    pub fn choose_person(&mut self, person: Option<usize>) {
        let id = self.next_id();
        if let Some(take) = self.take_mut() {
            take.choose(person, id);
        }
    }

    /// What a model found out about takes is no longer so, and its answers to come are not waited for.
    pub fn forget_findings(&mut self, why: &str) {
        self.settings_version += 1;
        self.takes.iter_mut().chain(&mut self.example).for_each(|take| take.forget_findings(why));
    }

    /// Takes in a file: a renderer's weights, or what describes motions that come after it (a `skeleton.json`, an `.asf`,
    /// the `.bin` of a `.gltf`). A motion is for others to read.
    ///
    /// # Errors
    /// When weights cannot be used, in words that name the file.
    pub fn accept(&mut self, file: FileSource) -> Result<Opened, String> {
        let name = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name).to_owned();
        if name.ends_with(".safetensors") {
            let expected = |error: &dyn std::fmt::Display| {
                format!(
                    "{name}: {error}. Weights of a renderer are expected, such as the draction.safetensors in the folder \
                     of a trained model, or the authors' released ones"
                )
            };
            let loaded = draction::draction::DrAction::load(&file.bytes).map_err(|error| expected(&error))?;
            HostDrawing::new(loaded.draction.clone(), Default::default()).map_err(|error| expected(&error))?;
            self.settings.weights = Some(Arc::new(loaded.draction));
            self.weights_name = Some(loaded.released.map_or_else(|| name.clone(), str::to_owned));
            return Ok(Opened::Weights);
        }
        if let Some(ending) = companions::describes(&name) {
            self.companions.keep(FileSource { name: name.clone(), bytes: file.bytes });
            return Ok(Opened::Companion(name, ending));
        }
        let options = ReadOptions { companions: self.companions.of(&name), ..self.options.clone() };
        let unread = Unread::new(FileSource { name, bytes: file.bytes }, options);
        Ok(self.same(&unread).map_or(Opened::Motion(unread), Opened::Take))
    }

    /// The take of the same file, if it is open.
    fn same(&self, unread: &Unread) -> Option<usize> {
        self.takes
            .iter()
            .position(|take| *take.file == *unread.file && take.options.companions == unread.options.companions)
    }

    /// Another reading of the take in view, with that unit and up axis, or as the file itself tells with `None`.
    pub fn otherwise(&self, unit: Option<Unit>, up: Option<UpAxis>) -> Option<Unread> {
        let take = self.take()?;
        let options = ReadOptions { unit, up, ..take.options.clone() };
        let unread = Unread::of(take.file.clone(), options);
        Some(Unread { instead_of: Some(take.id), origin: take.origin.clone(), ..unread })
    }

    /// Takes in what was read, and tells where. Of a take that was read otherwise, what was asked stays; what the model
    /// found out about the other reading goes. `None` where that take was closed meanwhile.
    pub fn add(&mut self, unread: Unread, read: Figured) -> Option<usize> {
        let Some(id) = unread.instead_of else {
            if let Some(index) = self.same(&unread) {
                return Some(index);
            }
            let take = self.take_of(unread, read);
            self.takes.push(take);
            return Some(self.takes.len() - 1);
        };
        let index = self.takes.iter().position(|take| take.id == id)?;
        let only = unread.only;
        let mut read = self.take_of(unread, read);
        let take = &mut self.takes[index];
        if only.is_some() {
            (read.everybody, read.person) = (take.everybody.clone(), only);
        }
        take.give_up("the file was read otherwise");
        let exchanges = std::mem::take(&mut take.exchanges);
        let (frame, origin, new) = (take.frame, std::mem::take(&mut take.origin), read.id);
        *take = Take { exchanges, frame, origin, ..read };
        if let Some(pair) = &mut self.pair {
            pair.renamed(id, new);
        }
        Some(index)
    }

    /// A take of its own, not yet among the others.
    fn take_of(&mut self, unread: Unread, read: Figured) -> Take {
        let Figured { motion, figure, description } = read;
        Take {
            id: self.next_id(),
            name: unread.file.name.clone(),
            description,
            figure,
            options: unread.options,
            file: unread.file,
            origin: unread.origin,
            everybody: motion.clone(),
            person: None,
            motion,
            frame: 0.0,
            exchanges: Vec::new(),
            labels: Vec::new(),
            place: None,
            second: None,
            seconded: false,
            named: None,
            spans: Vec::new(),
            explanation: None,
            spans_progress: None,
            opened_at: Some(web_time::Instant::now()),
        }
    }

    /// Says something over the window; the same words are not said twice at a time.
    pub fn notice(&mut self, error: bool, text: impl Into<String>) {
        let text = text.into();
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { error, text, said_at: web_time::Instant::now() });
    }

    /// Takes away the notices that have been read by now. Returns when to come again, if any are left.
    pub fn drop_old_notices(&mut self, now: web_time::Instant) -> Option<Duration> {
        self.notices.retain(|notice| notice.left(now).is_some());
        self.notices.iter().filter_map(|notice| notice.left(now)).min()
    }
}

#[cfg(test)]
impl Document {
    /// [`Document::accept`], and reads a motion at once.
    pub fn open(&mut self, file: FileSource) -> Result<Opened, String> {
        match self.accept(file)? {
            Opened::Motion(unread) => {
                let read = unread.read()?;
                Ok(Opened::Take(self.add(unread, read).expect("it is in no other's place")))
            }
            opened => Ok(opened),
        }
    }
}

/// A name as one line of a list.
pub fn one_line(name: &str) -> String {
    name.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use skeletonllm_checks::asset;

    use super::*;
    use crate::files::{SMALL, sample};

    #[test]
    fn a_take_plays_at_its_speed_and_begins_again() {
        let mut document = Document::default();
        document.open(sample("squat.bvh")).expect("a motion");
        let take = document.take_mut().expect("just opened");
        let (fps, last) = (take.motion.fps, (take.motion.frames() - 1) as f32);
        assert!(!take.play(Playback::default(), 1.0) && take.frame == 0.0, "it stands still");
        let half = Playback { playing: true, speed: 0.5 };
        assert!(take.play(half, 0.2));
        assert!((take.frame - 0.1 * fps).abs() < 1e-3, "{}", take.frame);
        take.frame = last - 1.0;
        assert!(take.play(half, 4.0 / fps));
        assert!((take.frame - 1.0).abs() < 1e-3, "{}", take.frame);
    }

    #[test]
    fn notices_go_by_themselves_and_problems_last_longer() {
        let mut document = Document::default();
        for _ in 0..2 {
            document.notice(true, "walk.bvh, line 3: no joints");
            document.notice(false, "saved walk.gif");
        }
        assert_eq!(document.notices.len(), 2);
        let said = document.notices[1].said_at;
        document.notices[0].said_at = said;
        let second = Duration::from_secs(1);
        assert_eq!(document.drop_old_notices(said), Some(5 * second));
        assert_eq!(document.drop_old_notices(said + 2 * second), Some(3 * second));
        assert_eq!(document.drop_old_notices(said + 5 * second), Some(10 * second));
        assert!(matches!(&document.notices[..], [Notice { error: true, .. }]));
        assert_eq!(document.drop_old_notices(said + 15 * second), None);
        assert!(document.notices.is_empty());
    }

    #[test]
    fn motions_become_takes_and_errors_name_their_file() {
        let mut document = Document::default();
        assert!(matches!(document.open(sample("squat.bvh")), Ok(Opened::Take(0))));
        assert_eq!(document.takes[0].name, "squat.bvh");
        let mut broken = sample("squat.bvh");
        broken.bytes.truncate(300);
        broken.name = "folder/broken.bvh".into();
        let problem = document.open(broken).unwrap_err();
        assert!(problem.contains("broken.bvh"), "{problem}");
        assert_eq!(document.takes.len(), 1, "what was open stays open");
        document.open(sample("walk.bvh")).unwrap();
        assert!(matches!(document.open(sample("squat.bvh")), Ok(Opened::Take(0))), "it is open already");
        assert_eq!(document.takes.len(), 2);
    }

    #[test]
    fn an_example_is_looked_at_whenever_nothing_is_open() {
        let mut document = Document::default();
        document.show_example(sample("walk.bvh"));
        let id = document.example.as_ref().expect("it can be read").id;
        assert!(document.is_example(id) && document.by_id(id).is_some() && document.take().is_none());
        assert_eq!(document.unnamed().map(|subject| subject.take), Some(id));
        document.open(sample("squat.bvh")).unwrap();
        assert_ne!(document.unnamed().map(|subject| subject.take), Some(id), "nobody sees it now");
        document.takes.clear();
        assert_eq!(document.unnamed().map(|subject| subject.take), Some(id));
    }

    /// Three takes, the second in view, and their ids.
    fn three_takes() -> (Document, Vec<u64>) {
        let mut document = Document::default();
        for name in ["walk.bvh", "squat.bvh", "clap.bvh"] {
            document.open(sample(name)).unwrap();
        }
        document.current = 1;
        let ids = document.takes.iter().map(|take| take.id).collect();
        (document, ids)
    }

    #[test]
    fn a_second_opinion_is_asked_once_of_each_take_that_is_named() {
        let (mut document, ids) = three_takes();
        assert!(document.unseconded().is_none(), "none is named");
        document.takes[0].labels.push(("walk".to_owned(), 0.9));
        document.takes[1].labels.push(("squat".to_owned(), 0.9));
        for expected in [ids[1], ids[0]] {
            let subject = document.unseconded().expect("one is left");
            assert_eq!(subject.take, expected);
            document.by_id(subject.take).unwrap().seconded = true;
        }
        assert!(document.unseconded().is_none());
        // drawn otherwise the joints are the same
        document.forget_findings("drawn otherwise");
        assert!(document.takes[0].seconded);
        document.current = 0;
        document.choose_person(None);
        assert!(document.takes[0].labels.is_empty() && !document.takes[0].seconded);
    }

    #[test]
    fn every_take_gets_labels_of_the_settings_in_force_the_one_in_view_first() {
        let (mut document, ids) = three_takes();
        let looked_at = |document: &mut Document| {
            let mut order = Vec::new();
            while let Some(subject) = document.unnamed() {
                order.push(subject.take);
                document.by_id(subject.take).unwrap().named = Some(subject.settings_version);
            }
            order
        };
        assert_eq!(looked_at(&mut document), [ids[1], ids[0], ids[2]]);
        document.settings_version += 1;
        assert_eq!(looked_at(&mut document).len(), 3, "they are drawn otherwise now");
        document.choose_person(Some(0));
        assert_eq!(looked_at(&mut document), [document.takes[1].id], "somebody else is seen");
    }

    #[test]
    fn takes_of_one_name_are_told_apart_and_kept_by_what_they_hold() {
        let mut document = Document::default();
        for other in ["walk.bvh", "squat.bvh", "clap.bvh"] {
            document.open(FileSource { name: "a.bvh".to_owned(), ..sample(other) }).unwrap();
        }
        document.open(sample("walk.bvh")).unwrap();
        assert_eq!(document.titles(), ["a.bvh", "a.bvh (2)", "a.bvh (3)", "walk.bvh"]);
        let files: Vec<_> = document.takes.iter().map(|take| take.file().clone()).collect();
        assert!(document.keep(&files[1], "key"));
        // another reading of the file is still that file
        document.current = 1;
        read_as(&mut document, Some(Unit::METRE), None);
        let kept: Vec<_> = document.takes.iter().map(|take| take.origin.kept.as_deref()).collect();
        assert_eq!(kept, [None, Some("key"), None, None]);
        document.takes.remove(1);
        assert!(!document.keep(&files[1], "key"), "it was closed before it was kept");
    }

    #[test]
    fn what_was_asked_of_a_lost_gpu_is_not_waited_for() {
        let mut document = Document::default();
        document.open(sample("walk.bvh")).unwrap();
        let waiting = Exchange { id: 1, question: "who?".into(), answer: "sh".into(), outcome: None };
        document.takes[0].exchanges.push(waiting);
        document.takes[0].spans_progress = Some((1, 9));
        document.give_up("the GPU was lost");
        let take = &document.takes[0];
        assert!(matches!(&take.exchanges[0].outcome, Some(Outcome::Failed(why)) if why.contains("lost")));
        assert_eq!(take.spans_progress, None, "it can be labelled again");
    }

    fn read_as(document: &mut Document, unit: Option<Unit>, up: Option<UpAxis>) {
        let unread = document.otherwise(unit, up).expect("something is in view");
        let read = unread.read().expect("it was read before");
        assert_eq!(document.add(unread, read), Some(document.current));
    }

    #[test]
    fn a_take_can_be_read_otherwise_and_back() {
        let mut document = Document::default();
        document.open(sample("squat.bvh")).unwrap();
        let id = document.takes[0].id;
        let exchange = Exchange { id: 77, question: "who?".into(), answer: "she".into(), outcome: None };
        document.takes[0].exchanges.push(exchange);
        document.takes[0].labels.push(("squat".into(), 1.0));
        let before = document.takes[0].motion.position(0, 0, 4);
        assert!(document.takes[0].reading().iter().any(|line| line.contains("unit cm")));
        read_as(&mut document, Some(Unit::METRE), Some(UpAxis::PlusZ));
        let take = &document.takes[0];
        // +z becomes +y, and a centimetre a metre
        let [x, y, z] = take.motion.position(0, 0, 4).map(|v| v / 100.0);
        let turned = [x, -z, y];
        assert!((0..3).all(|i| (turned[i] - before[i]).abs() < 1e-4), "{turned:?} {before:?}");
        assert!(take.id != id && take.labels.is_empty() && take.exchanges[0].question == "who?");
        assert!(matches!(take.exchanges[0].outcome, Some(Outcome::Failed(_))), "it is not waited for");
        assert!(take.reading().iter().all(|line| !line.contains("unit")), "nobody guessed: {:?}", take.reading());
        read_as(&mut document, None, None);
        assert_eq!(document.takes[0].motion.position(0, 0, 4), before);
        assert_eq!(document.takes[0].name, "squat.bvh");
    }

    /// The same person twice, the second one a metre and a half aside.
    fn two_people() -> FileSource {
        let sample = sample("wave_left_hand.skeleton");
        let text = String::from_utf8(sample.bytes).expect("text");
        let mut words = text.split_whitespace();
        let frames: usize = words.next().expect("frames").parse().expect("a number");
        let frames = frames.min(20);
        let mut both = format!("{frames}\n");
        for _ in 0..frames {
            assert_eq!(words.next(), Some("1"));
            let body: Vec<&str> = words.by_ref().take(11 + 25 * 12).collect();
            let mut other: Vec<String> = body.iter().map(|&w| w.to_owned()).collect();
            other[0] = "77".into();
            for joint in other[11..].chunks_exact_mut(12) {
                joint[0] = (joint[0].parse::<f32>().expect("x") + 1.5).to_string();
            }
            both += &format!("2\n{}\n{}\n", body.join(" "), other.join(" "));
        }
        FileSource { name: "two.skeleton".into(), bytes: both.into_bytes() }
    }

    #[test]
    fn one_of_two_people_of_a_large_file_is_read_beside_the_window() {
        let mut file = two_people();
        let mut document = Document::default();
        document.open(file.clone()).expect("it is small");
        assert!(document.choosing(Some(1)).is_none());
        assert_eq!(document.takes[0].everybody.bodies, 2);
        document.choose_person(Some(1));
        let chosen = document.takes[0].motion.clone();
        document.takes.clear();
        file.bytes.extend(std::iter::repeat_n(b'\n', SMALL));
        document.open(file).expect("as before");
        let everybody = document.takes[0].everybody.clone();
        for (person, positions) in [(Some(1), &chosen.positions), (None, &everybody.positions)] {
            let unread = document.choosing(person).expect("it is large");
            let read = unread.read().expect("it was read before");
            assert_eq!(document.add(unread, read), Some(0));
            let take = &document.takes[0];
            assert_eq!((take.person, &take.motion.positions), (person, positions));
            assert_eq!(take.everybody.bodies, 2);
        }
        assert_eq!(document.choosing(Some(7)).expect("it is large").only, None, "there is nobody");
    }

    #[test]
    fn one_of_two_people_can_be_chosen_and_everybody_again() {
        let mut document = Document::default();
        assert!(matches!(document.open(two_people()), Ok(Opened::Take(0))));
        let (id, everybody) = (document.takes[0].id, document.takes[0].motion.clone());
        assert_eq!(everybody.bodies, 2);
        document.takes[0].exchanges.push(Exchange {
            id: 9,
            question: "Who?".into(),
            answer: String::new(),
            outcome: None,
        });
        document.choose_person(Some(1));
        let take = &document.takes[0];
        assert_eq!((take.motion.bodies, take.person), (1, Some(1)));
        assert_eq!(take.motion.position(3, 0, 7), everybody.position(3, 1, 7));
        assert!(take.id != id && take.exchanges[0].outcome.is_some(), "what was asked is not waited for");
        document.choose_person(None);
        assert_eq!(document.takes[0].motion.positions, everybody.positions);
        document.choose_person(Some(7));
        assert_eq!(document.takes[0].person, None);
    }

    #[test]
    fn a_skeleton_waits_for_the_motions_that_it_belongs_to() {
        let mut document = Document::default();
        let file = |name: &str, text: &str| FileSource { name: name.into(), bytes: text.as_bytes().to_vec() };
        let motion = file("takes/01_01.amc", "1\nroot 0 1 0 0 0 0\nlfemur 10\n2\nlfemur 30\n");
        let problem = document.open(motion.clone()).unwrap_err();
        assert!(problem.contains(".asf"), "{problem}");
        let skeleton = ":units\nangle deg\n:root\norder TX TY TZ RX RY RZ\n:bonedata\nbegin\nname lfemur\ndirection 0 -1 0\n\
            length 5\naxis 0 0 0 XYZ\ndof rx\nend\n:hierarchy\nbegin\nroot lfemur\nend\n";
        let opened = document.open(file("takes/01.asf", skeleton));
        assert!(matches!(opened, Ok(Opened::Companion(name, ".amc")) if name == "01.asf"));
        assert!(matches!(document.open(motion), Ok(Opened::Take(0))));
    }

    #[test]
    fn weights_of_the_model_can_be_dropped() {
        let bytes = std::fs::read(asset("nano/draction.safetensors")).expect("the shipped weights");
        let file = FileSource { name: "draction.safetensors".to_owned(), bytes };
        let mut document = Document::default();
        assert!(matches!(document.open(file), Ok(Opened::Weights)));
        assert!(document.settings.weights.is_some());
        let nonsense = FileSource { name: "x.safetensors".into(), bytes: vec![0; 9] };
        let problem = document.open(nonsense).unwrap_err();
        assert!(problem.contains("x.safetensors") && problem.contains("draction.safetensors"), "{problem}");
    }
}
