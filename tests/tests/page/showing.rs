//! Files, pictures, keys, and what it looks like.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use draction::export::Picture;
use skeletonllm::drawing::{CameraMode, DrawSettings};
use skeletonllm_checks::asset;
use skeletonllm_tests::{
    browser::{Look, page_folder},
    takes::write_long_take,
};

use crate::{
    QUESTION, Visit, data,
    native::{decode, largest_difference, write_broken_take},
};

/// Most that a channel of a pixel may differ between the page's GPU and the native CPU engine, in 1/255: one for
/// rounding to eight bits, one for arithmetic in another order.
pub const PICTURE_TOLERANCE: u8 = 2;

/// All bundled motions.
pub fn sample_files() -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(asset("samples"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending != "md"));
    files.sort();
    ensure!(!files.is_empty(), "there are no samples");
    Ok(files)
}

pub fn sample(name: &str) -> PathBuf {
    asset("samples").join(name)
}

pub fn samples(visit: &mut Visit<'_>) -> Result<()> {
    for file in sample_files()? {
        let name = file.file_name().and_then(|name| name.to_str()).context("a name")?.to_owned();
        let pictures = visit.app.number("pictures")?;
        let mut opened = String::new();
        let labels = visit.app.hear("labels", |app| {
            opened = app.open(&file)?;
            Ok(())
        })?;
        ensure!(opened.contains(&name), "the line that tells of {name} is {opened:?}");
        let (label, probability) = visit.native.label(&file)?;
        ensure!(labels.split("; ").count() == 5, "{name}: not five labels: {labels:?}");
        ensure!(labels.starts_with(&label), "{name}: {labels:?}; natively it is {label} with {probability:.2}");
        let drawn = format!("document.getElementById('app').dataset.pictures > {pictures}");
        visit.app.page.wait_for(&format!("{name} is drawn"), &drawn, Duration::from_secs(20))?;
        let (_, frames) = visit.app.page.press("Home").and_then(|()| visit.app.frame())?;
        ensure!(frames > 1, "{name}: {frames} frames");
    }
    Ok(())
}

pub fn broken_file(visit: &mut Visit<'_>) -> Result<()> {
    let file = visit.app.page.browser().scratch().join("broken.bvh");
    let expected = write_broken_take(&file, &std::fs::read_to_string(sample("walk.bvh"))?)?;
    ensure!(expected.contains("broken.bvh, line "), "the reader's own error names no line: {expected}");
    let before = visit.app.data("take")?;
    let (kind, text) = visit.app.heard(&["error", "opened"], |app| app.page.drop_files(&[&file]))?;
    ensure!(kind == "error" && text.contains(&expected), "expected {expected:?}, the page says {kind}: {text:?}");
    ensure!(visit.app.data("take")? == before, "what was open is gone");
    visit.app.open(&sample("walk.bvh"))?;
    Ok(())
}

pub fn large_file(visit: &mut Visit<'_>) -> Result<()> {
    let scratch = visit.app.page.browser().scratch().to_owned();
    let (long, broken) = (scratch.join("very-long.bvh"), scratch.join("very-long-and-broken.bvh"));
    let (text, frames) = write_long_take(&long, 60)?;
    visit.app.open(&long)?;
    let said = visit.app.said("note")?;
    ensure!(said.iter().any(|note| note == "reading very-long.bvh"), "nothing was said before it was read: {said:?}");
    let (_, shown) = visit.app.frame()?;
    ensure!(shown == frames, "{shown} frames of {frames}");
    let expected = write_broken_take(&broken, &text)?;
    let told = visit.app.hear("error", |app| app.page.drop_files(&[&broken]))?;
    ensure!(told.contains(&expected), "expected {expected:?}, the page says {told:?}");
    visit.app.open(&sample("walk.bvh"))?;
    Ok(())
}

pub fn pictures(visit: &mut Visit<'_>) -> Result<()> {
    let reference = DrawSettings { camera: CameraMode::Reference, ..DrawSettings::default() };
    let without_nfm = DrawSettings { nfm: false, ..DrawSettings::default() };
    let mut seen: Vec<Picture> = Vec::new();
    // `switch` is the key that goes there from the default, and back
    for (name, settings, switch) in [
        ("wave_left_hand.bvh", DrawSettings::default(), None),
        ("wave_left_hand.skeleton", DrawSettings::default(), None),
        ("wave_left_hand.skeleton", reference, Some("c")),
        ("wave_left_hand.skeleton", without_nfm, Some("n")),
    ] {
        visit.app.open(&sample(name))?;
        if let Some(key) = switch {
            visit.app.page.press(key)?;
            visit.app.idle()?;
        }
        let strip = saved_strip(visit, name)?;
        if let Some(key) = switch {
            visit.app.page.press(key)?;
            visit.app.idle()?;
        }
        let difference = largest_difference(&strip, &visit.native.strip(&sample(name), &settings)?)?;
        eprintln!("         {name} {:?}, NFM {}: at most {difference}/255", settings.camera, settings.nfm);
        ensure!(difference <= PICTURE_TOLERANCE, "{name} with {settings:?} differs by {difference}/255");
        ensure!(!seen.contains(&strip), "{settings:?} changes nothing in the pictures of {name}");
        seen.push(strip);
    }
    Ok(())
}

/// The strip of the take in view.
pub fn saved_strip(visit: &mut Visit<'_>, name: &str) -> Result<Picture> {
    let stem = name.split('.').next().unwrap_or(name);
    decode(&visit.app.save("s", &format!("{stem}-strip.png"))?)
}

pub fn take_away(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.open(&sample("clap.bvh"))?;
    let gif = visit.app.save("g", "clap.gif")?;
    ensure!(gif.starts_with(b"GIF89a") && gif.len() > 10_000, "{} bytes that are no animation", gif.len());
    let answer = visit.app.ask("What is the person doing?")?;
    let said: serde_json::Value = serde_json::from_slice(&visit.app.save("j", "clap.json")?)?;
    ensure!(said["file"] == "clap.bvh", "the JSON is about {}", said["file"]);
    ensure!(said["answers"][0]["answer"] == answer.as_str(), "the JSON knows {}", said["answers"]);
    ensure!(said["labels"].as_array().is_some_and(|labels| labels.len() >= 5), "the JSON has no labels");
    Ok(())
}

pub fn keys(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.open(&sample("squat.bvh"))?;
    visit.app.open(&sample("walk.bvh"))?;
    for (key, expected) in
        [("Home", 1), ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 108), ("ArrowLeft", 107)]
    {
        visit.app.page.press(key)?;
        let status = format!("document.getElementById('status').textContent.includes('frame {expected} of 108')");
        visit.app.page.wait_for(&format!("{key} leads to frame {expected}"), &status, Duration::from_secs(10))?;
    }
    let drawn = |visit: &mut Visit<'_>| visit.app.number("pictures");
    let before = drawn(visit)?;
    visit.app.page.press(" ")?;
    let moved = format!("document.getElementById('app').dataset.pictures >= {before} + 5");
    visit.app.page.wait_for("Space plays", &moved, Duration::from_secs(10))?;
    visit.app.page.press(" ")?;
    visit.app.page.pause(Duration::from_millis(500))?;
    let stopped = drawn(visit)?;
    visit.app.page.pause(Duration::from_millis(500))?;
    ensure!(drawn(visit)? == stopped, "Space does not stop it");

    let take = visit.app.data("take")?;
    visit.app.page.press("PageUp")?;
    let other = format!("document.getElementById('app').dataset.take !== '{take}'");
    visit.app.page.wait_for("PageUp shows another take", &other, Duration::from_secs(10))?;
    visit.app.page.press("PageDown")?;
    visit.app.page.wait_for("PageDown shows the take again", &data("take", &take), Duration::from_secs(10))?;
    visit.app.hear("opened", |app| app.page.press("1"))?;
    visit.app.idle()?;
    ensure!(visit.app.data("take")? == "clap.bvh", "1 opens {}", visit.app.data("take")?);
    Ok(())
}

pub fn screenshots(visit: &mut Visit<'_>) -> Result<()> {
    let page = page_folder()?;
    let folder = page.with_file_name("page-screenshots");
    visit.app.open(&sample("wave_left_hand.bvh"))?;
    visit.app.ask(QUESTION)?;
    visit.app.hear("why", |app| app.page.press("w"))?;
    visit.app.idle()?;
    let outcome = take_screenshots(visit, &folder);
    visit.app.page.look(Look::DESKTOP)?;
    outcome
}

fn take_screenshots(visit: &mut Visit<'_>, folder: &Path) -> Result<()> {
    let mut brightness = Vec::new();
    for (name, look) in [
        ("light", Look::DESKTOP),
        ("dark", Look { dark: true, ..Look::DESKTOP }),
        ("phone", Look::PHONE),
        ("phone-dark", Look { dark: true, ..Look::PHONE }),
    ] {
        visit.app.page.look(look)?;
        visit.app.page.pause(Duration::from_secs(2))?;
        let path = folder.join(format!("{name}.png"));
        visit.app.page.screenshot(&path)?;
        let picture = decode(&std::fs::read(&path)?)?;
        let expected = (look.width * look.scale, look.height * look.scale);
        ensure!(
            (picture.width as u32, picture.height as u32) == expected,
            "{name} is {}×{}",
            picture.width,
            picture.height
        );
        brightness.push(picture.rgb.iter().map(|&v| f64::from(v)).sum::<f64>() / picture.rgb.len() as f64);
        let sharp = "(c => [c.width / innerWidth, c.height / innerHeight].every(r => Math.abs(r / devicePixelRatio - 1) < 0.02))\
                     (document.getElementById('app'))";
        ensure!(visit.app.page.eval(sharp)? == true, "{name}: the canvas has other pixels than the window");
        let wider = visit.app.page.number("document.documentElement.scrollWidth - innerWidth")?;
        ensure!(wider <= 0.0, "{name}: the page is {wider} pixels wider than the window");
        eprintln!("         {}", path.display());
    }
    if let [light, dark, phone, phone_dark] = brightness[..] {
        ensure!(light > dark + 50.0 && phone > phone_dark + 50.0, "light and dark look alike: {brightness:?}");
    } else {
        bail!("four pictures were taken");
    }
    Ok(())
}
