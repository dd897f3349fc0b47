//! Ways to the page and within it: addresses, and the controls of the page itself. On the processor, where waiting is
//! shortest.

use std::time::Duration;

use anyhow::{Result, ensure};

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

pub fn kept(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    for name in ["squat.bvh", "clap.bvh"] {
        visit.app.open(&sample(name))?;
    }
    let listed = |names: &str| format!("document.getElementById('app').dataset.list === '{names}'");
    let both = listed("squat.bvh\\nclap.bvh");
    visit.app.page.wait_for("both are open", &both, SOON)?;
    visit.app.page.wait_for("both are kept", &kept_are("squat.bvh,clap.bvh"), SOON)?;
    visit.app.come_back("?device=cpu")?;
    visit.app.page.wait_for("both are open again", &both, SOON)?;
    visit.app.idle()?;
    visit.app.page.eval("document.getElementById('forget').click()")?;
    visit.app.page.wait_for("all are closed", &listed(""), SOON)?;
    visit.app.page.wait_for("nothing is kept", &kept_are(""), SOON)?;
    visit.app.come_back("?device=cpu")?;
    visit.app.page.pause(Duration::from_secs(1))?;
    ensure!(visit.app.data("list")?.is_empty(), "{:?} came back", visit.app.data("list")?);
    Ok(())
}

/// Whether these files are in the browser's private file system.
fn kept_are(names: &str) -> String {
    format!(
        "navigator.storage.getDirectory().then(root => root.getDirectoryHandle('takes'))
            .then(folder => folder.getFileHandle('list.json')).then(handle => handle.getFile())
            .then(file => file.text()).then(text => JSON.parse(text).map(file => file.name).join(), () => '')
            .then(names => names === '{names}')"
    )
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
