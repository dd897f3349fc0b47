//! What a person does with a page.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use serde_json::json;

use super::Page;

/// The Shift key among the modifiers of an event.
const SHIFT: u32 = 8;

/// A key by its DOM name: code, Windows virtual key, and the text it types.
fn key(name: &str) -> (String, u32, Option<String>) {
    let named = |code: &str, number| (code.to_owned(), number, None);
    match name {
        "ArrowLeft" => named(name, 37),
        "ArrowUp" => named(name, 38),
        "ArrowRight" => named(name, 39),
        "ArrowDown" => named(name, 40),
        "End" => named(name, 35),
        "Escape" => named(name, 27),
        "Home" => named(name, 36),
        "PageDown" => named(name, 34),
        "PageUp" => named(name, 33),
        "Tab" => named(name, 9),
        "Enter" => (name.to_owned(), 13, Some("\r".into())),
        " " => ("Space".into(), 32, Some(" ".into())),
        "/" => ("Slash".into(), 191, Some("/".into())),
        "?" => ("Slash".into(), 191, Some("?".into())),
        letter => {
            let upper = letter.to_uppercase();
            let digit = upper.starts_with(|c: char| c.is_ascii_digit());
            let code = if digit { format!("Digit{upper}") } else { format!("Key{upper}") };
            (code, upper.bytes().next().map_or(0, u32::from), Some(letter.to_owned()))
        }
    }
}

impl Page<'_> {
    /// Presses and releases a key, by its DOM name: `a`, `/`, `Enter`, `ArrowLeft`, ….
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn press(&mut self, name: &str) -> Result<()> {
        self.key_down(name, 0, false)?;
        self.key_up(name, 0)
    }

    /// As [`Page::press`], with the Shift key held.
    ///
    /// # Errors
    /// As there.
    pub fn press_with_shift(&mut self, name: &str) -> Result<()> {
        self.key_down(name, SHIFT, false)?;
        self.key_up(name, SHIFT)
    }

    /// Holds a key for a while; it repeats as on a keyboard, 30 times a second or as often as the page keeps up.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn hold(&mut self, name: &str, during: Duration) -> Result<()> {
        let start = std::time::Instant::now();
        self.key_down(name, 0, false)?;
        while start.elapsed() < during {
            self.pause(Duration::from_millis(33))?;
            self.key_down(name, 0, true)?;
        }
        self.key_up(name, 0)
    }

    fn key_down(&mut self, name: &str, modifiers: u32, repeat: bool) -> Result<()> {
        let (code, number, text) = key(name);
        let kind = if text.is_some() { "keyDown" } else { "rawKeyDown" };
        let mut event = json!({
            "type": kind, "key": name, "code": code, "windowsVirtualKeyCode": number, "autoRepeat": repeat,
            "modifiers": modifiers,
        });
        if let Some(text) = text {
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", event)?;
        Ok(())
    }

    fn key_up(&mut self, name: &str, modifiers: u32) -> Result<()> {
        let (code, number, _) = key(name);
        let event = json!({
            "type": "keyUp", "key": name, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        self.call("Input.dispatchKeyEvent", event)?;
        Ok(())
    }

    /// Types text into what has the focus, as an input method does.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        self.call("Input.insertText", json!({ "text": text }))?;
        Ok(())
    }

    /// Clicks with the left button at a point in CSS pixels.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn click(&mut self, x: f64, y: f64) -> Result<()> {
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event)?;
        }
        Ok(())
    }

    /// Drops files in the middle of the window.
    ///
    /// # Errors
    /// When the browser refuses, or a file is not there.
    pub fn drop_files(&mut self, files: &[impl AsRef<Path>]) -> Result<()> {
        let paths = files.iter().map(|file| {
            let file = file.as_ref();
            file.canonicalize().with_context(|| format!("cannot drop {}", file.display()))
        });
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let (x, y) = (self.number("innerWidth")? / 2.0, self.number("innerHeight")? / 2.0);
        for kind in ["dragEnter", "dragOver", "drop"] {
            let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
            self.call("Input.dispatchDragEvent", json!({ "type": kind, "x": x, "y": y, "data": data }))?;
        }
        Ok(())
    }
}
