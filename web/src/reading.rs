//! Motions are read beside the window, so that it stays awake whatever a file's size, and however many there are.

use std::{sync::mpsc, time::Duration};

use eframe::egui;
use web_time::Instant;

use crate::{figured::Figured, files::Unread, platform};

/// So many large files are read at a time: each takes a thread, and in a browser another copy of the program.
const AT_A_TIME: usize = 2;

/// Small files are read in the window's own time, so long in each of its frames.
const OF_A_FRAME: Duration = Duration::from_millis(20);

/// A file that is being read, or waits for it.
pub struct Reading {
    /// Never used twice.
    pub id: u64,
    /// What it will be.
    pub unread: Unread,
    /// How much is done, 0..1, as soon as that is known.
    pub fraction: Option<f32>,
    /// Who reads it; ends the work when it is dropped, where the platform can. Nobody yet of what waits.
    apart: Option<platform::Apart>,
}

/// What is heard of a reading.
pub enum Heard {
    /// How much is done, 0..1.
    Fraction(f32),
    /// The motion, or the reader's words.
    Done(Result<Figured, String>),
}

/// All files that are being read or wait for it.
pub struct Readings {
    /// Oldest first.
    all: Vec<Reading>,
    outbox: mpsc::Sender<(u64, Heard)>,
    inbox: mpsc::Receiver<(u64, Heard)>,
    last_id: u64,
}

impl Default for Readings {
    fn default() -> Readings {
        let (outbox, inbox) = mpsc::channel();
        Readings { all: Vec::new(), outbox, inbox, last_id: 0 }
    }
}

impl Readings {
    /// Takes in a file; [`Readings::finished`] reads it. Of two readings that take one take's place the later one counts.
    pub fn begin(&mut self, unread: Unread, ctx: &egui::Context) {
        self.all.retain(|reading| unread.instead_of.is_none() || reading.unread.instead_of != unread.instead_of);
        self.last_id += 1;
        self.all.push(Reading { id: self.last_id, unread, fraction: None, apart: None });
        ctx.request_repaint();
    }

    /// Goes on reading, and answers with what is done since the last call. Wakes the window when there is more.
    pub fn finished(&mut self, ctx: &egui::Context) -> Vec<(Unread, Result<Figured, String>)> {
        let mut finished = Vec::new();
        for (id, heard) in self.inbox.try_iter() {
            let Some(index) = self.all.iter().position(|reading| reading.id == id) else { continue };
            match heard {
                Heard::Fraction(fraction) => self.all[index].fraction = Some(fraction),
                Heard::Done(motion) => finished.push((self.all.remove(index).unread, motion)),
            }
        }
        self.read_small(ctx, &mut finished);
        self.start_large(ctx);
        finished
    }

    fn read_small(&mut self, ctx: &egui::Context, finished: &mut Vec<(Unread, Result<Figured, String>)>) {
        let begun = Instant::now();
        while let Some(index) = self.all.iter().position(|reading| reading.unread.is_small()) {
            if begun.elapsed() >= OF_A_FRAME {
                return ctx.request_repaint();
            }
            let unread = self.all.remove(index).unread;
            let motion = unread.read();
            finished.push((unread, motion));
        }
    }

    fn start_large(&mut self, ctx: &egui::Context) {
        let busy = self.all.iter().filter(|reading| reading.apart.is_some()).count();
        let waiting = self.all.iter_mut().filter(|reading| reading.apart.is_none() && !reading.unread.is_small());
        for reading in waiting.take(AT_A_TIME.saturating_sub(busy)) {
            let (id, outbox, ctx) = (reading.id, self.outbox.clone(), ctx.clone());
            reading.apart = Some(platform::read_apart(&reading.unread, move |heard| {
                // a window that has gone, or does not wait any more, needs no motion
                let _ = outbox.send((id, heard));
                ctx.request_repaint();
            }));
        }
    }

    /// What is being read or waits for it, oldest first.
    pub fn all(&self) -> &[Reading] {
        &self.all
    }

    /// Gives a file up; its name.
    pub fn cancel(&mut self, id: u64) -> Option<String> {
        let index = self.all.iter().position(|reading| reading.id == id)?;
        Some(self.all.remove(index).unread.file.name.clone())
    }

    /// Gives all up.
    pub fn cancel_all(&mut self) {
        self.all.clear();
    }

    /// Gives all up, for another window to begin again.
    pub fn abandon(&mut self) -> impl Iterator<Item = Unread> + use<> {
        std::mem::take(&mut self.all).into_iter().map(|reading| reading.unread)
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
    fn all(readings: &mut Readings) -> Vec<(Unread, Result<Figured, String>)> {
        let (mut finished, begun) = (Vec::new(), Instant::now());
        while !readings.all().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it ends some time");
            finished.extend(readings.finished(&egui::Context::default()));
            std::thread::sleep(Duration::from_millis(5));
        }
        finished
    }

    #[test]
    fn small_files_are_there_at_once_and_large_ones_as_they_would_be() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        readings.begin(Unread::new(sample("walk.bvh"), ReadOptions::default()), &ctx);
        assert!(matches!(&readings.finished(&ctx)[..], [(_, Ok(read))] if read.motion.frames() > 10));
        assert!(readings.all().is_empty());
        let unread = large("walk.bvh");
        let expected = unread.read().expect("a sample");
        readings.begin(unread, &ctx);
        let finished = all(&mut readings);
        let [(_, Ok(read))] = &finished[..] else { panic!("{finished:?}") };
        assert_eq!(read.motion.positions, expected.motion.positions);
        assert_eq!(read.motion.source, expected.motion.source);
        assert_eq!(read.figure.motion.positions, expected.figure.motion.positions);
        assert_eq!(read.description, expected.description);
    }

    #[test]
    fn hundreds_of_files_take_many_frames_of_the_window_and_few_threads() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        for _ in 0..300 {
            readings.begin(Unread::new(sample("walk.bvh"), ReadOptions::default()), &ctx);
        }
        for _ in 0..10 {
            readings.begin(large("squat.bvh"), &ctx);
        }
        let (mut frames, mut read) = (0, 0);
        while readings.all().iter().any(|reading| reading.unread.is_small()) {
            read += readings.finished(&ctx).len();
            frames += 1;
            let at_work = readings.all().iter().filter(|reading| reading.apart.is_some()).count();
            assert!(at_work <= AT_A_TIME, "{at_work} at a time");
        }
        assert!(frames > 2, "{read} files in {frames} frames");
        read += all(&mut readings).len();
        assert_eq!(read, 310);
    }

    #[test]
    fn it_is_told_how_far_a_large_file_is() {
        let text = String::from_utf8(sample("walk.bvh").bytes).expect("text");
        let (above, motion) = text.split_once("MOTION\n").expect("a BVH has a motion");
        let rows: Vec<&str> = motion.lines().skip(2).collect();
        let rows = rows.join("\n") + "\n";
        let frames = rows.lines().count() * 60;
        let bytes = format!("{above}MOTION\nFrames: {frames}\nFrame Time: 0.0333\n{}", rows.repeat(60)).into_bytes();
        let unread = Unread::new(FileSource { name: "long.bvh".to_owned(), bytes }, ReadOptions::default());
        let mut heard = Vec::new();
        let read = unread.read_watched(&mut |fraction| heard.push(fraction)).expect("it is whole");
        assert_eq!(read.motion.frames(), frames);
        assert!(heard.len() > 10 && heard.is_sorted(), "{heard:?}");
        assert!(heard[0] < 0.2 && *heard.last().unwrap() > 0.8, "{heard:?}");
        assert!(heard.iter().all(|fraction| (0.0..=1.0).contains(fraction)), "{heard:?}");
    }

    #[test]
    fn archives_may_be_larger_than_they_look() {
        for head in [&b"PK\x03\x04"[..], &[0x1f, 0x8b, 8]] {
            let file = FileSource { name: "x".to_owned(), bytes: head.to_vec() };
            assert!(!Unread::new(file, ReadOptions::default()).is_small());
        }
    }

    #[test]
    fn the_later_of_two_readings_in_one_place_counts() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        for instead_of in [None, Some(1), Some(2), Some(1), None] {
            readings.begin(Unread { instead_of, ..large("walk.bvh") }, &ctx);
        }
        let places: Vec<_> = readings.all().iter().map(|reading| reading.unread.instead_of).collect();
        assert_eq!(places, [None, Some(2), Some(1), None]);
    }

    #[test]
    fn what_is_given_up_is_not_heard_of_again() {
        let (ctx, mut readings) = (egui::Context::default(), Readings::default());
        readings.begin(large("walk.bvh"), &ctx);
        readings.begin(large("squat.bvh"), &ctx);
        let first = readings.all()[0].id;
        readings.finished(&ctx);
        assert_eq!(readings.cancel(first).as_deref(), Some("walk.bvh"));
        assert_eq!(readings.cancel(first), None);
        let finished = all(&mut readings);
        assert!(matches!(&finished[..], [(unread, Ok(_))] if unread.file.name == "squat.bvh"));
        readings.begin(large("walk.bvh"), &ctx);
        let again: Vec<_> = readings.abandon().map(|unread| unread.file.name.clone()).collect();
        assert_eq!((again, readings.all().len()), (vec!["walk.bvh".to_owned()], 0));
    }
}
