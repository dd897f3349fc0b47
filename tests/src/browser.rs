//! A headless Chromium, driven over the DevTools protocol, for the tests of the page.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `connection` | messages to and from the browser |
//! | `record` | what pages wrote on the console, threw and asked the network for |
//! | `page` | one tab: load, evaluate, wait, look |
//! | `input` | keys, mouse, dropped files |
//! | `app` | our page in a tab, in words of what a person does with it |
//!
//! Everything is blocking, and everything that can take long has a limit and says what it waited for.

mod app;
mod connection;
mod input;
mod page;
mod record;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tempfile::TempDir;

pub use app::App;
use connection::Connection;
pub use page::{Look, Page};
pub use record::Record;

/// How long the browser may take to start.
const START: Duration = Duration::from_secs(60);

/// WebGPU on SwiftShader, the software adapter that Chromium brings along, and WebGL on it too; and nothing that a
/// browser does of its own accord.
const FLAGS: [&str; 19] = [
    "--headless=new",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    // without these a canvas of such a device cannot be shown: the device is lost at its first frame
    "--enable-features=Vulkan",
    "--use-vulkan=swiftshader",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--enable-precise-memory-info",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--mute-audio",
    "--remote-debugging-port=0",
];

/// A running browser with a profile of its own. Both are gone when it is dropped.
pub struct Browser {
    // the connection goes first, then the process, then its folder
    connection: Connection,
    process: Child,
    folder: TempDir,
}

impl Browser {
    /// Starts it: `$CHROMIUM`, or what is called `chromium`.
    ///
    /// # Errors
    /// When there is none, or it does not answer.
    pub fn start() -> Result<Browser> {
        let program = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("chromium"), PathBuf::from);
        let folder = tempfile::tempdir().context("no folder for the browser's profile")?;
        let profile = folder.path().join("profile");
        std::fs::create_dir(folder.path().join("downloads"))?;
        let mut command = leashed(&program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display()));
        // as root there is no sandbox, and in containers no large /dev/shm
        if is_root() {
            command.args(["--no-sandbox", "--disable-dev-shm-usage"]);
        }
        command.arg("about:blank").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let connected = address(&profile, &mut process).and_then(|address| Connection::open(&address));
        let mut connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                end(&mut process);
                return Err(error.context(format!("{} does not answer", program.display())));
            }
        };
        // names of its own, and events: a file with the page's name is there, and empty, before its content is
        let path = folder.path().join("downloads");
        let downloads = json!({ "behavior": "allowAndName", "downloadPath": path, "eventsEnabled": true });
        connection.call("", "Browser.setDownloadBehavior", downloads)?;
        // workers, and what else pages start, become sessions of this connection
        let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true });
        connection.call("", "Target.setAutoAttach", attach)?;
        Ok(Browser { connection, process, folder })
    }

    /// A new empty tab; the one before it is closed.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn page(&mut self) -> Result<Page<'_>> {
        Page::open(self)
    }

    /// The browser's version, as it names itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn version(&mut self) -> Result<String> {
        let version = self.connection.call("", "Browser.getVersion", json!({}))?;
        Ok(version["product"].as_str().unwrap_or("?").to_owned())
    }

    /// Whether a page gave it a file with a name to keep, be it complete or not, which nobody took yet.
    pub fn keeps(&self, name: &str) -> bool {
        self.connection.downloads.values().any(|download| download.name == name)
    }

    /// A folder for files that a test makes.
    pub fn scratch(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // asked politely it puts its profile in order
        let _ = self.connection.call("", "Browser.close", json!({}));
        end(&mut self.process);
    }
}

/// Waits for a browser to end, and sees to it that it does.
fn end(process: &mut Child) {
    // lets go of the leash
    drop(process.stdin.take());
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if matches!(process.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = process.kill();
    let _ = process.wait();
}

/// A command that ends with us, however we end: a test that is killed must not leave a browser behind that computes.
fn leashed(program: &Path) -> Command {
    if !cfg!(unix) {
        return Command::new(program);
    }
    // the pipe to our end breaks when we are gone
    const LEASH: &str = r#"
        exec 3<&0
        "$0" "$@" </dev/null 3<&- &
        browser=$!
        { cat <&3 >/dev/null; kill $browser; } 2>/dev/null &
        wait $browser"#;
    let mut command = Command::new("sh");
    command.args(["-c", LEASH]).arg(program);
    command
}

/// The folder of the page that the task runner built.
///
/// # Errors
/// When it built none.
pub fn page_folder() -> Result<PathBuf> {
    let folder = std::env::var_os("SKELETONLLM_PAGE").map(PathBuf::from);
    folder.context("SKELETONLLM_PAGE names no folder with the page; `cargo xtask test` builds it")
}

/// The WebSocket that the browser listens on, once it has written it into its profile.
fn address(profile: &Path, process: &mut Child) -> Result<String> {
    let start = Instant::now();
    while start.elapsed() < START {
        if let Ok(text) = std::fs::read_to_string(profile.join("DevToolsActivePort"))
            && let Some((port, path)) = text.trim().split_once('\n')
        {
            return Ok(format!("ws://127.0.0.1:{port}{path}"));
        }
        if let Some(status) = process.try_wait()? {
            bail!("it ended with {status}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("it opened no port within {} s", START.as_secs())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"))
}
