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
    /// How takes were drawn before.
    before: DrawSettings,
}

impl Tour {
    /// At its beginning.
    pub fn new(before: &DrawSettings) -> Tour {
        Tour { step: 0, before: before.clone() }
    }

    /// What is told now.
    pub fn step(&self) -> &'static Step {
        &STEPS[self.step]
    }

    /// Which step it is, counted from one.
    pub fn number(&self) -> usize {
        self.step + 1
    }

    /// How takes are drawn now.
    pub fn settings(&self) -> DrawSettings {
        let mut settings = self.before.clone();
        (self.step().change)(&mut settings);
        settings
    }

    /// How takes are drawn once it has ended.
    pub fn before(self) -> DrawSettings {
        self.before
    }

    /// One step on; none behind the last.
    pub fn next(mut self) -> Option<Tour> {
        self.step += 1;
        (self.step < STEPS.len()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_but_the_first_changes_the_pictures_and_nothing_stays() {
        let before = DrawSettings { depth_mix: Some(0.3), ..DrawSettings::default() };
        let (mut tour, mut seen) = (Some(Tour::new(&before)), Vec::new());
        while let Some(step) = tour {
            assert_eq!(step.clone().before(), before);
            assert_eq!(step.number(), seen.len() + 1);
            seen.push(step.settings());
            tour = step.next();
        }
        assert_eq!((seen.len(), &seen[0]), (STEPS.len(), &before));
        for pair in seen.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}
