//! The chat without a window.

use std::cell::{Cell, RefCell};

use eframe::egui::{Key, Modifiers};

use super::*;
use crate::widgets::testing::Harness;

fn answer<'a>() -> MessageView<'a> {
    MessageView {
        author: Author::Model,
        text: "left hand",
        streaming: false,
        details: Some("first token 12 ms · 3 tokens · 84 %"),
        selected: false,
        explain: true,
    }
}

/// The action after a click below the bubble, some points from the left.
fn below(view: MessageView<'_>, x: f32) -> Option<MessageAction> {
    let mut h = Harness::new(500.0, 300.0);
    let (action, bottom) = (Cell::new(None), Cell::new(0.0));
    let mut content = |ui: &mut Ui| {
        action.set(view.show(ui).or(action.get()));
        bottom.set(ui.min_rect().bottom());
    };
    h.frame(&mut content);
    h.frame(&mut content);
    let y = bottom.get() - 14.0;
    h.click(x, y, &mut content);
    action.get()
}

#[test]
fn answers_are_copied_explained_and_stopped() {
    assert_eq!(below(answer(), 24.0), Some(MessageAction::Copy));
    assert_eq!(below(answer(), 64.0), Some(MessageAction::Explain));
    assert_eq!(below(MessageView { explain: false, ..answer() }, 64.0), None);
    assert_eq!(below(MessageView { streaming: true, ..answer() }, 24.0), Some(MessageAction::Stop));
}

#[test]
fn questions_stand_right_and_answers_left() {
    let mut h = Harness::new(800.0, 300.0);
    h.frame(|ui| {
        let left = ui.max_rect().left();
        answer().show(ui);
        let rect = ui.min_rect();
        assert!(rect.left() == left && rect.right() < 500.0, "{rect:?}");
    });
}

#[test]
fn enter_sends_and_keeps_the_focus() {
    let mut h = Harness::new(390.0, 100.0);
    let text = RefCell::new(String::new());
    let actions = RefCell::new(Vec::new());
    let busy = Cell::new(false);
    let mut content = |ui: &mut Ui| {
        let mut text = text.borrow_mut();
        let view = ChatInput { text: &mut text, hint: "Ask about the motion", enabled: true, busy: busy.get() };
        actions.borrow_mut().extend(view.show(ui).action);
    };
    h.frame(&mut content);
    h.click(80.0, 30.0, &mut content);
    h.key(Key::Enter, Modifiers::NONE);
    h.frame(&mut content);
    assert!(actions.borrow().is_empty(), "nothing typed, nothing sent");
    h.text("Which hand?");
    h.frame(&mut content);
    h.key(Key::Enter, Modifiers::NONE);
    h.frame(&mut content);
    assert_eq!(*actions.borrow(), [InputAction::Send]);
    assert_eq!(*text.borrow(), "Which hand?");
    h.text(" Why?");
    h.frame(&mut content);
    assert_eq!(*text.borrow(), "Which hand? Why?", "the field kept the focus");
    // the button sends too, and stops while an answer is written
    h.click(360.0, 30.0, &mut content);
    busy.set(true);
    h.click(360.0, 30.0, &mut content);
    assert_eq!(*actions.borrow(), [InputAction::Send, InputAction::Send, InputAction::Stop]);
}

#[test]
fn suggestions_stay_in_one_line_that_scrolls() {
    let long = "Which of these is the person doing: walking, running, waving, clapping or something else?";
    let items = ["What is the person doing?", "Which hand moves?", "How often?", long];
    let mut h = Harness::new(390.0, 300.0);
    let (chosen, height) = (Cell::new(None), Cell::new(0.0));
    let mut content = |ui: &mut Ui| {
        chosen.set(suggestions(ui, &items, true).or(chosen.get()));
        assert!(ui.min_rect().right() <= 390.0);
        height.set(ui.min_rect().height());
    };
    h.frame(&mut content);
    h.frame(&mut content);
    assert!((30.0..60.0).contains(&height.get()), "{} points are not one line", height.get());
    h.click(40.0, 16.0, &mut content);
    assert_eq!(chosen.get(), Some(0));
    // the last one comes when the line is moved
    h.hover(200.0, 16.0);
    h.scroll_sideways(-2000.0, &mut content);
    h.click(360.0, 16.0, &mut content);
    assert_eq!(chosen.take(), Some(3));
}

#[test]
fn a_plain_wheel_moves_the_suggestions_and_the_whole_text_is_under_the_pointer() {
    let long = "Which of these is the person doing: walking, running, waving, clapping or something else?";
    let items = [long, "What is the person doing?", "Which hand moves?", "How often is it done?"];
    let mut h = Harness::new(390.0, 300.0);
    let mut content = |ui: &mut Ui| {
        suggestions(ui, &items, true);
    };
    h.hover(60.0, 20.0);
    (0..60).for_each(|_| h.frame(&mut content));
    assert!(h.texts().iter().any(|text| text == long), "{:?}", h.texts());
    assert!(h.places_of("How often").is_empty(), "it is beyond the edge");
    h.wheel(-30.0, &mut content);
    assert_eq!(h.places_of("How often").len(), 1, "{:?}", h.texts());
}

#[test]
fn any_input_is_drawn() {
    let long = "averyverylongwordwithoutanybreak".repeat(50);
    for width in [1.0, 30.0, 390.0, 1500.0] {
        let mut h = Harness::new(width, 300.0);
        h.frame(|ui| {
            for author in [Author::You, Author::Model, Author::Notice] {
                for text in ["", "wave", &long] {
                    for streaming in [false, true] {
                        let above = ui.min_rect().height();
                        let view =
                            MessageView { author, text, streaming, details: None, selected: true, explain: true };
                        view.show(ui);
                        let needed = ui.min_rect().height() - above;
                        // a word without a break is broken all the same
                        let lines = if text == long { 3.0 } else { 0.5 };
                        assert!(needed >= 12.0 * lines, "{author:?} {streaming} {width}: {needed} points");
                        let right = ui.min_rect().right();
                        assert!(width < 390.0 || right <= width, "{author:?} {streaming} {width}: {right}");
                    }
                }
            }
            MessageView { details: Some(&long), ..answer() }.show(ui);
            suggestions(ui, &[&long, ""], false);
            ChatInput { text: &mut long.clone(), hint: &long, enabled: false, busy: true }.show(ui);
        });
        assert!(h.triangles() > 0, "{width}");
    }
}
