//! What a person chose and the next visit begins with.

use draction::s2i::Stream;
use serde::{Deserialize, Serialize};
use skeletonllm::drawing::CameraMode;

use crate::{document::Document, platform, playback::Playback};

/// The key that they are kept under.
const KEY: &str = "preferences";

/// Theme, and how motions are drawn and played. A field that is missing or that is none any more is as it was at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    dark: Option<bool>,
    reference_camera: bool,
    nfm: bool,
    depth_mix: Option<f32>,
    s2i: Option<Stream>,
    speed: f32,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preferences::of(&Document::default(), Playback::default())
    }
}

impl Preferences {
    /// Those in force.
    #[must_use]
    pub fn of(document: &Document, playback: Playback) -> Preferences {
        let settings = &document.settings;
        Preferences {
            dark: document.theme,
            reference_camera: settings.camera == CameraMode::Reference,
            nfm: settings.nfm,
            depth_mix: settings.depth_mix,
            s2i: document.s2i,
            speed: playback.speed,
        }
    }

    /// Those of the last visit, if there was one and something can be made of what it left.
    #[must_use]
    pub fn recall() -> Option<Preferences> {
        serde_json::from_str(&platform::recall(KEY)?).ok()
    }

    /// Keeps them for the next visit.
    pub fn remember(&self) {
        if let Ok(text) = serde_json::to_string(self) {
            platform::remember(KEY, &text);
        }
    }

    /// Puts them in force.
    pub fn apply(&self, document: &mut Document, playback: &mut Playback) {
        document.theme = self.dark;
        document.s2i = self.s2i;
        let settings = &mut document.settings;
        settings.camera = if self.reference_camera { CameraMode::Reference } else { CameraMode::Fit };
        settings.nfm = self.nfm;
        settings.depth_mix = self.depth_mix.filter(|share| (0.0..=1.0).contains(share));
        if (0.1..=4.0).contains(&self.speed) {
            playback.speed = self.speed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_comes_back_and_nonsense_does_not() {
        let (mut document, mut playback) = (Document::default(), Playback { playing: true, speed: 0.5 });
        (document.theme, document.s2i) = (Some(true), Some(Stream::Bone));
        document.settings.nfm = false;
        document.settings.camera = CameraMode::Reference;
        document.settings.depth_mix = Some(0.25);
        let chosen = Preferences::of(&document, playback);
        let text = serde_json::to_string(&chosen).unwrap();
        let mut other = Document::default();
        playback = Playback::default();
        serde_json::from_str::<Preferences>(&text).unwrap().apply(&mut other, &mut playback);
        assert_eq!(Preferences::of(&other, playback), chosen);
        assert!(!playback.playing, "nothing plays by itself because something played before");

        let odd: Preferences =
            serde_json::from_str(r#"{"depth_mix": 7, "speed": -1, "of another version": 3}"#).unwrap();
        let (mut document, mut playback) = (Document::default(), Playback::default());
        odd.apply(&mut document, &mut playback);
        assert_eq!(Preferences::of(&document, playback), Preferences::default());
    }
}
