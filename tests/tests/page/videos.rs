//! Videos to take away: made by the page's own control, and played by the browser.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use skeletonllm_tests::browser::Record;

use crate::{Visit, said, showing::sample};

/// How long a short one may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Longest stretch in seconds that making one may keep the page from answering. On an idle machine it is half of it.
const BLOCK: f64 = 0.2;

pub fn videos(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    visit.app.open(&sample("clap.bvh"))?;
    let seconds = visit.app.frame()?.1 as f64 / 30.0;
    visit.app.longest_block()?;
    let webm = taken(visit, "both", "clap-both.webm")?;
    let block = visit.app.longest_block()?;
    eprintln!("         {} bytes of WebM; longest block {block:.2} s", webm.len());
    ensure!(block <= BLOCK, "it keeps the page from answering for {block:.2} s");
    ensure!(visit.app.data("video")?.is_empty(), "it is not over");

    let gone = visit.app.hear("note", |app| {
        app.page.eval(&choose("scene"))?;
        app.page.wait_for("it says that it makes one", "!document.getElementById('making').hidden", PATIENCE)?;
        app.click("cancel-video")
    })?;
    let given_up = format!("after {gone:?} it says that it was given up");
    visit.app.page.wait_for(&given_up, &said("note", "given up"), PATIENCE)?;
    ensure!(!visit.app.page.browser().keeps("clap-scene.webm"), "it was made all the same");

    visit.app.page.eval("delete globalThis.VideoEncoder")?;
    let gif = taken(visit, "pictures", "clap-pictures.gif")?;
    eprintln!("         {} bytes of GIF", gif.len());
    visit.no_errors_but(&[])?;

    // the page itself may show no videos
    visit.app.page.call("Page.setBypassCSP", json!({ "enabled": true }))?;
    let origin = visit.server.origin();
    visit.app.page.goto(&format!("{origin}/samples/index.json"))?;
    let played = looked_at(visit, PLAY, &webm);
    let decoded = looked_at(visit, DECODE, &gif);
    visit.app.page.call("Page.setBypassCSP", json!({ "enabled": false }))?;
    // what the browser misses on a page that is none of ours
    *visit.app.page.record() = Record::default();
    let (played, decoded) = (played?, decoded?);

    ensure!(played["size"] == json!([896, 496]), "the video is {} large", played["size"]);
    let duration = played["duration"].as_f64().context("a duration")?;
    ensure!((duration - seconds).abs() < 0.1, "it takes {duration} s, the take {seconds} s");
    ensure!(played["ended"] == true, "it does not play to its end");
    // a light scene on the left, a dark picture on the right, words below
    has_content(&played["seen"], 128.0, true)?;
    ensure!(decoded["size"] == json!([336, 372]), "the GIF is {} large", decoded["size"]);
    let count = decoded["count"].as_f64().context("a number of frames")?;
    ensure!((count - seconds * 20.0).abs() <= 1.0, "{count} frames for {seconds} s");
    ensure!(decoded["duration"] == json!(50_000), "each stays for {} µs", decoded["duration"]);
    has_content(&decoded["seen"], 1.0, false)
}

/// Chooses a video in the page's control, and returns what is downloaded.
fn taken(visit: &mut Visit<'_>, shown: &str, name: &str) -> Result<Vec<u8>> {
    visit.app.hear("note", |app| app.page.eval(&choose(shown)).map(drop))?;
    let bytes = visit.app.page.downloaded(name, PATIENCE)?;
    let over = "!document.getElementById('app').dataset.video";
    visit.app.page.wait_for(&format!("{name} is done"), over, PATIENCE)?;
    Ok(bytes)
}

fn choose(shown: &str) -> String {
    format!("document.getElementById('video').value = '{shown}', document.getElementById('save-video').click()")
}

/// What a script finds out about a file.
fn looked_at(visit: &mut Visit<'_>, script: &str, file: &[u8]) -> Result<Value> {
    let file = base64::engine::general_purpose::STANDARD.encode(file);
    let bytes = format!("Uint8Array.from(atob('{file}'), (c) => c.charCodeAt(0))");
    let looked = visit.app.page.eval(&format!("(async (bytes) => {{ {LOOK} {script} }})({bytes})"));
    // the error would repeat the file
    looked.map_err(|error| anyhow!("{}", error.to_string().rsplit("c.charCodeAt(0))): ").next().unwrap_or_default()))
}

/// Whether frames have a left side of at least that brightness, a picture with somebody on it on the right side if there
/// is one, or else everywhere, words below, and whether they differ.
fn has_content(seen: &Value, left: f64, right: bool) -> Result<()> {
    let seen = seen.as_array().context("frames")?;
    ensure!(seen.len() == 3, "{} frames were seen", seen.len());
    for (n, frame) in seen.iter().enumerate() {
        let number = |key: &str| frame[key].as_f64().unwrap_or(f64::NAN);
        ensure!(number("left") >= left, "frame {n}: {frame}");
        ensure!(!right || (number("right") > 2.0 && number("right") < number("left")), "frame {n}: {frame}");
        ensure!(number("contrast") > 100.0, "frame {n} has no words below: {frame}");
    }
    ensure!(seen[1]["changed"].as_f64() > Some(0.2), "nothing moves: {seen:?}");
    Ok(())
}

/// What is on a canvas: brightness on the left and right above the caption, the difference of the brightest and the
/// darkest in the caption, and how much has changed, on average, since the frame before.
const LOOK: &str = "
    const looker = (width, height) => {
        const canvas = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
        let before;
        return (image) => {
            canvas.drawImage(image, 0, 0, width, height);
            const { data } = canvas.getImageData(0, 0, width, height);
            const caption = Math.round((height * 448) / 496) + 4;
            const sums = { left: 0, right: 0 };
            let [low, high, changed] = [255, 0, 0];
            for (let at = 0; at < data.length; at += 4) {
                const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
                const bright = (data[at] + data[at + 1] + data[at + 2]) / 3;
                if (y < caption) sums[x < width / 2 ? 'left' : 'right'] += bright;
                else [low, high] = [Math.min(low, bright), Math.max(high, bright)];
                if (before) changed += Math.abs(data[at] - before[at]) / (width * height);
            }
            before = data;
            const half = (width / 2) * caption;
            return { left: sums.left / half, right: sums.right / half, contrast: high - low, changed };
        };
    };";

/// Plays `bytes`, and looks at three moments of them.
const PLAY: &str = "
    const video = document.createElement('video');
    video.muted = true;
    const event = (name) => new Promise((resolve, reject) => {
        video.addEventListener(name, resolve, { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'no video')), { once: true });
    });
    const loaded = event('loadeddata');
    video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/webm' }));
    await loaded;
    const { videoWidth: width, videoHeight: height, duration } = video;
    const look = looker(width, height);
    const seen = [];
    for (const share of [0.1, 0.5, 0.9]) {
        const there = event('seeked');
        video.currentTime = share * duration;
        await there;
        let frame = look(video);
        // the first picture may come a little after the word that its place is reached
        for (let n = 0; n < 40 && !frame.contrast; n++) {
            await new Promise((done) => setTimeout(done, 50));
            frame = look(video);
        }
        seen.push(frame);
    }
    const [back, ended] = [event('seeked'), event('ended')];
    video.currentTime = 0;
    await back;
    await video.play();
    await ended;
    return { size: [width, height], duration, seen, ended: video.ended };";

/// Decodes the GIF in `bytes`, and looks at three of its frames.
const DECODE: &str = "
    const decoder = new ImageDecoder({ data: bytes, type: 'image/gif' });
    await decoder.completed;
    await decoder.tracks.ready;
    const count = decoder.tracks.selectedTrack.frameCount;
    const seen = [];
    let [look, size, duration] = [undefined, undefined, undefined];
    for (const share of [0.1, 0.5, 0.9]) {
        const { image } = await decoder.decode({ frameIndex: Math.floor(share * count) });
        size = [image.displayWidth, image.displayHeight];
        duration = image.duration;
        look ??= looker(...size);
        seen.push(look(image));
        image.close();
    }
    return { size, count, duration, seen };";
