//! The whole motion as one picture.

use draction::{
    export::pictures,
    s2i::{Bodies, BodyPlan, Range, S2i, Stream},
};
use eframe::egui::{self, TextureId};

use super::texture::atlas;
use crate::document::Subject;

/// More frames than a picture has lines, by far; of a take of an hour the window would wait for all of them.
const MOST_FRAMES: usize = 1 << 12;

/// A texture with one picture for each person, and what is on it.
#[derive(Default)]
pub(super) struct S2iTexture {
    shown: Option<Shown>,
}

struct Shown {
    take: u64,
    stream: Stream,
    persons: usize,
    texture: egui::TextureHandle,
}

impl S2iTexture {
    /// The picture of a stream of the take in view, and how many people stand side by side on it.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn show(
        &mut self,
        ctx: &egui::Context,
        subject: &Subject,
        stream: Stream,
    ) -> Result<(TextureId, usize), String> {
        let known = |shown: &&Shown| (shown.take, shown.stream) == (subject.take, stream);
        if let Some(shown) = self.shown.as_ref().filter(known) {
            return Ok((shown.texture.id(), shown.persons));
        }
        let motion = &*subject.motion.thinned(MOST_FRAMES);
        let s2i = S2i { range: Range::MinMax, ..S2i::new(BodyPlan::of(&motion.skeleton)) };
        let encoded = s2i.encode(Bodies::from(motion), stream).map_err(|e| e.to_string())?;
        let drawn = pictures(&encoded.interleaved(), s2i.size, s2i.size).map_err(|e| e.to_string())?;
        let image = atlas(&drawn, s2i.size);
        let texture = ctx.load_texture("s2i", image, egui::TextureOptions::LINEAR);
        let (take, persons, id) = (subject.take, drawn.len(), texture.id());
        self.shown = Some(Shown { take, stream, persons, texture });
        Ok((id, persons))
    }
}

#[cfg(test)]
mod tests {
    use draction::motion::{ReadOptions, read_file};

    use super::*;
    use crate::figured::Figured;

    #[test]
    fn a_picture_is_made_once_for_take_and_stream() {
        let path = skeletonllm_checks::asset("samples/wave_left_hand.bvh");
        let read = Figured::of(read_file(path, &ReadOptions::default()).expect("a sample"));
        let subject = |take| {
            let (motion, figure) = (read.motion.clone(), read.figure.clone());
            Subject { take, motion, figure, settings: Default::default(), settings_version: 0 }
        };
        let ctx = egui::Context::default();
        let mut texture = S2iTexture::default();
        let mut show = |take, stream| texture.show(&ctx, &subject(take), stream).expect("somebody is there");
        let (first, persons) = show(1, Stream::Joint);
        assert_eq!((show(1, Stream::Joint), persons), ((first, 1), 1));
        assert_ne!(show(1, Stream::Bone).0, first);
        assert_ne!(show(2, Stream::Bone), show(1, Stream::Bone));
    }
}
