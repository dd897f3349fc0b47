//! Ways to the page and within it: addresses, and the controls of the page itself. On the processor, where waiting is
//! shortest.

use std::time::Duration;

use anyhow::{Result, ensure};
use skeletonllm_tests::browser::Record;

use crate::{QUESTION, Visit, data, showing::sample};

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
    // what was asked of it is not asked of anything else
    visit.app.load(&format!("?device=cpu&sample=nothing.bvh&t=1&ask={question}"))?;
    visit.app.open(&sample("clap.bvh"))?;
    ensure!(visit.app.said("question")?.is_empty(), "asked of another take: {:?}", visit.app.said("question")?);
    visit.app.load("?device=cpu&t=1&url=samples/squat%2Ebvh")?;
    visit.app.page.wait_for("the file beside the page is opened", &data("take", "squat.bvh"), SOON)?;
    visit.app.idle()?;
    ensure!(visit.app.frame()?.0 == 31, "the playhead is at frame {}", visit.app.frame()?.0);
    // elsewhere: the page's rules let it ask, and nobody is there
    visit.app.page.before_load(
        "document.addEventListener('securitypolicyviolation', event => window.__forbidden = event.blockedURI);",
    )?;
    visit.app.load("?device=cpu&url=https://127.0.0.1:9/kick.bvh")?;
    let said = visit.app.said("error")?.join("; ");
    ensure!(said.contains("kick.bvh") && said.contains("CORS"), "it says {said:?}");
    ensure!(visit.app.page.text("window.__forbidden")?.is_empty(), "the page's own rules forbid it");
    // the browser says it, too
    *visit.app.page.record() = Record::default();
    Ok(())
}

pub fn kept(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    let scratch = visit.app.page.browser().scratch().to_owned();
    for name in ["squat.bvh", "clap.bvh"] {
        // two of one name
        let folder = scratch.join(name);
        std::fs::create_dir_all(&folder)?;
        std::fs::copy(sample(name), folder.join("same.bvh"))?;
        visit.app.open(&folder.join("same.bvh"))?;
    }
    let both = data("list", "same.bvh\\nsame.bvh (2)");
    visit.app.page.wait_for("both are open and told apart", &both, SOON)?;
    visit.app.page.wait_for("both are kept", &kept_are("same.bvh,same.bvh"), SOON)?;
    // the first one comes first, and the second was in view
    visit.app.page.wait_for("the second one is in view", &data("current", "1"), SOON)?;
    visit.app.page.pause(Duration::from_millis(300))?;
    visit.app.come_back("?device=cpu")?;
    visit.app.page.wait_for("both are open again", &both, SOON)?;
    visit.app.page.wait_for("the second one is in view again", &data("current", "1"), SOON)?;
    visit.app.idle()?;

    // a file that ends the page must not end it for ever
    visit.app.page.eval("localStorage.setItem('starts', '2')")?;
    visit.app.come_back("?device=cpu")?;
    let told = visit.app.said("note")?.join("; ");
    ensure!(told.contains("stays closed") && visit.app.data("list")?.is_empty(), "after two bad starts: {told:?}");
    visit.app.come_back("?device=cpu")?;
    visit.app.page.wait_for("the next time they are opened", &both, SOON)?;

    let forgotten = visit.app.hear("note", |app| app.click("forget"))?;
    ensure!(forgotten.contains("no file is kept"), "it says {forgotten:?}");
    visit.app.page.wait_for("all are closed", &data("list", ""), SOON)?;
    visit.app.page.wait_for("nothing is kept", &kept_are(""), SOON)?;
    visit.app.come_back("?device=cpu")?;
    visit.app.page.pause(Duration::from_secs(1))?;
    ensure!(visit.app.data("list")?.is_empty(), "{:?} came back", visit.app.data("list")?);
    Ok(())
}

/// Whether files of these names are in the browser's private file system, whole.
fn kept_are(names: &str) -> String {
    format!(
        "(async () => {{
            const names = [];
            try {{
                const root = await navigator.storage.getDirectory();
                const folder = await root.getDirectoryHandle('kept');
                for await (const handle of folder.values()) {{
                    const text = await (await handle.getFile()).text();
                    if (text) names.push(JSON.parse(text.split('\\n', 1)[0]).name);
                }}
            }} catch {{}}
            return names.sort().join() === '{names}';
        }})()"
    )
}

pub fn controls(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    for name in ["clap.bvh", "walk.bvh"] {
        // a choice alone opens nothing: arrow keys go through all of them
        visit.app.choose("sample", name)?;
        visit.app.settle()?;
        ensure!(!visit.app.data("list")?.contains(name), "{name} was opened by choosing it");
        visit.app.hear("labels", |app| app.click("open-sample"))?;
        visit.app.idle()?;
    }
    let named =
        "[...document.querySelectorAll('#log > p[data-kind=labels]')].pop().textContent.startsWith('walk.bvh: ')";
    ensure!(visit.app.page.eval(named)? == true, "labels do not say which file they are of");
    ensure!(visit.app.data("take")? == "walk.bvh", "the chosen sample is not open");
    let listed = visit.app.page.number("document.querySelectorAll('#labels > li').length")?;
    ensure!(listed == 5.0, "{listed} labels are listed");
    visit.app.choose("take", "clap.bvh")?;
    visit.app.page.wait_for("the chosen take is shown", &data("take", "clap.bvh"), SOON)?;
    let answer = visit.app.hear("answer", |app| {
        app.page.eval(&format!("document.getElementById('question').value = '{QUESTION}'"))?;
        app.click("send")
    })?;
    let expected = visit.native.answer(&sample("clap.bvh"), QUESTION)?;
    ensure!(answer == expected, "{answer:?} instead of {expected:?}");
    visit.app.idle()?;
    // a take that was opened plays by itself
    visit.app.page.eval("document.getElementById('app').focus()")?;
    visit.app.page.press("Home")?;
    let plays = data("playing", "1");
    visit.app.page.wait_for("Home stops it", &format!("!({plays})"), SOON)?;
    visit.app.click("play")?;
    visit.app.page.wait_for(
        "the button plays",
        &format!("{plays} && document.getElementById('play').textContent === 'Pause'"),
        SOON,
    )?;
    visit.app.click("play")?;
    visit.app.page.wait_for("the button stops", &format!("!({plays})"), SOON)?;

    let status = visit.app.page.text("document.getElementById('status').textContent")?;
    ensure!(status.contains("clap.bvh: frame"), "the status line says {status:?}");
    let opened_why = visit.app.hear("why", |app| app.click("why"))?;
    ensure!(opened_why.contains("depends most on"), "it says {opened_why:?}");
    Ok(())
}
