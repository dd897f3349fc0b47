//! What a person can do. Panels and keys ask for actions; the app carries them out.

use draction::{
    motion::{Unit, UpAxis},
    s2i::Stream,
};
use eframe::egui::{Context, Id, InputState, Key, Modifiers, Popup};

use crate::{
    document::Step,
    exports::Table,
    video::{Part, Shown},
};

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Show the file dialog.
    ChooseFiles,
    /// Show the dialog for a folder, of motions or of a model.
    ChooseFolder,
    /// Have another model answer, by its name.
    ChooseModel(String),
    /// Take a model away from this machine, by its name.
    RemoveModel(String),
    /// Give up the model on its way.
    StopModel,
    /// Open a bundled sample, by its file name.
    OpenSample(String),
    /// Look at another take, by its index.
    Select(usize),
    /// Look at the take before (−1) or after (1).
    SelectBy(isize),
    /// Close a take, by its index.
    Close(usize),
    /// Put a take beside the one in view, by its index; or look at one alone.
    Compare(Option<usize>),
    /// Put the next take beside the one in view, or look at one alone again.
    ToggleCompare,
    /// Keep the two takes in step in that way.
    InStep(Step),
    /// Close all takes, and keep none of them for the next visit.
    Forget,
    /// Read the file of the take in view again, in that unit and with that axis up; as it tells itself with `None`.
    ReadAs(Option<Unit>, Option<UpAxis>),
    /// Give up a file that is being read, by the reading's id.
    CancelReading(u64),
    /// Give up all files that are being read or wait for it.
    CancelReadings,
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
    /// Show and ask about one of several people, by the body slot, or everybody.
    Person(Option<usize>),
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
    /// Stop what the model does, or else look at one take alone.
    Leave,
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
    /// Save part of the take in view as a video.
    SaveVideo(Shown, Part),
    /// Give up the video that is being made.
    CancelVideo,
    /// Save what was said as JSON.
    SaveJson,
    /// Save the labels of all takes.
    SaveLabels(Table),
    /// Copy an address that leads to what is in view.
    Share,
    /// Copy the HTML that shows it in another page.
    ShareFrame,
    /// Open what another page shows as a whole page.
    OpenWhole,
    /// Close a notice, by its index.
    CloseNotice(usize),
    /// Close all notices.
    CloseNotices,
    /// Begin the tour of the pictures, or go on with it.
    Tour,
    /// End it: pictures are as before.
    EndTour,
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

impl Action {
    /// What a control outside of the window stands for, by its name and a value; `None` for what there is not.
    #[must_use]
    pub fn named(name: &str, value: &str) -> Option<Action> {
        Some(match name {
            "open" => Action::ChooseFiles,
            "folder" => Action::ChooseFolder,
            "play" => Action::TogglePlay,
            "recognise" => Action::Recognise,
            "spans" => Action::LabelSpans,
            "why" => Action::Explain(None),
            "stop" => Action::Stop,
            "share" => Action::Share,
            "tour" => Action::Tour,
            "csv" => Action::SaveLabels(Table::Csv),
            "json" => Action::SaveLabels(Table::Json),
            "sample" => Action::OpenSample(value.to_owned()),
            "forget" => Action::Forget,
            "video" => match value.split_once(' ').unwrap_or((value, "")) {
                (shown, "") => Action::SaveVideo(Shown::named(shown)?, Part::Whole),
                (shown, "span") => Action::SaveVideo(Shown::named(shown)?, Part::Span),
                _ => return None,
            },
            "cancel video" => Action::CancelVideo,
            "take" => Action::Select(value.parse().ok()?),
            "beside" if value.is_empty() => Action::Compare(None),
            "beside" => Action::Compare(Some(value.parse().ok()?)),
            "step" => Action::InStep(Step::ALL.into_iter().find(|step| step.name() == value)?),
            "frame" => Action::ShareFrame,
            "ask" => Action::Ask(value.to_owned()),
            "model" => Action::ChooseModel(value.to_owned()),
            "remove-model" => Action::RemoveModel(value.to_owned()),
            "stop-model" => Action::StopModel,
            _ => return None,
        })
    }

    /// Whether it may be done where another page shows this one: it only looks, and whoever made that page can have people
    /// click on anything.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        use Action::{
            CloseNotice, CloseNotices, Leave, OpenWhole, Seek, SeekEnd, Speed, Step, Stop, ToggleCamera, ToggleNfm,
            TogglePlay, ToggleTheme,
        };
        let camera = matches!(self, ToggleCamera | ToggleNfm | ToggleTheme);
        let time = matches!(self, TogglePlay | Step(_) | Seek(_) | SeekEnd | Speed(_));
        camera || time || matches!(self, Stop | Leave | OpenWhole | CloseNotice(_) | CloseNotices)
    }
}

/// Keys, what they do, and the words for it; also the list that the help shows.
pub const KEYS: &[(&str, &str)] = &[
    ("Space", "play, pause"),
    ("← →", "previous, next frame; with Shift ten"),
    ("Home End", "first, last frame"),
    ("Page ↑ ↓", "previous, next take"),
    ("1 … 9", "open a bundled sample"),
    ("O", "open files; with Shift a folder"),
    ("/", "ask a question"),
    ("R", "recognise: the five most likely labels"),
    ("W", "why: what the last answer depends on"),
    ("L", "label a long take"),
    ("V", "versus: the next take beside this one, in step"),
    ("Esc", "stop the model, leave a field or a comparison"),
    ("C", "camera: fit or reference"),
    ("N", "NFM on or off"),
    ("I", "the whole motion as one picture (S2I): joints, bones, steps, none"),
    ("S G J", "save strip, animation, answers"),
    ("M", "save a movie of scene and pictures: the labelled span at the playhead, or all"),
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

/// What the keys pressed since the last frame ask for. While a text field has the keyboard, only Escape counts; while a
/// menu is open or the list of keys is shown, keys belong to what is in front.
pub fn from_keys(ctx: &Context, samples: &[String], s2i: Option<Stream>, help: bool) -> Vec<Action> {
    let mut actions = Vec::new();
    let typing = ctx.text_edit_focused();
    // Escape has taken the focus away before anybody sees the key
    let typed = ctx.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default(Id::unique("typing")), typing));
    if Popup::is_any_open(ctx) {
        return actions;
    }
    if help {
        if ctx.input_mut(questioned) {
            actions.push(Action::ToggleHelp);
        }
        return actions;
    }
    // a button that Tab has reached is pressed by Space
    let on_a_button = ctx.memory(|memory| memory.focused().is_some());
    ctx.input_mut(|input| {
        // before the slash, which is on the same key
        let help = !typing && questioned(input);
        // with Shift first: what asks for no modifier takes Shift along
        if !typing && input.consume_key(Modifiers::SHIFT, Key::O) {
            actions.push(Action::ChooseFolder);
        }
        let mut on = |key: Key, action: Action| {
            if input.consume_key(Modifiers::NONE, key) {
                actions.push(action);
            }
        };
        // also out of its own editor
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        on(Key::F12, Action::ToggleWorkbench);
        if typing || typed {
            on(Key::Escape, Action::Stop);
        }
        if typing {
            return;
        }
        on(Key::Escape, Action::Leave);
        if !on_a_button {
            on(Key::Space, Action::TogglePlay);
        }
        on(Key::Home, Action::Seek(0.0));
        on(Key::End, Action::SeekEnd);
        on(Key::O, Action::ChooseFiles);
        on(Key::Slash, Action::FocusQuestion);
        on(Key::R, Action::Recognise);
        on(Key::W, Action::Explain(None));
        on(Key::L, Action::LabelSpans);
        on(Key::V, Action::ToggleCompare);
        on(Key::C, Action::ToggleCamera);
        on(Key::N, Action::ToggleNfm);
        on(Key::I, Action::ShowS2i(after(s2i)));
        on(Key::S, Action::SaveStrip);
        on(Key::G, Action::SaveGif);
        on(Key::J, Action::SaveJson);
        on(Key::M, Action::SaveVideo(Shown::Both, Part::Span));
        on(Key::T, Action::ToggleTheme);
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        on(Key::B, Action::ToggleWorkbench);
        for (key, sign) in [(Key::PageUp, -1), (Key::PageDown, 1)] {
            let times = input.count_and_consume_key(Modifiers::NONE, key) as isize;
            if times > 0 {
                actions.push(Action::SelectBy(sign * times));
            }
        }
        for (modifiers, frames) in [(Modifiers::SHIFT, 10), (Modifiers::NONE, 1)] {
            for (key, sign) in [(Key::ArrowLeft, -1), (Key::ArrowRight, 1)] {
                let times = input.count_and_consume_key(modifiers, key) as i64;
                if times > 0 {
                    actions.push(Action::Step(sign * frames * times));
                }
            }
        }
        if help {
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

/// Whether a question mark was typed, whatever a keyboard needs for it.
fn questioned(input: &mut InputState) -> bool {
    input.consume_key(Modifiers::NONE, Key::Questionmark) || input.consume_key(Modifiers::SHIFT, Key::Slash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn controls_of_the_page_have_names() {
        assert_eq!(Action::named("ask", "Who?"), Some(Action::Ask("Who?".to_owned())));
        assert_eq!(Action::named("take", "2"), Some(Action::Select(2)));
        assert_eq!(Action::named("json", ""), Some(Action::SaveLabels(Table::Json)));
        let video = |value| Action::named("video", value);
        assert_eq!(video("scene"), Some(Action::SaveVideo(Shown::Scene, Part::Whole)));
        assert_eq!(video("both span"), Some(Action::SaveVideo(Shown::Both, Part::Span)));
        assert_eq!([video(""), video("both of it"), video("neither")], [None, None, None]);
        assert_eq!(Action::named("model", "small"), Some(Action::ChooseModel("small".to_owned())));
        assert_eq!((Action::named("take", "-1"), Action::named("format the disk", "")), (None, None));
        assert_eq!(Action::named("beside", "3"), Some(Action::Compare(Some(3))));
        assert_eq!(Action::named("beside", ""), Some(Action::Compare(None)));
        assert_eq!(Action::named("step", "length"), Some(Action::InStep(Step::Length)));
        assert_eq!((Action::named("beside", "walk"), Action::named("step", "")), (None, None));
    }

    #[test]
    fn a_page_that_shows_this_one_can_have_nothing_forgotten_or_opened() {
        for action in [Action::Forget, Action::Close(0), Action::ChooseFiles, Action::SaveGif, Action::Ask("?".into())]
        {
            assert!(!action.only_looks(), "{action:?}");
        }
        for action in [Action::TogglePlay, Action::Seek(1.0), Action::Step(-1), Action::OpenWhole, Action::Leave] {
            assert!(action.only_looks(), "{action:?}");
        }
    }

    /// What keys of one frame ask for.
    fn pressed(keys: &[(Key, Modifiers)], help: bool) -> Vec<Action> {
        let mut h = Harness::new(400.0, 300.0);
        keys.iter().for_each(|&(key, modifiers)| h.key(key, modifiers));
        let mut actions = Vec::new();
        h.frame(|ui| actions.extend(from_keys(ui.ctx(), &[], None, help)));
        actions
    }

    #[test]
    fn shift_makes_ten_of_a_step_and_every_press_counts() {
        let (none, shift) = (Modifiers::NONE, Modifiers::SHIFT);
        assert_eq!(pressed(&[(Key::ArrowRight, none)], false), [Action::Step(1)]);
        assert_eq!(pressed(&[(Key::ArrowRight, shift)], false), [Action::Step(10)]);
        assert_eq!(pressed(&[(Key::ArrowLeft, shift); 2], false), [Action::Step(-20)]);
        assert_eq!(pressed(&[(Key::PageUp, none); 3], false), [Action::SelectBy(-3)]);
        assert_eq!(pressed(&[(Key::Slash, none)], false), [Action::FocusQuestion]);
        assert_eq!(pressed(&[(Key::O, none), (Key::O, shift)], false), [Action::ChooseFolder, Action::ChooseFiles]);
    }

    #[test]
    fn keys_belong_to_the_list_of_keys_while_it_is_shown() {
        let none = Modifiers::NONE;
        assert_eq!(pressed(&[(Key::Escape, none)], false), [Action::Leave]);
        assert_eq!(pressed(&[(Key::Escape, none), (Key::Space, none)], true), []);
        for (key, modifiers) in [(Key::Questionmark, none), (Key::Slash, Modifiers::SHIFT)] {
            assert_eq!(pressed(&[(key, modifiers)], false), [Action::ToggleHelp], "{key:?}");
            assert_eq!(pressed(&[(key, modifiers)], true), [Action::ToggleHelp], "{key:?}");
        }
    }

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
