//! What comes over the network, and what happens where something is missing.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use skeletonllm::drawing::DrawSettings;
use skeletonllm_tests::browser::Record;

use crate::{
    QUESTION, Visit,
    native::largest_difference,
    said,
    showing::{PICTURE_TOLERANCE, sample, saved_strip},
};

pub fn first_visit(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=gpu")?;
    // it is active once it has kept everything
    let ready = "navigator.serviceWorker.ready.then(() => true)";
    ensure!(visit.app.page.eval(ready)? == true, "no service worker");
    let mut times = BTreeMap::<String, usize>::new();
    for answered in visit.server.answered() {
        ensure!(answered.status < 400, "{} gave {}", answered.url, answered.status);
        if answered.status == 200 {
            *times.entry(answered.url).or_default() += 1;
        }
    }
    ensure!(times.keys().any(|url| url.starts_with("/gpu/")), "the GPU variant was not loaded");
    for (url, times) in times {
        ensure!(times == 1, "{url} was downloaded {times} times");
        ensure!(!url.starts_with("/cpu/"), "{url} was downloaded although there is WebGPU");
    }
    let seconds = visit.app.page.measure("time-to-interactive")?.unwrap_or(f64::NAN);
    eprintln!("         interactive after {seconds:.1} s");
    Ok(())
}

pub fn quiet(visit: &mut Visit<'_>) -> Result<()> {
    let origin = visit.server.origin();
    let record = std::mem::take(visit.app.page.record());
    let own = |url: &&String| {
        // the browser's own windows are made of pages too
        let local = ["blob:", "data:", "chrome:"].iter().any(|scheme| url.starts_with(scheme));
        local || url.starts_with(&format!("{origin}/"))
    };
    let foreign: Vec<&String> = record.requests.iter().filter(|url| !own(url)).collect();
    ensure!(foreign.is_empty(), "asked of others: {foreign:?}");
    ensure!(record.requests.len() > 10, "requests were not recorded");
    ensure!(record.errors.is_empty(), "errors:\n    {}", record.errors.join("\n    "));
    Ok(())
}

pub fn device_lost(visit: &mut Visit<'_>) -> Result<()> {
    let file = sample("wave_left_hand.bvh");
    visit.app.open(&file)?;
    let answer = visit.app.ask(QUESTION)?;
    let answers = visit.app.said("answer")?.len();
    let lost = visit.app.hear("note", |app| app.lose_device())?;
    ensure!(lost.contains("lost"), "the loss is not said: {lost}");
    visit.app.page.wait_for("the page recovers", &said("note", "recovered"), Duration::from_secs(60))?;
    visit.app.ready()?;
    ensure!(visit.app.data("take")? == "wave_left_hand.bvh", "the take is gone: {:?}", visit.app.data("take")?);
    ensure!(visit.app.said("answer")?.len() == answers, "the log changed");
    let again = visit.app.ask(QUESTION)?;
    ensure!(again == answer, "before it answered {answer:?}, now {again:?}");
    let strip = saved_strip(visit, "wave_left_hand.bvh")?;
    let difference = largest_difference(&strip, &visit.native.strip(&file, &DrawSettings::default())?)?;
    ensure!(difference <= PICTURE_TOLERANCE, "the new device draws otherwise, by {difference}/255");
    let json: serde_json::Value = serde_json::from_slice(&visit.app.save("j", "wave_left_hand.json")?)?;
    ensure!(json["answers"].as_array().is_some_and(|a| a.len() >= 2), "the chat is gone: {}", json["answers"]);
    visit.app.ready()?;
    // what the browser says about the lost device is no error of ours
    *visit.app.page.record() = Record::default();
    Ok(())
}

pub fn offline(visit: &mut Visit<'_>) -> Result<()> {
    let before = visit.server.answered().len();
    visit.app.page.set_offline(true)?;
    let outcome = offline_visit(visit);
    visit.app.page.set_offline(false)?;
    outcome?;
    let mut asked = visit.server.answered().split_off(before);
    // the browser itself looks for a newer worker, and is not cut off
    asked.retain(|answered| !answered.url.starts_with("/sw.js"));
    ensure!(asked.is_empty(), "without a network it still asked for {asked:?}");
    visit.no_errors_but(&["ERR_INTERNET_DISCONNECTED"])
}

fn offline_visit(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=gpu")?;
    visit.app.hear("opened", |app| app.page.press("1"))?;
    visit.app.idle()?;
    let name = visit.app.data("take")?;
    let (answer, expected) = (visit.app.ask(QUESTION)?, visit.native.answer(&sample(&name), QUESTION)?);
    ensure!(answer == expected, "{name}: {answer:?} instead of {expected:?}");
    Ok(())
}

pub fn processor(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    let notes = visit.app.said("note")?;
    ensure!(notes.iter().any(|note| note.contains("slower")), "it does not say that it is slower: {notes:?}");
    ensure!(visit.server.answered().iter().any(|a| a.url.starts_with("/cpu/")), "the CPU variant was not loaded");
    let file = sample("wave_left_hand.bvh");
    visit.app.open(&file)?;
    for question in visit.native.questions() {
        let (answer, expected) = (visit.app.ask(&question)?, visit.native.answer(&file, &question)?);
        ensure!(answer == expected, "{question} {answer:?} instead of {expected:?}");
    }
    // where software imitates the GPU, as in most of these steps, none is asked
    let seconded = "document.getElementById('app').dataset.second !== ''";
    visit.app.page.wait_for("a second opinion", seconded, Duration::from_secs(60))?;
    let said: serde_json::Value = serde_json::from_slice(&visit.app.save("j", "wave_left_hand.json")?)?;
    let (second, expected) = (&said["second_opinion"], visit.native.second_opinion(&file)?);
    ensure!(second["label"] == expected.as_str() && second["agrees"] == true, "natively {expected}: {second}");
    let strip = saved_strip(visit, "wave_left_hand.bvh")?;
    let difference = largest_difference(&strip, &visit.native.strip(&file, &DrawSettings::default())?)?;
    ensure!(difference <= PICTURE_TOLERANCE, "the pictures differ by {difference}/255");
    visit.no_errors_but(&[])
}

/// A GPU that never answers, or refuses: the page goes on without it.
pub fn silent_gpu(visit: &mut Visit<'_>) -> Result<()> {
    // one that is no imitation, or nobody would ask it
    let real = "{ vendor: 'somebody', architecture: '', device: '', description: '' }";
    let script = format!(
        "if (globalThis.GPU && location.hash.startsWith('#gpu-')) {{
            const never = () => new Promise(() => {{}});
            Object.defineProperty(GPUAdapter.prototype, 'info', {{ get: () => ({real}) }});
            if (location.hash === '#gpu-silent') GPU.prototype.requestAdapter = never;
            if (location.hash === '#gpu-hangs') GPUAdapter.prototype.requestDevice = never;
            if (location.hash === '#gpu-refuses') {{
                GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('not now'));
            }}
        }}"
    );
    visit.app.page.before_load(&script)?;
    let file = sample("wave_left_hand.bvh");
    let expected = visit.native.answer(&file, QUESTION)?;
    for (case, why) in
        [("silent", "has not answered"), ("hangs", "could not be set up"), ("refuses", "could not be set up")]
    {
        // the part behind # alone would not load it again
        visit.app.load(&format!("?{case}#gpu-{case}"))?;
        let device = visit.app.data("device")?;
        ensure!(device.starts_with("CPU"), "{case}: the model is on {device}");
        let notes = visit.app.said("note")?;
        ensure!(notes.iter().any(|note| note.contains(why)), "{case}: it does not say why: {notes:?}");
        visit.app.open(&file)?;
        let answer = visit.app.ask(QUESTION)?;
        ensure!(answer == expected, "{case}: {answer:?} instead of {expected:?}");
    }
    let problem = visit.app.load("?device=gpu#gpu-silent").err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(problem.contains("insists on WebGPU"), "who insists is told otherwise: {problem:?}");
    visit.no_errors_but(&[])
}

pub fn unsupported(visit: &mut Visit<'_>) -> Result<()> {
    let script = "delete Navigator.prototype.gpu; HTMLCanvasElement.prototype.getContext = () => null;";
    visit.app.page.before_load(script)?;
    let problem = visit.app.load("").err().map(|error| error.to_string()).unwrap_or_default();
    for word in ["WebGPU", "WebGL 2", "Chrome", "Safari", "Firefox"] {
        ensure!(problem.contains(word), "{word} is not named: {problem:?}");
    }
    visit.no_errors_but(&[])
}
