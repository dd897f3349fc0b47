//! Our page in a tab, in words of what a person does with it.
//!
//! The page says in its live regions what happened, for screen readers; that is what is read here. The rest of what may
//! be known from outside stands in the canvas's `data-` attributes.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{Browser, Page};

/// How long the page may take to start, on a slow machine with a software GPU.
const START: Duration = Duration::from_secs(180);
/// How long anything else may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Remembers every GPU device that the page gets, so that a test can take them away.
const KEEP_DEVICES: &str = "
    window.__devices = [];
    if (globalThis.GPUAdapter) {
        const request = GPUAdapter.prototype.requestDevice;
        GPUAdapter.prototype.requestDevice = async function (...options) {
            const device = await request.apply(this, options);
            window.__devices.push(device);
            return device;
        };
    }";

/// Remembers how long the main thread was busy at a stretch, where that was long.
const WATCH_BLOCKS: &str = "
    window.__blocks = [];
    new PerformanceObserver(list => list.getEntries().forEach(entry => window.__blocks.push(entry.duration)))
        .observe({ entryTypes: ['longtask'] });";

/// The page, in a tab of its own.
pub struct App<'a> {
    /// The tab.
    pub page: Page<'a>,
    origin: String,
}

impl<'a> App<'a> {
    /// A tab that will show the page of a server (`http://HOST:PORT`).
    ///
    /// # Errors
    /// When the browser opens none.
    pub fn new(browser: &'a mut Browser, origin: &str) -> Result<App<'a>> {
        let mut page = browser.page()?;
        page.before_load(KEEP_DEVICES)?;
        page.before_load(WATCH_BLOCKS)?;
        Ok(App { page, origin: origin.to_owned() })
    }

    /// Loads the page as for the first time, with a query such as `?device=cpu`, and waits until it can be used and the
    /// model is there.
    ///
    /// # Errors
    /// When it does not come so far, with what the page says.
    pub fn load(&mut self, query: &str) -> Result<()> {
        self.forget()?;
        self.come_back(query)
    }

    /// Forgets the takes of this visit, which another tab of the same browser would open, too.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn forget(&mut self) -> Result<()> {
        self.page.eval(FORGET).map(drop)
    }

    /// As [`App::load`], with the takes of the visit before.
    ///
    /// # Errors
    /// As there.
    pub fn come_back(&mut self, query: &str) -> Result<()> {
        self.page.goto(&format!("{}/{query}", self.origin))?;
        let settled =
            "document.body?.classList.contains('interactive') || document.querySelector('#problem:not([hidden])')";
        if let Err(error) = self.page.wait_for("the page can be used", settled, START) {
            let far = "`${document.getElementById('progress')?.innerText}, ${document.visibilityState}`";
            let far = self.page.text(far).unwrap_or_default();
            return Err(error.context(format!("it came as far as: {}", far.replace('\n', " "))));
        }
        let problem = self.page.text("document.getElementById('problem').textContent")?;
        if !problem.is_empty() {
            bail!("the page says: {problem}");
        }
        self.ready()
    }

    /// Waits until the model is there.
    ///
    /// # Errors
    /// When it does not come, or the program broke meanwhile.
    pub fn ready(&mut self) -> Result<()> {
        let ready = format!("{CANVAS}.dataset.ready === '1' || {BROKEN}");
        self.page.wait_for("the model is ready", &ready, START)?;
        if self.page.eval(BROKEN)? == true {
            let text = self.page.text("document.getElementById('crash-text').textContent")?;
            bail!("the program broke: {text}\n    {}", self.page.record().summary());
        }
        Ok(())
    }

    /// Waits until the model of a name answers.
    ///
    /// # Errors
    /// What the page says instead, or that it does not come.
    pub fn model(&mut self, name: &str, limit: Duration) -> Result<()> {
        let answers = format!("{CANVAS}.dataset.model === '{name}' && {CANVAS}.dataset.ready === '1'");
        // what failed before is in the log, and what has ended is not on its way
        let failed = format!("{}.length && !{CANVAS}.dataset.coming", lines_of("error"));
        self.page.wait_for(&format!("{name} answers"), &format!("({answers}) || ({failed})"), limit)?;
        if self.data("model")? != name {
            bail!("{name} does not answer; the page says: {}", self.said("error")?.join("; "));
        }
        self.idle()
    }

    /// A `data-` attribute of the canvas; empty where it is not set.
    ///
    /// # Errors
    /// When the tab does not answer.
    pub fn data(&mut self, name: &str) -> Result<String> {
        self.page.text(&format!("{CANVAS}.dataset.{name} ?? ''"))
    }

    /// As [`App::data`], as a number; 0 where it is none.
    ///
    /// # Errors
    /// As there.
    pub fn number(&mut self, name: &str) -> Result<f64> {
        self.page.number(&format!("{CANVAS}.dataset.{name}"))
    }

    /// Presses one of the page's own buttons.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn click(&mut self, id: &str) -> Result<()> {
        self.page.eval(&format!("document.getElementById('{id}').click()")).map(drop)
    }

    /// Chooses in one of the page's own lists.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn choose(&mut self, id: &str, value: &str) -> Result<()> {
        let chosen = format!("e.value = '{value}'; e.dispatchEvent(new Event('change'))");
        self.page.eval(&format!("(e => {{ {chosen}; }})(document.getElementById('{id}'))")).map(drop)
    }

    /// All lines of one kind in the log, oldest first, without the names of the files that they are about.
    ///
    /// # Errors
    /// When the tab does not answer.
    pub fn said(&mut self, kind: &str) -> Result<Vec<String>> {
        let lines = self.page.eval(&format!("[...{}].map({SAID})", lines_of(kind)))?;
        let lines = lines.as_array().context("the log is no list")?;
        Ok(lines.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Does something and waits for the next line of one of `kinds` that it leads to. Returns its kind, and its text without
    /// the name of the file that it is about.
    ///
    /// # Errors
    /// When none comes.
    pub fn heard(&mut self, kinds: &[&str], act: impl FnOnce(&mut Self) -> Result<()>) -> Result<(String, String)> {
        // lines are counted from a mark: the log forgets its oldest lines
        self.page.eval("document.getElementById('log').lastElementChild?.setAttribute('data-mark', '1')")?;
        act(self)?;
        let list = kinds.iter().map(|kind| format!("'{kind}'")).collect::<Vec<_>>().join(", ");
        let fresh = format!(
            "(() => {{
                const lines = [...document.querySelectorAll('#log > p')];
                const mark = lines.findLastIndex(line => line.dataset.mark);
                return lines.slice(mark + 1).find(line => [{list}].includes(line.dataset.kind));
            }})()"
        );
        self.page.wait_for(&format!("a line of {}", kinds.join(" or ")), &fresh, PATIENCE)?;
        let pair = self.page.eval(&format!("(line => [line.dataset.kind, ({SAID})(line)])({fresh})"))?;
        let word = |n: usize| pair[n].as_str().unwrap_or_default().to_owned();
        Ok((word(0), word(1)))
    }

    /// As [`App::heard`] for one kind; an error line in its place is an error.
    ///
    /// # Errors
    /// The page's own, or that none comes.
    pub fn hear(&mut self, kind: &str, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<String> {
        match self.heard(&[kind, "error"], act)? {
            (heard, text) if heard == kind => Ok(text),
            (_, text) => bail!("instead of {kind} the page says: {text}"),
        }
    }

    /// Waits until the model has nothing to do.
    ///
    /// # Errors
    /// When it goes on and on.
    pub fn idle(&mut self) -> Result<()> {
        self.page.wait_for("the model is idle", &format!("!{CANVAS}.dataset.busy"), PATIENCE)
    }

    /// Waits until the motion that is shown while nothing is open has its label.
    ///
    /// # Errors
    /// When it gets none.
    pub fn example(&mut self) -> Result<()> {
        self.page.wait_for("the example has a label", &format!("{CANVAS}.dataset.exampleLabel"), PATIENCE)
    }

    /// Drops a file and waits until it is shown, paused at its first frame, and recognised. Returns the line that tells
    /// of it.
    ///
    /// # Errors
    /// What the page says about a file that it cannot read.
    pub fn open(&mut self, file: &Path) -> Result<String> {
        let line = self.hear("opened", |app| app.page.drop_files(&[file]))?;
        let name = file.file_name().and_then(|name| name.to_str()).context("a file has a name")?;
        let shown = format!("{CANVAS}.dataset.take === '{name}'");
        self.page.wait_for(&format!("{name} is shown"), &shown, PATIENCE)?;
        // a take that plays draws all the time, and a software GPU then has little left for the model
        self.page.press("Home")?;
        self.idle()?;
        Ok(line)
    }

    /// Types a question and returns the whole answer.
    ///
    /// # Errors
    /// What the page says instead.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        self.page.press("/")?;
        self.page.wait_for("the question field has the focus", TYPING, PATIENCE)?;
        self.page.type_text(question)?;
        self.settle()?;
        let answer = self.hear("answer", |app| {
            let asked = app.hear("question", |app| app.page.press("Enter"))?;
            if asked != question {
                bail!("the page understood {asked:?} instead of {question:?}");
            }
            Ok(())
        })?;
        self.idle()?;
        // keys are words while the field has the focus
        self.page.press("Escape")?;
        self.page.wait_for("the question field lets go of the focus", &format!("!({TYPING})"), PATIENCE)?;
        Ok(answer)
    }

    /// Waits until the page has drawn what happened before.
    ///
    /// # Errors
    /// When the tab does not answer.
    pub fn settle(&mut self) -> Result<()> {
        self.page.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")?;
        Ok(())
    }

    /// Presses a key that saves a file, and returns its content.
    ///
    /// # Errors
    /// When none comes.
    pub fn save(&mut self, key: &str, name: &str) -> Result<Vec<u8>> {
        self.page.press(key)?;
        self.page.downloaded(name, PATIENCE)
    }

    /// Stops playing, wherever the playhead is, and returns frame and number of frames, from the status line.
    ///
    /// # Errors
    /// When the status line does not say.
    pub fn frame(&mut self) -> Result<(usize, usize)> {
        let found = "/frame (\\d+) of (\\d+)/.exec(document.getElementById('status').textContent)";
        self.page.wait_for("the status line tells the frame", found, PATIENCE)?;
        let (frame, of) = (self.page.number(&format!("{found}[1]"))?, self.page.number(&format!("{found}[2]"))?);
        Ok((frame as usize, of as usize))
    }

    /// Bytes of the program's memory, which never shrinks.
    ///
    /// # Errors
    /// When the page does not say.
    pub fn program_memory(&mut self) -> Result<f64> {
        let bytes = self.number("memory")?;
        if bytes == 0.0 {
            bail!("the page does not tell its memory");
        }
        Ok(bytes)
    }

    /// Takes the GPU away: every device that the page has is lost.
    ///
    /// # Errors
    /// When it has none.
    pub fn lose_device(&mut self) -> Result<()> {
        let count = self.page.number("window.__devices.length")?;
        if count == 0.0 {
            bail!("the page has no GPU device");
        }
        self.page.eval("window.__devices.splice(0).forEach(device => device.destroy())")?;
        Ok(())
    }

    /// Longest stretch in seconds that kept the main thread since the last call; stretches below 50 ms count as none.
    ///
    /// # Errors
    /// When the tab does not answer.
    pub fn longest_block(&mut self) -> Result<f64> {
        Ok(self.page.number("Math.max(0, ...window.__blocks.splice(0))")? / 1e3)
    }

    /// Pictures drawn in a second while a key is held.
    ///
    /// # Errors
    /// When the tab does not answer.
    pub fn pictures_per_second(&mut self, key: &str, during: Duration) -> Result<f64> {
        let (start, before) = (Instant::now(), self.number("pictures")?);
        self.page.hold(key, during)?;
        Ok((self.number("pictures")? - before) / start.elapsed().as_secs_f64())
    }
}

const CANVAS: &str = "document.getElementById('app')";
/// What a line of the log says of a file, or says at all.
const SAID: &str = "line => line.textContent.slice(line.dataset.file ? line.dataset.file.length + 2 : 0)";
/// egui keeps an invisible field for whatever one types.
const TYPING: &str = "document.activeElement.matches('input')";
/// Takes away what earlier visits kept; there is nothing to take away before the first one.
const FORGET: &str = "(async () => {
    try {
        for (const key of ['starts', 'in view']) localStorage.removeItem(key);
        await (await navigator.storage.getDirectory()).removeEntry('kept', { recursive: true });
    } catch {}
    return true;
})()";
const BROKEN: &str = "!document.getElementById('crash').hidden";

fn lines_of(kind: &str) -> String {
    format!("document.querySelectorAll('#log > p[data-kind=\"{kind}\"]')")
}
