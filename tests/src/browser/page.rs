//! One tab.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

use super::{Browser, Record, connection::Download};

/// How a tab is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Physical pixels per CSS pixel.
    pub scale: u32,
    /// Whether the system prefers dark colours.
    pub dark: bool,
    /// Whether it is a phone: touch, and its handling of the viewport.
    pub mobile: bool,
    /// Whether the person asks the system for less motion.
    pub calm: bool,
}

impl Look {
    /// 1280 × 720, light.
    pub const DESKTOP: Look = Look { width: 1280, height: 720, scale: 1, dark: false, mobile: false, calm: false };
    /// 390 × 844, light.
    pub const PHONE: Look = Look { width: 390, height: 844, scale: 2, dark: false, mobile: true, calm: false };
}

/// A tab of a browser.
pub struct Page<'a> {
    pub(super) browser: &'a mut Browser,
    pub(super) session: String,
}

impl<'a> Page<'a> {
    pub(super) fn open(browser: &'a mut Browser) -> Result<Page<'a>> {
        let connection = &mut browser.connection;
        let old: Vec<String> =
            connection.sessions.iter().filter(|s| s.kind == "page").map(|s| s.target.clone()).collect();
        let created = connection.call("", "Target.createTarget", json!({ "url": "about:blank" }))?;
        for target in old {
            connection.call("", "Target.closeTarget", json!({ "targetId": target }))?;
        }
        let start = Instant::now();
        let session = loop {
            if let Some(session) = connection.sessions.iter().find(|s| created["targetId"] == s.target.as_str()) {
                break session.id.clone();
            }
            if start.elapsed() > Duration::from_secs(10) {
                bail!("the browser opened no tab");
            }
            connection.listen(Duration::from_millis(20))?;
        };
        let mut page = Page { browser, session };
        for domain in ["Page.enable", "Runtime.enable", "Network.enable", "Log.enable"] {
            page.call(domain, json!({}))?;
        }
        // a tab that is behind another draws nothing, and waits for its first frame for ever
        page.call("Page.bringToFront", json!({}))?;
        page.look(Look::DESKTOP)?;
        Ok(page)
    }

    /// Calls a method of the tab.
    ///
    /// # Errors
    /// The browser's words.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        self.browser.connection.call(&self.session, method, params)
    }

    /// Goes to an address and returns once it answered.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn goto(&mut self, url: &str) -> Result<()> {
        let answer = self.call("Page.navigate", json!({ "url": url }))?;
        match answer["errorText"].as_str() {
            Some(problem) => bail!("{url}: {problem}"),
            None => Ok(()),
        }
    }

    /// Runs a script before those of every page that is loaded from now on.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn before_load(&mut self, script: &str) -> Result<()> {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }))?;
        Ok(())
    }

    /// The value of an expression; promises are awaited.
    ///
    /// # Errors
    /// What the script threw.
    pub fn eval(&mut self, script: &str) -> Result<Value> {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params)?;
        if let Some(details) = answer.get("exceptionDetails") {
            let thrown = details["exception"]["description"].as_str().or_else(|| details["text"].as_str());
            bail!("{script}: {}", thrown.unwrap_or("it threw"));
        }
        Ok(answer["result"]["value"].clone())
    }

    /// The value of an expression as text; empty for what is none.
    ///
    /// # Errors
    /// As [`Page::eval`].
    pub fn text(&mut self, script: &str) -> Result<String> {
        Ok(match self.eval(script)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// The value of an expression as a number; 0 for what is none.
    ///
    /// # Errors
    /// As [`Page::eval`].
    pub fn number(&mut self, script: &str) -> Result<f64> {
        Ok(self.eval(&format!("Number({script}) || 0"))?.as_f64().unwrap_or(0.0))
    }

    /// Waits until an expression, or what it promises, is true. `what` is what was hoped for, for the message.
    ///
    /// # Errors
    /// When it is not in time, with what stands on the console.
    pub fn wait_for(&mut self, what: &str, condition: &str, limit: Duration) -> Result<()> {
        let start = Instant::now();
        let mut last = Ok(Value::Null);
        while start.elapsed() < limit {
            // while a page loads there may be no document yet
            last = self.eval(&format!("Promise.resolve({condition}).then(Boolean)"));
            if matches!(&last, Ok(Value::Bool(true))) {
                return Ok(());
            }
            self.browser.connection.listen(Duration::from_millis(30))?;
        }
        let status = self.text("document.getElementById('status')?.textContent").unwrap_or_default();
        let problem = last.err().map_or(String::new(), |error| format!(" ({error:#})"));
        let console = self.browser.connection.record.summary();
        bail!(
            "after {} s still not: {what}{problem}\n  status line: {status}\n  console:\n    {console}",
            limit.as_secs()
        )
    }

    /// Lets time pass while taking in what happens.
    ///
    /// # Errors
    /// When the browser is gone.
    pub fn pause(&mut self, during: Duration) -> Result<()> {
        self.browser.connection.listen(during)
    }

    /// Changes size, colours and what the system is asked for.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn look(&mut self, look: Look) -> Result<()> {
        let Look { width, height, scale, dark, mobile, calm } = look;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", metrics)?;
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": mobile }))?;
        let scheme = if dark { "dark" } else { "light" };
        let motion = if calm { "reduce" } else { "no-preference" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": motion },
        ]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }))?;
        Ok(())
    }

    /// Lets pages of an origin read and write the clipboard, and has the tab take itself for the one in front.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn allow_clipboard(&mut self, origin: &str) -> Result<()> {
        let permissions = json!(["clipboardReadWrite", "clipboardSanitizedWrite"]);
        let params = json!({ "origin": origin, "permissions": permissions });
        self.browser.connection.call("", "Browser.grantPermissions", params)?;
        self.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }))?;
        Ok(())
    }

    /// Cuts page and workers off the network, or connects them again.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn set_offline(&mut self, offline: bool) -> Result<()> {
        self.browser.connection.set_offline(offline)
    }

    /// Writes what is seen now as PNG.
    ///
    /// # Errors
    /// When there is no picture, or no file.
    pub fn screenshot(&mut self, path: &Path) -> Result<()> {
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }))?;
        let data = answer["data"].as_str().context("the browser took no picture")?;
        let png = base64::engine::general_purpose::STANDARD.decode(data)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Waits for a download to be complete, and returns its content. The file is gone afterwards.
    ///
    /// # Errors
    /// When it does not come in time.
    pub fn downloaded(&mut self, name: &str, limit: Duration) -> Result<Vec<u8>> {
        let start = Instant::now();
        let file = loop {
            let downloads = &mut self.browser.connection.downloads;
            let ended = |d: &Download| d.name == name && matches!(d.state.as_str(), "completed" | "canceled");
            let found = downloads.iter().find(|(_, download)| ended(download)).map(|(file, _)| file.clone());
            if let Some((file, download)) = found.and_then(|file| downloads.remove_entry(&file)) {
                ensure!(download.state == "completed", "the browser gave up keeping {name}");
                break file;
            }
            if start.elapsed() > limit {
                bail!("{name} was not downloaded within {} s\n    {}", limit.as_secs(), self.record().summary());
            }
            self.browser.connection.listen(Duration::from_millis(50))?;
        };
        let path = self.browser.folder.path().join("downloads").join(file);
        let bytes = std::fs::read(&path)?;
        std::fs::remove_file(&path)?;
        Ok(bytes)
    }

    /// Bytes that scripts hold, after a garbage collection.
    ///
    /// # Errors
    /// When the browser does not say.
    pub fn heap(&mut self) -> Result<f64> {
        self.call("HeapProfiler.collectGarbage", json!({}))?;
        self.number("performance.memory.usedJSHeapSize")
    }

    /// The newest measure of User Timing with a name, in seconds; `None` where there is none.
    ///
    /// # Errors
    /// As [`Page::eval`].
    pub fn measure(&mut self, name: &str) -> Result<Option<f64>> {
        let value =
            self.eval(&format!("performance.getEntriesByName('{name}', 'measure').at(-1)?.duration ?? null"))?;
        Ok(value.as_f64().map(|milliseconds| milliseconds / 1e3))
    }

    /// What happened in page and workers.
    pub fn record(&mut self) -> &mut Record {
        &mut self.browser.connection.record
    }

    /// The browser that it is a tab of.
    pub fn browser(&self) -> &Browser {
        self.browser
    }
}
