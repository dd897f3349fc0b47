//! Motions are read beside the window, so that it stays awake whatever a file's size.

use std::sync::mpsc;

use draction::motion::Motion;
use eframe::egui;

use crate::{files::Unread, platform};

/// A file that is being read.
pub struct Reading {
    /// Never used twice.
    pub id: u64,
    /// What it will be.
    pub unread: Unread,
    /// Ends the work when it is dropped, where the platform can.
    _apart: platform::Apart,
}

/// What came of a reading: its id, and the motion or the reader's words.
type Outcome = (u64, Result<Motion, String>);

/// All files that are being read.
pub struct Readings {
    under_way: Vec<Reading>,
    outbox: mpsc::Sender<Outcome>,
    inbox: mpsc::Receiver<Outcome>,
    /// What was read at once.
    finished: Vec<(Unread, Result<Motion, String>)>,
    last_id: u64,
}

impl Default for Readings {
    fn default() -> Readings {
        let (outbox, inbox) = mpsc::channel();
        Readings { under_way: Vec::new(), outbox, inbox, finished: Vec::new(), last_id: 0 }
    }
}

impl Readings {
    /// Begins to read, and wakes the window when it is done. Whether it takes time.
    pub fn begin(&mut self, unread: Unread, ctx: &egui::Context) -> bool {
        ctx.request_repaint();
        if unread.is_small() {
            let motion = unread.read();
            self.finished.push((unread, motion));
            return false;
        }
        self.last_id += 1;
        let (id, outbox, ctx) = (self.last_id, self.outbox.clone(), ctx.clone());
        let apart = platform::read_apart(&unread, move |motion| {
            // a window that has gone, or does not wait any more, needs no motion
            let _ = outbox.send((id, motion));
            ctx.request_repaint();
        });
        self.under_way.push(Reading { id, unread, _apart: apart });
        true
    }

    /// What is done since the last call.
    pub fn finished(&mut self) -> Vec<(Unread, Result<Motion, String>)> {
        let mut finished = std::mem::take(&mut self.finished);
        for (id, motion) in self.inbox.try_iter() {
            if let Some(index) = self.under_way.iter().position(|reading| reading.id == id) {
                finished.push((self.under_way.remove(index).unread, motion));
            }
        }
        finished
    }

    /// What is being read, oldest first.
    pub fn under_way(&self) -> &[Reading] {
        &self.under_way
    }

    /// Gives a file up.
    pub fn cancel(&mut self, id: u64) {
        self.under_way.retain(|reading| reading.id != id);
    }

    /// Gives all up, for another window to begin again.
    pub fn abandon(&mut self) -> impl Iterator<Item = Unread> + use<> {
        std::mem::take(&mut self.under_way).into_iter().map(|reading| reading.unread)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use draction::motion::ReadOptions;

    use super::*;
    use crate::files::{FileSource, SMALL, sample};

    /// A sample that is too large to be read at once, by empty lines.
    fn large(name: &str) -> Unread {
        let mut file = sample(name);
        file.bytes.extend(std::iter::repeat_n(b'\n', SMALL));
        Unread::new(file, ReadOptions::default())
    }

    /// Waits for what comes of all that is being read.
    fn all(readings: &mut Readings) -> Vec<(Unread, Result<Motion, String>)> {
        let (mut finished, begun) = (Vec::new(), Instant::now());
        while !readings.under_way().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it ends some time");
            std::thread::sleep(Duration::from_millis(5));
            finished.extend(readings.finished());
        }
        finished
    }

    #[test]
    fn small_files_are_there_at_once_and_large_ones_as_they_would_be() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        readings.begin(Unread::new(sample("walk.bvh"), ReadOptions::default()), &ctx);
        assert!(readings.under_way().is_empty());
        assert!(matches!(&readings.finished()[..], [(_, Ok(motion))] if motion.frames() > 10));
        let unread = large("walk.bvh");
        let expected = unread.read().expect("a sample");
        readings.begin(unread, &ctx);
        assert_eq!(readings.under_way().len(), 1);
        let finished = all(&mut readings);
        let [(_, Ok(motion))] = &finished[..] else { panic!("{finished:?}") };
        assert_eq!(motion.positions, expected.positions);
        assert_eq!(motion.source, expected.source);
    }

    #[test]
    fn archives_may_be_larger_than_they_look() {
        for head in [&b"PK\x03\x04"[..], &[0x1f, 0x8b, 8]] {
            let file = FileSource { name: "x".to_owned(), bytes: head.to_vec() };
            assert!(!Unread::new(file, ReadOptions::default()).is_small());
        }
    }

    #[test]
    fn what_is_given_up_is_not_heard_of_again() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        readings.begin(large("walk.bvh"), &ctx);
        readings.begin(large("squat.bvh"), &ctx);
        let first = readings.under_way()[0].id;
        readings.cancel(first);
        let finished = all(&mut readings);
        assert!(matches!(&finished[..], [(unread, Ok(_))] if unread.file.name == "squat.bvh"));
        readings.begin(large("walk.bvh"), &ctx);
        let again: Vec<_> = readings.abandon().map(|unread| unread.file.name.clone()).collect();
        assert_eq!((again, readings.under_way().len()), (vec!["walk.bvh".to_owned()], 0));
    }
}
