//! Half a minute about the pictures, in which they change.

use skeletonllm::drawing::{CameraMode, DrawSettings};

/// One thing to know.
pub struct Step {
    /// What it is about.
    pub title: &'static str,
    /// What there is to see.
    pub text: &'static str,
    /// What changes in the pictures; everything else is as it was before the tour.
    change: fn(&mut DrawSettings),
}

/// All steps, a few seconds each.
pub const STEPS: [Step; 5] = [
    Step {
        title: "What DrAction draws",
        text: "Joints and bones become soft dots, and twelve moments of the take become pictures. They are all that the \
               model sees of it: what its answers say, it has read off them.",
        change: |_| {},
    },
    Step {
        title: "NFM: motion changes colours",
        text: "A small network recolours every dot by where it is and how fast it moves. Now it is off: what moves looks \
               like what rests.",
        change: |settings| settings.nfm = false,
    },
    Step {
        title: "Depth mix",
        text: "Part of the colour says how near a dot is to the camera. Here it is all of it; training has found a share \
               between this and nothing.",
        change: |settings| settings.depth_mix = Some(1.0),
    },
    Step {
        title: "Reference camera",
        text: "Our camera keeps the whole take in the picture. This is the published one: it stands still, and people may \
               be small or at the edge.",
        change: |settings| settings.camera = CameraMode::Reference,
    },
    Step {
        title: "As trained",
        text: "Back to what the model was trained with. The switches are below the picture, and the model looks again \
               whenever you change one: see what it still recognises.",
        change: |settings| *settings = DrawSettings { weights: settings.weights.clone(), ..DrawSettings::default() },
    },
];

/// A tour under way.
#[derive(Clone, Debug)]
pub struct Tour {
    /// Index into [`STEPS`].
    step: usize,
    /// How takes are drawn once it has ended.
    after: DrawSettings,
}

impl Tour {
    /// At its beginning; takes are drawn so.
    pub fn new(settings: &DrawSettings) -> Tour {
        Tour { step: 0, after: settings.clone() }
    }

    /// What is told now.
    pub fn step(&self) -> &'static Step {
        &STEPS[self.step]
    }

    /// Which step it is, counted from one.
    pub fn number(&self) -> usize {
        self.step + 1
    }

    /// Whether it is the last one.
    pub fn is_last(&self) -> bool {
        self.number() == STEPS.len()
    }

    /// How takes are drawn now, unless the person changes something.
    pub fn settings(&self) -> DrawSettings {
        let mut settings = self.after.clone();
        (self.step().change)(&mut settings);
        settings
    }

    /// One step on, where there is one. Takes are drawn as `drawn` now: what of it the person changed stays.
    pub fn next(mut self, drawn: &DrawSettings) -> Tour {
        self.adopt(drawn);
        self.step = (self.step + 1).min(STEPS.len() - 1);
        self
    }

    /// How takes are drawn once it has ended, where they are drawn as `drawn` now.
    pub fn end(mut self, drawn: &DrawSettings) -> DrawSettings {
        self.adopt(drawn);
        self.after
    }

    /// Takes over what differs from what this step shows: the person changed it.
    fn adopt(&mut self, drawn: &DrawSettings) {
        let DrawSettings { camera, nfm, depth_mix, weights } = self.settings();
        let after = &mut self.after;
        if drawn.camera != camera {
            after.camera = drawn.camera;
        }
        if drawn.nfm != nfm {
            after.nfm = drawn.nfm;
        }
        if drawn.depth_mix != depth_mix {
            after.depth_mix = drawn.depth_mix;
        }
        if drawn.weights != weights {
            after.weights = drawn.weights.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_but_the_first_changes_the_pictures_and_nothing_stays() {
        let before = DrawSettings { depth_mix: Some(0.3), ..DrawSettings::default() };
        let (mut tour, mut seen) = (Tour::new(&before), Vec::new());
        loop {
            assert_eq!(tour.clone().end(&tour.settings()), before);
            seen.push(tour.settings());
            assert_eq!(tour.number(), seen.len());
            if tour.is_last() {
                break;
            }
            let drawn = tour.settings();
            tour = tour.next(&drawn);
        }
        assert_eq!((seen.len(), &seen[0]), (STEPS.len(), &before));
        for pair in seen.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn what_the_person_changes_meanwhile_stays() {
        let before = DrawSettings::default();
        let first = Tour::new(&before);
        let drawn = first.settings();
        let second = first.next(&drawn);
        assert!(!second.settings().nfm, "this step shows it without");
        let chosen = DrawSettings { nfm: true, camera: CameraMode::Reference, ..second.settings() };
        assert_eq!(second.clone().end(&chosen).camera, CameraMode::Reference);
        let third = second.next(&chosen);
        assert_eq!(third.settings().camera, CameraMode::Reference);
        let drawn = third.settings();
        let after = third.end(&drawn);
        assert_eq!(after, DrawSettings { camera: CameraMode::Reference, ..before });
    }
}
