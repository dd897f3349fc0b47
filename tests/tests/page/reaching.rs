//! Ways to the page and within it: addresses, the controls of the page itself, any size of window, and what it remembers.
//! On the processor, where waiting is shortest.

use std::time::Duration;

use anyhow::{Result, ensure};
use skeletonllm_tests::browser::Look;

use crate::{Visit, showing::sample};

const QUESTION: &str = "Which hand does the person move?";
const SOON: Duration = Duration::from_secs(120);

pub fn addresses(visit: &mut Visit<'_>) -> Result<()> {
    let question = QUESTION.replace(' ', "%20");
    visit.app.load(&format!("?device=cpu&sample=walk.bvh&t=1.5&ask={question}"))?;
    let answered = "document.querySelector('#log > p[data-kind=answer]')";
    visit.app.page.wait_for("the question of the address is answered", answered, SOON)?;
    visit.app.idle()?;
    ensure!(visit.app.data("take")? == "walk.bvh", "another take is open: {:?}", visit.app.data("take")?);
    let expected = visit.native.answer(&sample("walk.bvh"), QUESTION)?;
    ensure!(visit.app.said("answer")? == [expected], "it answers {:?}", visit.app.said("answer")?);
    // 30 frames a second
    ensure!(visit.app.frame()?.0 == 46, "the playhead is at frame {}", visit.app.frame()?.0);
    visit.app.load("?device=cpu&sample=nothing.bvh")?;
    ensure!(visit.app.said("error")?.iter().any(|error| error.contains("nothing.bvh")), "a wrong sample is not said");
    visit.app.load("?device=cpu&url=samples/squat.bvh")?;
    let opened = "document.getElementById('app').dataset.take === 'squat.bvh'";
    visit.app.page.wait_for("the file beside the page is opened", opened, SOON)
}

pub fn controls(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    let change = |id: &str, value: &str| {
        format!(
            "(e => {{ e.value = '{value}'; e.dispatchEvent(new Event('change')); }})(document.getElementById('{id}'))"
        )
    };
    for name in ["clap.bvh", "walk.bvh"] {
        visit.app.hear("labels", |app| app.page.eval(&change("sample", name)).map(drop))?;
        visit.app.idle()?;
    }
    ensure!(visit.app.data("take")? == "walk.bvh", "the chosen sample is not open");
    let listed = visit.app.page.number("document.querySelectorAll('#labels > li').length")?;
    ensure!(listed == 5.0, "{listed} labels are listed");
    visit.app.page.eval(&change("take", "clap.bvh"))?;
    let other = "document.getElementById('app').dataset.take === 'clap.bvh'";
    visit.app.page.wait_for("the chosen take is shown", other, SOON)?;
    let answer = visit.app.hear("answer", |app| {
        app.page.eval(&format!("document.getElementById('question').value = '{QUESTION}'"))?;
        app.page.eval("document.getElementById('send').click()").map(drop)
    })?;
    let expected = visit.native.answer(&sample("clap.bvh"), QUESTION)?;
    ensure!(answer == expected, "{answer:?} instead of {expected:?}");
    visit.app.idle()?;
    // a take that was opened plays by itself
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Home")?;
    let plays = "document.getElementById('app').dataset.playing === '1'";
    visit.app.page.wait_for("Home stops it", &format!("!({plays})"), SOON)?;
    visit.app.page.eval("document.getElementById('play').click()")?;
    visit.app.page.wait_for(
        "the button plays",
        &format!("{plays} && document.getElementById('play').textContent === 'Pause'"),
        SOON,
    )?;
    visit.app.page.eval("document.getElementById('play').click()")?;
    visit.app.page.wait_for("the button stops", &format!("!({plays})"), SOON)?;

    // whoever has no mouse comes out of the canvas again
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Escape")?;
    visit.app.page.press("Tab")?;
    let left = "document.activeElement !== document.getElementById('app')";
    visit.app.page.wait_for("Escape and Tab leave the canvas", left, SOON)?;
    visit.app.page.eval("document.getElementById('app').focus()").map(drop)
}

pub fn sizes(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.open(&sample("walk.bvh"))?;
    visit.app.open(&sample("clap.bvh"))?;
    let outcome = every_size(visit);
    visit.app.page.look(Look::DESKTOP)?;
    outcome
}

fn every_size(visit: &mut Visit<'_>) -> Result<()> {
    let sizes = [
        (320, 568),
        (390, 844),
        (844, 390),
        (768, 1024),
        (900, 600),
        (1024, 768),
        (1280, 720),
        (1366, 768),
        (1920, 1080),
        (2560, 1440),
    ];
    // the mouse rests: what is laid out anew is so by itself
    for (width, height) in sizes {
        visit.app.page.look(Look { width, height, ..Look::DESKTOP })?;
        let fits = format!(
            "(p => p.window?.[0] === {width} && p.window[1] === {height} \
              && [p.scene, p.picture, p.conversation].filter(Boolean).every(([x, y, w, h]) => x >= 0 && y >= 0 \
              && x + w <= {width} && y + h <= {height} && w >= 140 && h >= 100) && p.scene)\
             (JSON.parse(document.getElementById('app').dataset.places))"
        );
        visit.app.page.wait_for(&format!("{width}×{height} has room for everything"), &fits, SOON)?;
    }
    Ok(())
}

pub fn remembered(visit: &mut Visit<'_>) -> Result<()> {
    let theme = visit.app.data("theme")?;
    visit.app.page.press("t")?;
    let changed = format!("document.getElementById('app').dataset.theme !== '{theme}'");
    visit.app.page.wait_for("the theme changes", &changed, SOON)?;
    visit.app.load("?device=cpu")?;
    visit.app.page.wait_for("the theme is as it was left", &changed, SOON)?;
    visit.app.page.press("t")?;
    visit.app.page.wait_for("and changes back", &format!("!({changed})"), SOON)
}
