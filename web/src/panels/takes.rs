//! The opened takes.

use eframe::egui::{self, Sense, Ui, Vec2};
use skeletonllm_network::words::Words;

use super::reading;
use crate::{
    actions::Action,
    document::{Document, Take},
    exports::Table,
    icons::Icon,
    theme::{self, palette},
    widgets::{Button, IconButton, clock, elided, section, segmented},
};

/// Height of an entry, in points: two lines of text.
const HEIGHT: f32 = 44.0;

/// With more takes than this the list can be searched and ordered.
const MANY: usize = 2;

/// So many takes are shown at most whose movement alone is like what is wanted.
const ALIKE: usize = 12;

/// How the list of takes is shown.
#[derive(Debug, Default)]
pub(super) struct TakeList {
    /// What a name or a label must have in it, or a movement be like.
    wanted: String,
    order: Order,
    /// Whether the next take that is clicked shall stand beside the one in view.
    choosing: bool,
}

/// Of the takes in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// As they were opened.
    #[default]
    Opened,
    Name,
    Label,
    Length,
}

/// The indices of the takes to show.
#[derive(Debug, Default, PartialEq, Eq)]
struct Listed {
    /// Those with what is wanted in their name or a label, in the order that was chosen.
    named: Vec<usize>,
    /// Others, the movement that fits the words best first.
    alike: Vec<usize>,
}

impl TakeList {
    fn of(&self, takes: &[Take], words: Option<&Words>) -> Listed {
        let named = self.named(takes);
        let Some(wanted) = words.and_then(|words| words.embed(&self.wanted)) else {
            return Listed { named, ..Listed::default() };
        };
        let cosine = |place: &Vec<f32>| wanted.iter().zip(place).map(|(a, b)| a * b).sum::<f32>();
        let mut is_named = vec![false; takes.len()];
        named.iter().for_each(|&index| is_named[index] = true);
        let others = (0..takes.len()).filter(|&index| !is_named[index]);
        let mut fits: Vec<(usize, f32)> =
            others.filter_map(|index| Some((index, cosine(takes[index].place.as_ref()?)))).collect();
        fits.sort_by(|a, b| b.1.total_cmp(&a.1));
        Listed { named, alike: fits.into_iter().take(ALIKE).map(|(index, _)| index).collect() }
    }

    fn named(&self, takes: &[Take]) -> Vec<usize> {
        let wanted = self.wanted.trim().to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let shown = |take: &Take| {
            has(&take.name) || label(take).is_some_and(has) || take.spans.iter().any(|span| has(&span.label))
        };
        let mut indices: Vec<usize> = (0..takes.len()).filter(|&i| shown(&takes[i])).collect();
        match self.order {
            Order::Opened => {}
            Order::Name => indices.sort_by_cached_key(|&i| takes[i].name.to_lowercase()),
            // those without a label last
            Order::Label => indices.sort_by_key(|&i| (label(&takes[i]).is_none(), label(&takes[i]))),
            Order::Length => indices.sort_by(|&a, &b| takes[b].motion.seconds().total_cmp(&takes[a].motion.seconds())),
        }
        indices
    }
}

fn label(take: &Take) -> Option<&str> {
    take.labels.first().map(|(label, _)| label.as_str())
}

pub(super) fn show(
    document: &Document,
    words: Option<&Words>,
    list: &mut TakeList,
    ui: &mut Ui,
    actions: &mut Vec<Action>,
) {
    section(ui, "Takes", |ui| {
        let save = |icon, tip| IconButton::new(icon).tooltip(tip);
        if save(Icon::Table, "Save the labels of all takes as CSV").show(ui).clicked() {
            actions.push(Action::SaveLabels(Table::Csv));
        }
        if save(Icon::Braces, "Save the labels of all takes as JSON").show(ui).clicked() {
            actions.push(Action::SaveLabels(Table::Json));
        }
    });
    compare(document, list, ui, actions);
    if document.takes.len() > MANY {
        let field = egui::TextEdit::singleline(&mut list.wanted).hint_text(if words.is_some() {
            "Name or movement"
        } else {
            "Name or label"
        });
        let tip = "What a name or a label has in it, or what is done, in your words: “somebody kicks”";
        ui.add(field.desired_width(f32::INFINITY)).on_hover_text(tip);
        let orders = [Order::Opened, Order::Name, Order::Label, Order::Length];
        let mut chosen = orders.iter().position(|order| *order == list.order).unwrap_or(0);
        if segmented(ui, &["#", "A–Z", "Label", "Time"], &mut chosen).on_hover_text("Order of the takes").changed() {
            list.order = orders[chosen];
        }
    } else {
        *list = TakeList { choosing: list.choosing, ..TakeList::default() };
    }
    let titles = document.titles();
    let shown = list.of(&document.takes, words);
    let wanted = list.wanted.trim().to_owned();
    if shown.named.is_empty() {
        ui.label(theme::text::small(format!("no name or label has “{wanted}” in it")));
    }
    let beside = document.beside().map(|(take, _)| take.id);
    crate::widgets::scrolled(ui, egui::ScrollArea::vertical().auto_shrink([false, true]), |ui| {
        let heading = shown.named.len();
        for (place, index) in shown.named.into_iter().chain(shown.alike).enumerate() {
            if place == heading {
                ui.label(theme::text::small(format!("Others, most like “{wanted}” first")));
            }
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = theme::space::XS;
                let take = &document.takes[index];
                let standing = [index == document.current, beside == Some(take.id)];
                if entry(ui, take, &titles[index], standing).clicked() {
                    let other = std::mem::take(&mut list.choosing) && index != document.current;
                    actions.push(if other { Action::Compare(Some(index)) } else { Action::Select(index) });
                }
                if IconButton::new(Icon::Close).tooltip("Close this take").size(24.0).show(ui).clicked() {
                    actions.push(Action::Close(index));
                }
            });
        }
    });
}

/// Puts another take beside the one in view: of two it is clear which, of more one is chosen in the list.
fn compare(document: &Document, list: &mut TakeList, ui: &mut Ui, actions: &mut Vec<Action>) {
    list.choosing &= document.takes.len() > 1;
    let button = |words, tip| Button::new(words).icon(Icon::Compare).tooltip(tip);
    if list.choosing {
        ui.label(theme::text::small("Which take shall stand beside the one in view?"));
        if button("None", "Go on without comparing").show(ui).clicked() {
            list.choosing = false;
        }
    } else if document.beside().is_some() {
        if button("Stop comparing", "Look at one take alone (Esc)").show(ui).clicked() {
            actions.push(Action::Compare(None));
        }
    } else if document.takes.len() > 1 && button("Compare", "Two takes side by side, in step (V)").show(ui).clicked() {
        match document.takes.len() {
            2 => actions.push(Action::Compare(Some(1 - document.current))),
            _ => list.choosing = true,
        }
    }
}

/// Name on the first line, length and label on the second; the take in view and the one beside it are marked.
fn entry(ui: &mut Ui, take: &Take, title: &str, [current, beside]: [bool; 2]) -> egui::Response {
    let size = Vec2::new((ui.available_width() - 28.0).max(40.0), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = || egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, current, title.to_owned());
    response.widget_info(name);
    let colours = palette(ui.visuals());
    let painter = ui.painter();
    let fill = match (current, response.hovered() || response.has_focus()) {
        (true, _) => colours.accent_soft,
        (false, true) => colours.hover,
        (false, false) => egui::Color32::TRANSPARENT,
    };
    painter.rect_filled(rect, theme::radius::M, fill);
    if beside {
        let stroke = egui::Stroke::new(1.0, colours.accent_text);
        painter.rect_stroke(rect, theme::radius::M, stroke, egui::StrokeKind::Inside);
    }
    let label = label(take).map_or(String::new(), |label| format!(" · {label}"));
    let lines = [
        (title.to_owned(), theme::text::medium(13.0), colours.text),
        (format!("{}{label}", clock(take.motion.seconds(), false)), theme::text::regular(12.0), colours.text_weak),
    ];
    let mut at = rect.min + Vec2::new(8.0, 5.0);
    for (text, font, colour) in lines {
        let line = elided(painter, &text, font, colour, rect.width() - 16.0);
        let height = line.size().y;
        painter.galley(at, line, colour);
        at.y += height + 2.0;
    }
    response.on_hover_ui(|ui| {
        ui.label(&take.description);
        reading::lines(take, ui);
    })
}

#[cfg(test)]
mod tests {
    use skeletonllm::assistant::Span;

    use super::*;
    use crate::{files::sample, widgets::testing::Harness};

    #[test]
    fn takes_are_found_by_name_or_label_and_ordered() {
        let mut document = Document::default();
        for name in ["walk.bvh", "squat.bvh", "clap.bvh"] {
            document.open(sample(name)).unwrap();
        }
        document.takes[0].labels.push(("run".to_owned(), 0.9));
        document.takes[2].labels.push(("Applaud".to_owned(), 0.9));
        let [start_seconds, end_seconds, probability] = [0.0, 1.0, 0.9];
        let span = Span { start_seconds, end_seconds, label: "Stand up".to_owned(), probability };
        document.takes[1].spans.push(span);
        let takes = &document.takes;
        let list = |wanted: &str, order| TakeList { wanted: wanted.to_owned(), order, choosing: false };
        let shown = |wanted: &str, order| list(wanted, order).of(takes, None).named;
        assert_eq!(shown("", Order::Opened), [0, 1, 2]);
        assert_eq!(shown("", Order::Name), [2, 1, 0]);
        assert_eq!(shown("", Order::Label), [2, 0, 1], "without a label last");
        assert_eq!(shown(" APPLAUD ", Order::Opened), [2]);
        assert_eq!(shown("squ", Order::Label), [1]);
        assert_eq!(shown("stand", Order::Opened), [1], "of a label along the take");
        assert_eq!(shown("fly", Order::Opened), [0; 0]);
        let seconds: Vec<f32> = shown("", Order::Length).iter().map(|&i| takes[i].motion.seconds()).collect();
        assert!(seconds.is_sorted_by(|a, b| a >= b), "{seconds:?}");
    }

    #[test]
    fn takes_are_found_by_what_is_done() {
        let mut document = Document::default();
        for name in ["walk.bvh", "squat.bvh", "clap.bvh", "raise_right_hand.bvh"] {
            document.open(sample(name)).unwrap();
        }
        let words = Words::new(["applaud", "crouch"], vec![1.0, 0.0, 0.0, 1.0]).unwrap();
        // the last one was not looked at yet
        for (take, place) in document.takes.iter_mut().zip([[0.6, 0.0], [0.1, 0.9], [0.9, 0.1]]) {
            take.place = Some(place.to_vec());
        }
        document.takes[0].labels.push(("applaud".to_owned(), 0.9));
        let shown = |wanted: &str, words| {
            let list = TakeList { wanted: wanted.to_owned(), ..TakeList::default() };
            let Listed { named, alike } = list.of(&document.takes, words);
            (named, alike)
        };
        assert_eq!(shown("Applaud", Some(&words)), (vec![0], vec![2, 1]), "what is named comes first, and once");
        assert_eq!(shown("people crouch", Some(&words)), (vec![], vec![1, 2, 0]));
        assert_eq!(shown("xyz", Some(&words)), (vec![], vec![]), "no known word");
        assert_eq!(shown("crouch", None), (vec![], vec![]), "no such model");
        assert_eq!(shown("", Some(&words)), (vec![0, 1, 2, 3], vec![]));
    }

    #[test]
    fn of_many_takes_one_is_chosen_to_stand_beside() {
        let (mut document, mut list, mut h) = (Document::default(), TakeList::default(), Harness::new(190.0, 600.0));
        for name in ["walk.bvh", "squat.bvh", "clap.bvh"] {
            document.open(sample(name)).unwrap();
        }
        // what a click at that height asks for
        let mut click = |list: &mut TakeList, y: i32| {
            let mut actions = Vec::new();
            h.click(30.0, y as f32, |ui| show(&document, None, list, ui, &mut actions));
            actions
        };
        assert_eq!(click(&mut list, 580), []);
        let compare = (0..300).step_by(5).find(|&y| {
            click(&mut list, y);
            list.choosing
        });
        let below = compare.expect("a button") + 60;
        let asked: Vec<Vec<Action>> = (below..600)
            .step_by(10)
            .map(|y| {
                list.choosing = true;
                click(&mut list, y)
            })
            .collect();
        for expected in [Action::Select(0), Action::Compare(Some(1)), Action::Compare(Some(2))] {
            assert!(asked.contains(&vec![expected.clone()]), "{expected:?}: {asked:?}");
        }
        let given_up = (0..300).step_by(5).any(|y| {
            list.choosing = true;
            let asked = click(&mut list, y);
            asked.is_empty() && !list.choosing
        });
        assert!(given_up);
    }
}
