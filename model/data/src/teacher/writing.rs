//! Has a teacher explain many clips, and writes down what is fit to learn from.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use anyhow::{Error, Result};

use super::{Journal, RationaleTally, ShownClip, Teacher, TeacherError, judge};
use crate::{DataClip, Labels, Truth};

/// Clips in a row that may go unanswered before nobody is expected to answer any more.
const SILENCE: usize = 3;

/// What came of it.
#[derive(Debug, Default)]
pub struct Written {
    /// Written down or dropped.
    pub tally: RationaleTally,
    /// Clips that the teacher has nothing to say about.
    pub unexplained: usize,
    /// `(file name, why)` of clips that got no answer; another run asks about them again, and about what was dropped.
    pub failed: Vec<(String, String)>,
    /// Whether somebody asked to stop before the end.
    pub stopped: bool,
}

/// What the threads share.
struct State<'a> {
    open: VecDeque<&'a DataClip>,
    written: Written,
    silent: usize,
    fatal: Option<Error>,
}

/// Asks about the clips that the journal does not hold, `parallel` at a time, and appends each fit answer as it comes.
/// `on_done` is called after each clip, from any thread.
///
/// # Errors
/// When the teacher refuses, three clips in a row go unanswered, or the journal cannot be written. What was written
/// before stays.
pub fn write_rationales<'a>(
    teacher: &dyn Teacher,
    clips: impl IntoIterator<Item = &'a DataClip>,
    journal: &Journal,
    parallel: usize,
    on_done: impl Fn(&Written) + Sync,
) -> Result<Written> {
    let open = clips.into_iter().filter(|clip| !journal.holds(&clip.record.file_name)).collect();
    let state = Mutex::new(State { open, written: Written::default(), silent: 0, fatal: None });
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let labels = Labels::default();
    let work = || {
        loop {
            let next = {
                let mut state = lock();
                if state.fatal.is_some() || state.written.stopped { None } else { state.open.pop_front() }
            };
            let Some(clip) = next else { return };
            let (record, motion) = (&clip.record, &clip.motion);
            let truth = Truth::of(record, motion, false, &labels);
            let answer = teacher.rationale(&ShownClip { record, motion, mirrored: false, truth: &truth });
            let mut state = lock();
            state.settle(clip, answer, journal);
            on_done(&state.written);
        }
    };
    std::thread::scope(|scope| (0..parallel.max(1)).for_each(|_| drop(scope.spawn(work))));
    let State { written, fatal, .. } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match fatal {
        Some(error) => Err(error),
        None => Ok(written),
    }
}

impl State<'_> {
    /// Books one answer.
    fn settle(&mut self, clip: &DataClip, answer: Result<Option<String>, TeacherError>, journal: &Journal) {
        let name = &clip.record.file_name;
        if !matches!(answer, Err(TeacherError::GaveUp(_))) {
            self.silent = 0;
        }
        match (answer, clip.record.label.as_deref()) {
            (Ok(Some(text)), Some(label)) => {
                let verdict = judge(&text, label);
                match verdict.map(|()| journal.append(name, &text)) {
                    Ok(Err(error)) => self.fatal = Some(error.into()),
                    _ => self.written.tally.add(verdict),
                }
            }
            (Ok(_), _) => self.written.unexplained += 1,
            (Err(TeacherError::Stopped), _) => self.written.stopped = true,
            (Err(TeacherError::Refused(why)), _) => self.fatal = Some(Error::msg(why)),
            (Err(error), _) => {
                self.silent += usize::from(matches!(error, TeacherError::GaveUp(_)));
                if self.silent == SILENCE {
                    self.fatal = Some(Error::msg(format!("{error}; {SILENCE} clips in a row went unanswered")));
                }
                self.written.failed.push((name.clone(), error.to_string()));
            }
        }
    }
}
