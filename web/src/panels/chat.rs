//! Labels, questions and answers about the take in view.

use eframe::egui;

use super::{Content, UiState};
use crate::{
    actions::Action,
    document::{Exchange, Outcome, Take},
    icons::Icon,
    inference::ModelStatus,
    theme,
    widgets::{
        Author, BarView, ChatInput, IconButton, InputAction, MessageAction, MessageView, badge, bars, per_second,
        percent, scrolled, section, suggestions,
    },
};

pub(super) fn show(content: &Content<'_>, state: &mut UiState, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let ready = content.model.is_ready();
    egui::Panel::bottom("question").resizable(false).frame(egui::Frame::NONE).show_separator_line(false).show(
        ui,
        |ui| {
            ui.add_space(theme::space::XS);
            if ui.ctx().content_rect().height() >= super::FLAT {
                suggested(content, ui, ready, actions);
                ui.add_space(theme::space::XS);
            }
            let hint = match (ready, content.model.sees()) {
                (false, _) => "The model is loading",
                (true, true) => "Ask about this motion  ( / )",
                (true, false) => "Ask the language model  ( / )",
            };
            let mut draft = content.document.draft.clone();
            let input = ChatInput { text: &mut draft, hint, enabled: ready, busy: content.busy && ready };
            let output = input.show(ui);
            // an arrow key of the same frame takes the focus away again, so it is asked for until it is there
            state.focus_question &= ready && !output.response.has_focus();
            if state.focus_question {
                output.response.request_focus();
                ui.ctx().request_repaint();
            }
            match output.action {
                Some(InputAction::Send) => actions.push(Action::Ask(std::mem::take(&mut draft))),
                Some(InputAction::Stop) => actions.push(Action::Stop),
                None => {}
            }
            if draft != content.document.draft {
                actions.push(Action::Draft(draft));
            }
        },
    );
    state.places.conversation = Some(ui.available_rect_before_wrap());
    let area = egui::ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(true);
    scrolled(ui, area, |ui| {
        labels(content, ui, actions);
        messages(content, ui, actions);
    });
}

/// A few questions that were not asked yet.
fn suggested(content: &Content<'_>, ui: &mut egui::Ui, ready: bool, actions: &mut Vec<Action>) {
    const FEW: usize = 6;
    let Some(take) = content.document.take() else { return };
    let asked = |question: &&str| take.exchanges.iter().any(|exchange| exchange.question == *question);
    let all = content.model.suggestions().iter().map(String::as_str);
    let questions: Vec<&str> = all.filter(|question| !asked(question)).take(FEW).collect();
    if let Some(chosen) = suggestions(ui, &questions, ready) {
        actions.push(Action::Ask(questions[chosen].to_owned()));
    }
}

/// The five most likely labels.
fn labels(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    if !content.model.sees() {
        let name = content.models.current();
        let words =
            format!("{name} is a language model alone: it sees no pictures and answers from the words of a question.");
        ui.label(theme::text::small(words));
        ui.add_space(theme::space::M);
        return;
    }
    section(ui, "Looks like", |ui| {
        if IconButton::new(Icon::Braces).tooltip("Save labels, answers and spans as JSON (J)").show(ui).clicked() {
            actions.push(Action::SaveJson);
        }
    });
    let items: Vec<BarView<'_>> =
        take.labels.iter().take(5).map(|(label, probability)| BarView { label, probability: *probability }).collect();
    if items.is_empty() {
        ui.label(theme::text::small(match content.model {
            ModelStatus::Ready { .. } if take.named.is_some() => "the model could not look at it",
            ModelStatus::Ready { .. } => "looking…",
            ModelStatus::Loading => "when the model is ready",
            ModelStatus::Failed(_) => "the model cannot be used",
        }));
    } else {
        bars(ui, &items);
        second_opinion(take, ui);
    }
    ui.add_space(theme::space::M);
}

/// What a network says that looks at the joints, marked where it contradicts.
fn second_opinion(take: &Take, ui: &mut egui::Ui) {
    let (Some(opinion), Some(agreed)) = (&take.second, take.agreed()) else { return };
    let colours = theme::palette(ui.visuals());
    ui.add_space(theme::space::XS);
    ui.horizontal_wrapped(|ui| {
        let (word, colour) = if agreed { ("agrees", colours.accent_text) } else { ("differs", colours.error) };
        badge(ui, word, colour);
        let words = format!("Joints alone: {} {}", opinion.label, percent(opinion.probability));
        ui.label(theme::text::small(words)).on_hover_text(
            "A second opinion by a small graph network, which looks at no picture. Where the two differ, look yourself.",
        );
    });
}

fn messages(content: &Content<'_>, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
    let Some(take) = content.document.take() else { return };
    for exchange in &take.exchanges {
        let plain = |author, text| MessageView {
            author,
            text,
            streaming: false,
            details: None,
            selected: false,
            explain: false,
        };
        plain(Author::You, &exchange.question).show(ui);
        if let Some(Outcome::Failed(problem)) = &exchange.outcome {
            plain(Author::Notice, problem).show(ui);
            continue;
        }
        let details = details(exchange);
        let answer = MessageView {
            author: Author::Model,
            text: &exchange.answer,
            streaming: exchange.outcome.is_none(),
            details: details.as_deref(),
            selected: take.explanation.as_ref().is_some_and(|explanation| explanation.exchange == exchange.id),
            explain: exchange.outcome.is_some() && content.model.sees(),
        };
        match ui.push_id(exchange.id, |ui| answer.show(ui)).inner {
            Some(MessageAction::Explain) => actions.push(Action::Explain(Some(exchange.id))),
            Some(MessageAction::Stop) => actions.push(Action::Stop),
            Some(MessageAction::Copy) | None => {}
        }
    }
}

/// Time to the first word, to the last, and how sure the model is.
fn details(exchange: &Exchange) -> Option<String> {
    let Some(Outcome::Answered { first_token, seconds, tokens, tokens_per_second, confidence, stopped }) =
        &exchange.outcome
    else {
        return None;
    };
    let stopped = if *stopped { ", stopped" } else { "" };
    let (first, all) = (first_token * 1e3, seconds * 1e3);
    let tokens = format!("{tokens} token{}", if *tokens == 1 { "" } else { "s" });
    // a figure and its unit stay on one line
    let unbroken = |text: String| text.replace(' ', "\u{a0}");
    let speed = tokens_per_second.map_or(String::new(), |speed| format!(" · {}", unbroken(per_second(speed))));
    // the labels' figures are something else: how probable a label is among all others
    let sure = unbroken(percent(*confidence));
    Some(format!("{first:.0}\u{a0}ms · {tokens} in {all:.0}\u{a0}ms{speed} · {sure} a word{stopped}"))
}
