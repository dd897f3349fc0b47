//! The viewer's window on a virtual display: the shader workbench opens, draws, takes a pixel apart and closes again.
//!
//! Needs `Xvfb`, `xdotool` and ImageMagick's `import`, and something to draw windows with. The pictures it looked at stay
//! in the folder that it prints.

#![cfg(all(feature = "gpu", target_os = "linux"))]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use skeletonllm_checks::{Need, asset, have};

const SIZE: [usize; 2] = [1280, 800];

/// Ends a program with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A screen of its own, and what is on it.
struct Screen {
    display: String,
    pictures: PathBuf,
    _server: Running,
}

impl Screen {
    /// A virtual display, and what is needed to look at it and to press keys; or what is missing.
    fn open() -> Result<Screen, &'static str> {
        let screen = Screen::start().ok_or("Xvfb and ImageMagick's import are needed for a window")?;
        screen.command("xdotool", &["version"]).ok_or("xdotool is needed to press keys")?;
        Ok(screen)
    }

    fn start() -> Option<Screen> {
        let screen = format!("{}x{}x24", SIZE[0], SIZE[1]);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map(Running)
            .ok()?;
        let mut number = String::new();
        BufReader::new(server.0.stdout.take()?).read_line(&mut number).ok()?;
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
        std::fs::create_dir_all(&pictures).ok()?;
        let screen = Screen { display: format!(":{}", number.trim()), pictures, _server: server };
        (!number.trim().is_empty() && screen.pixels().is_some()).then_some(screen)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
        let output = Command::new(program).args(arguments).env("DISPLAY", &self.display).output().ok()?;
        output.status.success().then_some(output.stdout)
    }

    fn xdotool(&self, arguments: &[&str]) {
        self.command("xdotool", arguments).unwrap_or_else(|| panic!("xdotool {arguments:?} failed"));
    }

    fn click(&self, x: usize, y: usize) {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"]);
    }

    /// Red, green, blue of every pixel.
    fn pixels(&self) -> Option<Vec<[u8; 3]>> {
        let raw = self.command("import", &["-window", "root", "-depth", "8", "rgb:-"])?;
        (raw.len() == SIZE[0] * SIZE[1] * 3).then(|| raw.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect())
    }

    /// Waits until the screen is as wanted, and keeps a picture of it.
    fn until(&self, name: &str, wanted: impl Fn(&[[u8; 3]]) -> bool) -> Vec<[u8; 3]> {
        let start = Instant::now();
        loop {
            let pixels = self.pixels().expect("the screen was there before");
            let done = wanted(&pixels);
            if done || start.elapsed() > Duration::from_secs(120) {
                let path = self.pictures.join(format!("{name}.png"));
                self.command("import", &["-window", "root", path.to_str().expect("a plain path")]);
                assert!(done, "the screen is not as wanted: see {}", path.display());
                return pixels;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// Share of pixels that differ clearly.
fn changed(a: &[[u8; 3]], b: &[[u8; 3]]) -> f64 {
    let differs = |(a, b): &(&[u8; 3], &[u8; 3])| (0..3).any(|c| a[c].abs_diff(b[c]) > 12);
    a.iter().zip(b).filter(differs).count() as f64 / a.len() as f64
}

/// Pixels of a strong colour between two corners.
fn colourful(pixels: &[[u8; 3]], from: [usize; 2], to: [usize; 2]) -> usize {
    let rows = (from[1]..to[1]).flat_map(|y| (from[0]..to[0]).map(move |x| y * SIZE[0] + x));
    let strong = |p: [u8; 3]| p.iter().max().unwrap_or(&0) - p.iter().min().unwrap_or(&0) > 60;
    rows.filter(|&i| strong(pixels[i])).count()
}

#[test]
fn the_workbench_opens_draws_and_closes() {
    let Some(screen) = have(Need::Display, Screen::open()) else { return };
    let mut viewer = Running(
        Command::new(env!("CARGO_BIN_EXE_viewer"))
            .args(["--device", "cpu"])
            .arg(asset("samples/wave_left_hand.bvh"))
            .env("DISPLAY", &screen.display)
            .env_remove("WAYLAND_DISPLAY")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the viewer starts"),
    );
    let start = Instant::now();
    while screen.command("xdotool", &["search", "--name", "SkeletonLLM"]).is_none_or(|found| found.is_empty()) {
        if let Ok(Some(_)) = viewer.0.try_wait() {
            let mut said = String::new();
            BufReader::new(viewer.0.stderr.take().expect("piped")).read_line(&mut said).expect("text");
            assert!(said.contains("no window"), "{said}");
            have::<()>(Need::Display, Err(said.trim()));
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no window came");
        std::thread::sleep(Duration::from_millis(200));
    }
    let window = String::from_utf8(screen.command("xdotool", &["search", "--name", "SkeletonLLM"]).expect("found"));
    let window = window.expect("a number").lines().next().expect("a window").to_owned();
    println!("pictures: {}", screen.pictures.display());

    // DrAction's picture is on the right half; the playhead moves, so it is stopped
    screen.until("1-viewer", |pixels| colourful(pixels, [450, 90], [880, 500]) > 2000);
    screen.xdotool(&["windowfocus", &window]);
    screen.xdotool(&["key", "space"]);
    std::thread::sleep(Duration::from_secs(1));
    let before = screen.pixels().expect("a screen");
    screen.xdotool(&["key", "b"]);
    // a picture on the left, a strip of flame on the right
    let open = screen.until("2-passes", |pixels| {
        changed(pixels, &before) > 0.05
            && colourful(pixels, [20, 100], [440, 470]) > 500
            && colourful(pixels, [480, 160], [1260, 195]) > 5000
    });
    // the trunk
    screen.click(180, 210);
    let apart = screen.until("3-pixel", |pixels| changed(pixels, &open) > 0.002);
    // the tab of the CPU twin: a statement in colour, and a tick a pass
    screen.click(725, 77);
    screen.until("4-twin", |pixels| {
        changed(pixels, &apart) > 0.02
            && colourful(pixels, [490, 130], [770, 155]) > 500
            && colourful(pixels, [490, 250], [516, 660]) > 300
    });
    screen.xdotool(&["key", "F12"]);
    screen.until("5-closed", |pixels| changed(pixels, &before) < 0.02);
}
