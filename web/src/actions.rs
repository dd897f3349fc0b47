//! What a person can do. Panels and keys ask for actions; the app carries them out.

use draction::s2i::Stream;
use eframe::egui::{Context, Key, Modifiers};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show the file dialog.
    ChooseFiles,
    /// Open a bundled sample, by its file name.
    OpenSample(String),
    /// Look at another take, by its index.
    Select(usize),
    /// Look at the take before (−1) or after (1).
    SelectBy(isize),
    /// Close a take, by its index.
    Close(usize),
    /// Start or stop playing.
    TogglePlay,
    /// Stop and move by frames.
    Step(i64),
    /// Stop and go to a frame.
    Seek(f32),
    /// Go to the end.
    SeekEnd,
    /// Play at another share of the recorded speed.
    Speed(f32),
    /// What stands in the question field.
    Draft(String),
    /// Ask about the take in view.
    Ask(String),
    /// Name the take in view.
    Recognise,
    /// Explain an answer, or the last one.
    Explain(Option<u64>),
    /// Stop looking at an explanation.
    CloseExplanation,
    /// Label the take window by window.
    LabelSpans,
    /// Stop what the model does.
    Stop,
    /// Put the cursor into the question field.
    FocusQuestion,
    /// Switch the NFM.
    ToggleNfm,
    /// Switch between reference and fit camera.
    ToggleCamera,
    /// Show the motion as one picture of this stream, or no such picture.
    ShowS2i(Option<Stream>),
    /// Share of depth colour, 0..1, or as trained.
    DepthMix(Option<f32>),
    /// Back to the model's own weights.
    OwnWeights,
    /// Switch between light and dark.
    ToggleTheme,
    /// Save the strip as PNG.
    SaveStrip,
    /// Save the motion as GIF.
    SaveGif,
    /// Save what was said as JSON.
    SaveJson,
    /// Close a notice, by its index.
    CloseNotice(usize),
    /// Show or hide the list of keys.
    ToggleHelp,
    /// Show or hide the shader workbench.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    ToggleWorkbench,
    /// Change what the workbench shows or edits.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    Workbench(crate::workbench::Change),
    /// Keep what the workbench drew in a file.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    Capture,
}

/// Keys, what they do, and the words for it; also the list that the help shows.
pub const KEYS: &[(&str, &str)] = &[
    ("Space", "play, pause"),
    ("← →", "previous, next frame; with Shift ten"),
    ("Home End", "first, last frame"),
    ("Page ↑ ↓", "previous, next take"),
    ("1 … 9", "open a bundled sample"),
    ("O", "open files"),
    ("/", "ask a question"),
    ("R", "recognise: the five most likely labels"),
    ("W", "why: what the last answer depends on"),
    ("L", "label a long take"),
    ("Esc", "stop the model, leave a field"),
    ("C", "camera: fit or reference"),
    ("N", "NFM on or off"),
    ("I", "the whole motion as one picture (S2I): joints, bones, steps, none"),
    ("S G J", "save strip, animation, answers"),
    ("T", "light or dark"),
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    ("B F12", "shader workbench: passes, shaders, pixels, gradients"),
    ("?", "these keys"),
    ("Drag", "turn the view; Shift: move it; wheel: nearer"),
];

/// One stream after the other, then none.
fn after(shown: Option<Stream>) -> Option<Stream> {
    match shown {
        None => Stream::ALL.first().copied(),
        Some(stream) => Stream::ALL.get(stream as usize + 1).copied(),
    }
}

/// What the keys pressed since the last frame ask for. While a text field has the keyboard, only Escape counts.
pub fn from_keys(ctx: &Context, samples: &[String], s2i: Option<Stream>) -> Vec<Action> {
    let mut actions = Vec::new();
    let typing = ctx.text_edit_focused();
    // a button that Tab has reached is pressed by Space
    let on_a_button = ctx.memory(|memory| memory.focused().is_some());
    ctx.input_mut(|input| {
        let mut on = |key: Key, action: Action| {
            if input.consume_key(Modifiers::NONE, key) {
                actions.push(action);
            }
        };
        // also out of its own editor
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        on(Key::F12, Action::ToggleWorkbench);
        if typing {
            if input.key_pressed(Key::Escape) {
                actions.push(Action::Stop);
            }
            return;
        }
        on(Key::Escape, Action::Stop);
        if !on_a_button {
            on(Key::Space, Action::TogglePlay);
        }
        on(Key::Home, Action::Seek(0.0));
        on(Key::End, Action::SeekEnd);
        on(Key::PageUp, Action::SelectBy(-1));
        on(Key::PageDown, Action::SelectBy(1));
        on(Key::O, Action::ChooseFiles);
        on(Key::Slash, Action::FocusQuestion);
        on(Key::R, Action::Recognise);
        on(Key::W, Action::Explain(None));
        on(Key::L, Action::LabelSpans);
        on(Key::C, Action::ToggleCamera);
        on(Key::N, Action::ToggleNfm);
        on(Key::I, Action::ShowS2i(after(s2i)));
        on(Key::S, Action::SaveStrip);
        on(Key::G, Action::SaveGif);
        on(Key::J, Action::SaveJson);
        on(Key::T, Action::ToggleTheme);
        on(Key::Questionmark, Action::ToggleHelp);
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        on(Key::B, Action::ToggleWorkbench);
        for (modifiers, frames) in [(Modifiers::NONE, 1), (Modifiers::SHIFT, 10)] {
            for (key, sign) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1)] {
                let times = input.count_and_consume_key(modifiers, key) as i64;
                if times > 0 {
                    actions.push(Action::Step(sign * frames * times));
                }
            }
        }
        if input.consume_key(Modifiers::SHIFT, Key::Questionmark) || input.consume_key(Modifiers::SHIFT, Key::Slash) {
            actions.push(Action::ToggleHelp);
        }
        const DIGITS: [Key; 9] =
            [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
        for (key, sample) in DIGITS.into_iter().zip(samples) {
            if input.consume_key(Modifiers::NONE, key) {
                actions.push(Action::OpenSample(sample.clone()));
            }
        }
    });
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stream_comes_after_the_other_and_then_none() {
        let mut shown = None;
        let streams: Vec<_> = (0..5)
            .map(|_| {
                shown = after(shown);
                shown
            })
            .collect();
        assert_eq!(streams, [Some(Stream::Joint), Some(Stream::Bone), Some(Stream::Motion), None, Some(Stream::Joint)]);
    }
}
