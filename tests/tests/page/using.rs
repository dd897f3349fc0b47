//! What somebody who uses the page for an hour comes upon: sizes of the window, keys, tables, addresses, large files. On the
//! processor, where waiting is shortest.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use skeletonllm_tests::{
    browser::{Look, page_folder},
    takes::write_long_take,
};

use crate::{QUESTION, Visit, data, showing::sample};

const SOON: Duration = Duration::from_secs(60);

/// Opens a sample by the page's own controls; it is recognised then.
fn open_sample(visit: &mut Visit<'_>, name: &str) -> Result<()> {
    visit.app.page.eval(&format!("document.getElementById('sample').value = '{name}'"))?;
    visit.app.hear("labels", |app| app.click("open-sample"))?;
    visit.app.idle()
}

pub fn tables(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    let names = ["squat.bvh", "clap.bvh", "walk.bvh"];
    let files = names.map(sample);
    // asked for at once: nothing has a label yet
    visit.app.hear("opened", |app| app.page.drop_files(&files))?;
    visit.app.page.wait_for("all are open", &data("takes", "3"), SOON)?;
    visit.app.click("csv")?;
    visit.app.click("json")?;
    let csv = String::from_utf8(visit.app.page.downloaded("labels.csv", SOON)?)?;
    let json: Value = serde_json::from_slice(&visit.app.page.downloaded("labels.json", SOON)?)?;
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    ensure!(rows.len() == 3, "{} rows: {csv}", rows.len());
    for (n, (name, file)) in names.iter().zip(&files).enumerate() {
        let (label, probability) = visit.native.label(file)?;
        ensure!(rows[n][0] == *name && rows[n][2] == label, "{name} is {label}, not {:?}", rows[n]);
        let told: f32 = rows[n][3].parse().context("a probability")?;
        ensure!((told - probability).abs() < 0.02, "{name}: {told} instead of {probability}");
        ensure!(json[n]["file"] == *name && json[n]["labels"][0]["label"] == label.as_str(), "{name}: {}", json[n]);
    }
    Ok(())
}

pub fn front(visit: &mut Visit<'_>) -> Result<()> {
    // as the step before leaves it: three takes
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Home")?;
    let frame = |n: usize| format!("document.getElementById('status').textContent.includes('frame {n} of')");
    visit.app.page.wait_for("it stands at its start", &frame(1), SOON)?;
    visit.app.page.press_with_shift("ArrowRight")?;
    visit.app.page.wait_for("Shift makes ten of a step", &frame(11), SOON)?;
    visit.app.page.press("Home")?;

    visit.app.page.press("?")?;
    visit.app.page.wait_for("the list of keys is shown", &data("front", "keys"), SOON)?;
    plays_nothing(visit, "the list of keys")?;
    visit.app.page.press("Escape")?;
    visit.app.page.wait_for("Escape closes it", &data("front", ""), SOON)?;

    // from the right, since the button on its left shows a dialog
    for x in (240..=400).rev().step_by(20) {
        visit.app.page.click(f64::from(x), 28.0)?;
        visit.app.settle()?;
        if visit.app.data("front")? == "menu" {
            break;
        }
    }
    ensure!(visit.app.data("front")? == "menu", "there is no menu of samples");
    plays_nothing(visit, "the menu")?;
    visit.app.page.press("Escape")?;
    visit.app.page.wait_for("Escape closes it", &data("front", ""), SOON)?;
    visit.app.page.press(" ")?;
    visit.app.page.wait_for("Space plays again", &data("playing", "1"), SOON)?;
    visit.app.page.press(" ")?;

    let current = visit.app.number("current")? as usize;
    for _ in 0..4 {
        visit.app.page.press("PageUp")?;
    }
    let expected = (current + 3 * 4 - 4) % 3;
    visit.app.page.wait_for("four fast presses are four", &data("current", &expected.to_string()), SOON)
}

fn plays_nothing(visit: &mut Visit<'_>, front: &str) -> Result<()> {
    visit.app.page.press(" ")?;
    visit.app.page.press("ArrowRight")?;
    visit.app.settle()?;
    let (frame, _) = visit.app.frame()?;
    ensure!(visit.app.data("playing")?.is_empty() && frame == 1, "keys do something behind {front}");
    Ok(())
}

pub fn tab(visit: &mut Visit<'_>) -> Result<()> {
    let focused = "document.activeElement.id";
    visit.app.page.eval("document.getElementById('open').focus()")?;
    let mut order = vec![visit.app.page.text(focused)?];
    while order.last().is_some_and(|id| id != "app") && order.len() < 30 {
        visit.app.page.press("Tab")?;
        order.push(visit.app.page.text(focused)?);
    }
    let expected = [
        "open",
        "folder",
        "sample",
        "open-sample",
        "take",
        "beside",
        "recognise",
        "question",
        "send",
        "share",
        "frame",
        "video",
        "save-video",
        "csv",
        "json",
        "answering",
        "choose-model",
        "forget",
        "app",
    ];
    ensure!(order == expected, "Tab goes {}", order.join(", "));
    let nameless = "[...document.querySelectorAll('input, select, button, progress, canvas')]
        .filter(one => !(one.getAttribute('aria-label') || one.labels?.length || one.textContent.trim()))
        .map(one => one.outerHTML).join(' ')";
    let nameless = visit.app.page.text(nameless)?;
    ensure!(nameless.is_empty(), "a screen reader has no name for {nameless}");
    // whoever has no mouse comes out of the canvas again, both ways, and never into what cannot be seen
    visit.app.page.press("Escape")?;
    visit.app.page.press("Tab")?;
    let reached = visit.app.page.text("document.activeElement.outerHTML.slice(0, 200)")?;
    ensure!(visit.app.page.text(focused)? == "back", "Escape and Tab lead to {reached}");
    visit.app.page.press("Enter")?;
    ensure!(visit.app.page.text(focused)? == "open", "the way back leads to {}", visit.app.page.text(focused)?);
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Escape")?;
    visit.app.page.press_with_shift("Tab")?;
    ensure!(visit.app.page.text(focused)? == "forget", "Shift and Tab lead to {}", visit.app.page.text(focused)?);
    visit.app.page.eval("document.getElementById('app').focus()").map(drop)
}

pub fn sizes(visit: &mut Visit<'_>) -> Result<()> {
    let folder = page_folder()?.with_file_name("page-screenshots");
    let sizes = [
        [1280, 720],
        [1024, 768],
        [1366, 768],
        [320, 568],
        [360, 640],
        [390, 844],
        [568, 320],
        [768, 1024],
        [844, 390],
        [932, 430],
        [900, 600],
        [960, 540],
        [1920, 1080],
        [2560, 1440],
        [640, 360],
    ];
    let outcome = sizes.iter().try_for_each(|&[width, height]| {
        visit.app.page.look(Look { width, height, ..Look::DESKTOP })?;
        // no pointer moves: the page draws anew by itself
        let told = "JSON.parse(document.getElementById('app').dataset.places)";
        let known = format!("(({told}).window ?? []).join() === '{width},{height}'");
        visit.app.page.wait_for(&format!("it knows that it is {width} by {height}"), &known, SOON)?;
        visit.app.page.pause(Duration::from_millis(150))?;
        let places = visit.app.page.eval(told)?;
        visit.app.page.screenshot(&folder.join(format!("{width}x{height}.png")))?;
        room(&places, [width.into(), height.into()]).with_context(|| format!("{width} by {height}: {places}"))
    });
    visit.app.page.look(Look::DESKTOP)?;
    outcome
}

/// Whether what is shown is where a window of that size has it. A narrow or low one shows a page at a time, the first now.
fn room(places: &Value, [width, height]: [f64; 2]) -> Result<()> {
    let rect = |name: &str| -> Option<[f64; 4]> {
        let numbers: Vec<f64> = places[name].as_array()?.iter().filter_map(Value::as_f64).collect();
        numbers.try_into().ok()
    };
    let inside = |[x, y, w, h]: [f64; 4]| x >= 0.0 && y >= 0.0 && x + w <= width + 1.0 && y + h <= height + 1.0;
    let apart = |a: [f64; 4], b: [f64; 4]| {
        a[0] + a[2] <= b[0] + 1.0 || b[0] + b[2] <= a[0] + 1.0 || a[1] + a[3] <= b[1] + 1.0 || b[1] + b[3] <= a[1] + 1.0
    };
    let scene = rect("scene").context("there is no scene")?;
    ensure!(inside(scene) && scene[2] >= 150.0 && scene[3] >= 85.0, "the scene has {scene:?}");
    if width < 860.0 || height < 480.0 {
        // it is as wide as the window: an old layout would leave a band, or be cut
        ensure!(width - scene[2] < 40.0, "the scene is {} wide", scene[2]);
        return Ok(());
    }
    let picture = rect("picture").context("there is no picture")?;
    let talk = rect("conversation").context("there is no conversation")?;
    ensure!(inside(picture) && picture[2] >= 140.0 && picture[3] >= 140.0, "the picture has {picture:?}");
    ensure!(inside(talk) && talk[2] >= 240.0 && talk[3] >= 100.0, "the conversation has {talk:?}");
    ensure!(width - (talk[0] + talk[2]) < 40.0, "the conversation is not at the window's edge: {talk:?}");
    ensure!(apart(scene, picture) && apart(scene, talk) && apart(picture, talk), "they cover each other");
    Ok(())
}

pub fn share(visit: &mut Visit<'_>) -> Result<()> {
    let origin = visit.server.origin();
    visit.app.page.allow_clipboard(&origin)?;
    visit.app.load("?device=cpu")?;
    open_sample(visit, "walk.bvh")?;
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("End")?;
    let answer = visit.app.ask(QUESTION)?;
    let told = visit.app.hear("note", |app| app.click("share"))?;
    let address = told.strip_prefix("in the clipboard: ").with_context(|| format!("it says {told:?}"))?.to_owned();
    let copied = visit.app.page.text("navigator.clipboard.readText()")?;
    ensure!(copied == address, "in the clipboard is {copied:?}, and it says {told:?}");
    let query = address.split_once('?').context("it asks for nothing")?.1.to_owned();
    visit.app.load(&format!("?device=cpu&{query}"))?;
    let answered = "document.querySelector('#log > p[data-kind=answer]')";
    visit.app.page.wait_for("it is asked and answered there", answered, SOON)?;
    visit.app.idle()?;
    ensure!(visit.app.said("answer")? == [answer], "there it answers {:?}", visit.app.said("answer")?);
    let (frame, frames) = visit.app.frame()?;
    ensure!(visit.app.data("take")? == "walk.bvh" && frame == frames, "it leads to frame {frame} of {frames}");

    // a file of one's own that is called as a sample is
    let own = visit.app.page.browser().scratch().join("own").join("squat.bvh");
    std::fs::create_dir_all(own.parent().context("a folder")?)?;
    std::fs::copy(sample("clap.bvh"), &own)?;
    visit.app.open(&own)?;
    let told = visit.app.hear("note", |app| app.click("share"))?;
    ensure!(told.contains("squat.bvh is on this machine alone"), "it says {told:?}");
    Ok(())
}

pub fn calm(visit: &mut Visit<'_>) -> Result<()> {
    let outcome = calmly(visit);
    visit.app.page.look(Look::DESKTOP)?;
    outcome
}

fn calmly(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.page.look(Look { calm: true, ..Look::DESKTOP })?;
    visit.app.load("?device=cpu")?;
    let named = "document.getElementById('app').dataset.exampleLabel";
    visit.app.page.wait_for("the example has its label", named, SOON)?;
    visit.app.page.pause(Duration::from_millis(600))?;
    ensure!(visit.app.data("example")? == "0", "the example moves, at frame {}", visit.app.data("example")?);
    open_sample(visit, "walk.bvh")?;
    ensure!(visit.app.data("playing")?.is_empty(), "the take plays by itself");

    // whoever takes the wish back sees it at once, and after closing everything the example is there again
    visit.app.page.look(Look::DESKTOP)?;
    visit.app.click("forget")?;
    visit.app.page.wait_for("the example moves", "Number(document.getElementById('app').dataset.example) > 2", SOON)?;
    visit.app.page.wait_for("the example has its label", named, SOON)?;
    open_sample(visit, "clap.bvh")?;
    ensure!(visit.app.data("playing")? == "1", "the take does not play by itself");
    Ok(())
}

/// Longest stretch in seconds that may keep the main thread while a large file is read. A tenth of a second is aimed at; 0.12
/// to 0.18 were measured, when what a worker has read arrives and is drawn for the first time.
const LONGEST_BLOCK: f64 = 0.25;

pub fn awake(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    open_sample(visit, "walk.bvh")?;
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Home")?;
    let large = visit.app.page.browser().scratch().join("large.bvh");
    let (text, frames) = write_long_take(&large, 150)?;
    // what this machine does by itself: a page that shows the same, names a short take and reads nothing
    visit.app.longest_block()?;
    visit.app.hear("labels", |app| app.page.press("r"))?;
    visit.app.page.pause(Duration::from_secs(3))?;
    let noise = visit.app.longest_block()?;
    let (mut fractions, begun) = (Vec::new(), Instant::now());
    visit.app.page.drop_files(&[&large])?;
    while visit.app.data("take")? != "large.bvh" {
        let fraction = visit.app.data("fraction")?;
        if !fraction.is_empty() && fractions.last() != Some(&fraction) {
            fractions.push(fraction);
        }
        ensure!(begun.elapsed() < Duration::from_secs(120), "it is still not read; told {fractions:?}");
        visit.app.page.pause(Duration::from_millis(50))?;
    }
    visit.app.settle()?;
    let block = visit.app.longest_block()?;
    let mega = text.len() >> 20;
    eprintln!(
        "         {mega} MB, {frames} frames: blocked for {block:.2} s at most, without it {noise:.2} s; told {fractions:?}"
    );
    ensure!(fractions.len() > 2, "it does not say how far it is: {fractions:?}");
    ensure!(
        block <= LONGEST_BLOCK.max(noise),
        "reading {mega} MB keeps the page for {block:.2} s; this machine alone does so for {noise:.2} s"
    );
    visit.app.page.press("Home")?;
    visit.app.idle()
}
