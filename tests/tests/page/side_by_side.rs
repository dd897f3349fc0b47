//! A take beside another one, and a take in another page. On the processor, where waiting is shortest.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use draction::motion::{ReadOptions, read_file};
use serde_json::{Value, json};
use skeletonllm_tests::browser::page_folder;

use crate::{QUESTION, Visit, data, showing::sample};

const SOON: Duration = Duration::from_secs(120);

/// How many settings and files are kept for the next visit; models that earlier steps left do not count.
const KEPT: &str = "(async () => {
    const within = async (folder) => {
        let kept = 0;
        for await (const [name, entry] of folder.entries()) {
            if (name !== 'models') kept += entry.kind === 'file' ? 1 : await within(entry);
        }
        return kept;
    };
    return Object.keys(localStorage).length + await within(await navigator.storage.getDirectory());
})()";

/// What stands on the canvas.
const TOLD: &str = "document.getElementById('app').dataset";

pub fn two_takes(visit: &mut Visit<'_>) -> Result<()> {
    std::mem::take(visit.app.page.record());
    visit.app.load("?device=cpu")?;
    let names = ["squat.bvh", "walk.bvh"];
    for name in names {
        visit.app.open(&sample(name))?;
    }
    let motions = names.map(|name| read_file(sample(name), &ReadOptions::default()));
    let [other, first] = motions.map(|motion| motion.map(|motion| (motion.frames(), motion.fps)));
    let ((others, rate), (frames, fps)) = (other?, first?);
    visit.app.page.press("v")?;
    let beside = format!("{TOLD}.beside === '0' && {TOLD}.step === 'time'");
    visit.app.page.wait_for("V puts the other take beside it", &beside, SOON)?;

    // three frames on, by time: as many seconds in the other
    let by_time = (3.0 / fps * rate).round() as usize + 1;
    at(visit, &["Home", "ArrowRight", "ArrowRight", "ArrowRight"], 4, by_time)?;
    // the clock ends with the longer one, and the shorter one waits
    at(visit, &["End"], frames, others)?;
    visit.app.choose("step", "length")?;
    visit.app.page.wait_for("they are in step by length", &data("step", "length"), SOON)?;
    let by_length = (3.0 / (frames - 1) as f32 * (others - 1) as f32).round() as usize + 1;
    at(visit, &["Home", "ArrowRight", "ArrowRight", "ArrowRight"], 4, by_length)?;

    let places: Value = serde_json::from_str(&visit.app.data("places")?)?;
    let side = |name: &str, n: usize| places[name][n].as_f64().with_context(|| format!("no {name} in {places}"));
    for (left, right) in [("scene", "scene beside"), ("picture", "picture beside")] {
        ensure!(side(left, 0)? + side(left, 2)? <= side(right, 0)?, "{left} and {right} overlap: {places}");
        ensure!(side(right, 2)? >= 130.0 && side(right, 3)? >= 110.0, "{right} is too small: {places}");
    }
    let picture = page_folder()?.with_file_name("page-screenshots").join("compared.png");
    visit.app.page.screenshot(&picture)?;
    eprintln!("         {}", picture.display());

    // everything else is about the first
    let (answer, expected) = (visit.app.ask(QUESTION)?, visit.native.answer(&sample("walk.bvh"), QUESTION)?);
    ensure!(answer == expected, "{answer:?} instead of {expected:?}");
    visit.app.page.press("PageUp")?;
    let changed = format!("{TOLD}.take === 'squat.bvh' && {TOLD}.beside === '1'");
    visit.app.page.wait_for("they change places", &changed, SOON)?;
    let alone = data("beside", "");
    visit.app.page.press("Escape")?;
    visit.app.page.wait_for("Escape leaves one alone", &alone, SOON)?;
    visit.app.choose("beside", "walk.bvh")?;
    visit.app.page.wait_for("the page's own control does it too", &data("beside", "1"), SOON)?;
    visit.app.choose("beside", "Nothing")?;
    visit.app.page.wait_for("and ends it", &alone, SOON)?;
    visit.no_errors_but(&[])
}

/// Presses keys, and waits for the frames that both takes are then at.
fn at(visit: &mut Visit<'_>, keys: &[&str], first: usize, other: usize) -> Result<()> {
    for key in keys {
        visit.app.page.press(key)?;
    }
    let there = format!("{TOLD}.frame === '{first}' && {TOLD}.besideframe === '{other}'");
    let told = format!("frames {first} and {other} after {}", keys.join(", "));
    visit.app.page.wait_for(&told, &there, Duration::from_secs(20)).with_context(|| {
        let now = ["frame", "besideframe"].map(|name| visit.app.data(name).unwrap_or_default());
        format!("they are at {}", now.join(" and "))
    })
}

pub fn embedded(visit: &mut Visit<'_>) -> Result<()> {
    let question = QUESTION.replace(' ', "%20");
    for (name, query) in [
        ("embed", format!("sample=walk.bvh&t=1.5&ask={question}")),
        ("embed-pictures", "sample=walk.bvh&t=1.5&label=A%20walk&view=pictures&theme=dark".to_owned()),
    ] {
        // what earlier steps chose
        visit.app.page.eval("localStorage.clear()")?;
        visit.app.load(&format!("?device=cpu&embed&{query}"))?;
        let shown = format!("{TOLD}.take === 'walk.bvh' && {TOLD}.frame === '46' && !{TOLD}.busy");
        visit.app.page.wait_for("the take is shown at its moment", &shown, SOON)?;
        let places: Value = serde_json::from_str(&visit.app.data("places")?)?;
        ensure!(places["conversation"].is_null() && !places["picture"].is_null(), "{name}: {places}");
        let whole = visit.app.data("whole")?;
        ensure!(whole.contains("?sample=walk.bvh&t=1.50"), "{name}: the whole page is at {whole}");
        ensure!(!whole.contains("embed") && !whole.contains("theme"), "{name}: the whole page is at {whole}");
        ensure!(
            visit.app.page.eval("document.getElementById('whole').href")? == whole.as_str(),
            "{name}: another link"
        );
        // nothing to open, and nothing that is not looking; the cursor is left to the other page
        visit.app.page.eval("document.getElementById('app').focus()")?;
        visit.app.page.press("1")?;
        visit.app.page.press("v")?;
        visit.app.page.press("End")?;
        visit.app.page.wait_for("End goes to the end", &data("frame", "108"), SOON)?;
        ensure!(
            visit.app.data("takes")? == "1" && visit.app.data("beside")?.is_empty(),
            "{name}: it did more than look"
        );
        let kept = visit.app.page.eval(KEPT)?;
        ensure!(kept == 0, "{name}: {kept} things are kept");
        let picture = page_folder()?.with_file_name("page-screenshots").join(format!("{name}.png"));
        visit.app.page.screenshot(&picture)?;
        eprintln!("         {}", picture.display());
    }
    ensure!(visit.app.data("theme")? == "dark", "the address asks for the dark theme");
    visit.no_errors_but(&[])
}

pub fn framed(visit: &mut Visit<'_>) -> Result<()> {
    // our own server forbids frames in what it serves
    visit.app.page.call("Page.setBypassCSP", json!({ "enabled": true }))?;
    let outcome = framed_page(visit);
    visit.app.page.call("Page.setBypassCSP", json!({ "enabled": false }))?;
    outcome
}

fn framed_page(visit: &mut Visit<'_>) -> Result<()> {
    let origin = visit.server.origin();
    visit.app.page.goto(&format!("{origin}/samples/index.json"))?;
    // whatever its address says
    let frame = format!(
        "<input id=own><iframe width=720 height=440 src=\"{origin}/?device=cpu&amp;sample=walk.bvh&amp;t=0\"></iframe>"
    );
    visit.app.page.eval(&format!("document.body.innerHTML = '{frame}', document.getElementById('own').focus()"))?;
    let inside = "document.querySelector('iframe').contentDocument";
    let told = format!("{inside}?.getElementById('app')?.dataset");
    let shown = format!("{told}?.take === 'walk.bvh' && !!{told}?.whole && {told}?.ready === '1' && !{told}?.busy");
    visit.app.page.wait_for("the take is shown in the frame", &shown, SOON)?;
    let focus = visit.app.page.text("document.activeElement.id")?;
    ensure!(focus == "own", "the frame took the focus away: {focus:?}");
    // not even the page's own controls do more than look
    visit.app.page.eval(&format!("{inside}.getElementById('forget').click()"))?;
    visit.app.page.eval(&format!("{inside}.getElementById('play').click()"))?;
    visit.app.page.wait_for("it plays", &format!("{told}.playing === '1'"), SOON)?;
    ensure!(visit.app.page.text(&format!("{told}.takes"))? == "1", "the take was closed");
    ensure!(
        visit.app.page.eval(&format!("{inside}.getElementById('work').hidden"))? == true,
        "there are more controls"
    );
    let picture = page_folder()?.with_file_name("page-screenshots").join("framed.png");
    visit.app.page.screenshot(&picture)?;
    eprintln!("         {}", picture.display());
    visit.no_errors_but(&[])
}
