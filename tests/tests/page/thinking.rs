//! Questions, explanations, long takes, and what they cost in memory.

use anyhow::{Context, Result, ensure};
use skeletonllm::assistant::Attribution;
use skeletonllm_tests::takes::write_long_take;

use crate::{QUESTION, Visit, native::relative_error, showing::sample};

/// Most that the page's gradient may differ from the native one, relative and Euclidean: both are computed in f32, the
/// sums in another order.
const GRADIENT_TOLERANCE: f64 = 2e-2;

/// Most that memory may grow while the second five of ten questions are answered, in bytes.
const GROWTH: f64 = 1.5e6;

pub fn answers(visit: &mut Visit<'_>) -> Result<()> {
    let file = sample("wave_left_hand.bvh");
    visit.app.open(&file)?;
    for question in visit.native.questions() {
        let (answer, expected) = (visit.app.ask(&question)?, visit.native.answer(&file, &question)?);
        ensure!(answer == expected, "{question} The page answers {answer:?}, natively it is {expected:?}");
        ensure!(!answer.is_empty(), "{question} There is no answer");
    }
    Ok(())
}

pub fn why(visit: &mut Visit<'_>) -> Result<()> {
    let file = sample("wave_left_hand.skeleton");
    visit.app.open(&file)?;
    let answer = visit.app.ask(QUESTION)?;
    visit.app.hear("why", |app| app.page.press("w"))?;
    visit.app.idle()?;
    let said: serde_json::Value = serde_json::from_slice(&visit.app.save("j", "wave_left_hand.json")?)?;
    let why = &said["why"];
    ensure!(why["question"] == QUESTION && why["answer"] == answer.as_str(), "explained is another answer: {why}");
    let page: Attribution = serde_json::from_value(why.clone()).context("the explanation in the JSON")?;
    let native = visit.native.attribution(&file, QUESTION, &answer)?;
    ensure!(page.frame_indices == native.frame_indices && page.bodies == native.bodies, "other frames or bodies");
    let most = page.joint_frames.iter().copied().fold(0.0, f32::max);
    ensure!(most > 0.0, "nothing matters to the answer");
    for (what, page, native) in [
        ("joints in frames", &page.joint_frames, &native.joint_frames),
        ("joints", &page.joints, &native.joints),
        ("frames", &page.frames, &native.frames),
    ] {
        let error = relative_error(page, native)?;
        eprintln!("         gradient by {what}: {error:.1e} from the native one");
        ensure!(error <= GRADIENT_TOLERANCE, "the gradient by {what} differs by {error:.3}");
    }
    let log_probability = (page.log_probability - native.log_probability).abs();
    ensure!(log_probability < 0.01, "the answer's log-probability differs by {log_probability}");
    Ok(())
}

pub fn long_take(visit: &mut Visit<'_>) -> Result<()> {
    let file = visit.app.page.browser().scratch().join("long.bvh");
    write_long_take(&file, 1)?;
    visit.app.open(&file)?;
    let text = visit.app.hear("spans", |app| app.page.press("l"))?;
    visit.app.idle()?;
    let said: serde_json::Value = serde_json::from_slice(&visit.app.save("j", "long.json")?)?;
    let page: Vec<skeletonllm::assistant::Span> =
        serde_json::from_value(said["spans"].clone()).context("the spans in the JSON")?;
    let native = visit.native.spans(&file)?;
    ensure!(page.len() > 1, "one span for five different motions: {text}");
    let places = |spans: &[skeletonllm::assistant::Span]| {
        spans.iter().map(|s| (s.start_seconds, s.end_seconds, s.label.clone())).collect::<Vec<_>>()
    };
    ensure!(places(&page) == places(&native), "the page's spans are {page:?}, the native ones {native:?}");
    for (page, native) in page.iter().zip(&native) {
        let difference = (page.probability - native.probability).abs();
        ensure!(difference < 0.01, "the probability of {} differs by {difference}", page.label);
    }
    Ok(())
}

pub fn memory(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.open(&sample("squat.bvh"))?;
    let mut sizes = Vec::new();
    for n in 1..=10 {
        visit.app.ask(QUESTION)?;
        if n % 5 == 0 {
            sizes.push((visit.app.program_memory()?, visit.app.page.heap()?));
        }
    }
    let mega = |bytes: f64| bytes / 1e6;
    let [(program, heap), (program_later, heap_later)] = sizes[..] else { unreachable!("two of ten") };
    eprintln!(
        "         program {:.1} → {:.1} MB, scripts {:.2} → {:.2} MB",
        mega(program),
        mega(program_later),
        mega(heap),
        mega(heap_later)
    );
    ensure!(program_later - program <= GROWTH, "the program grew by {:.1} MB", mega(program_later - program));
    ensure!(heap_later - heap <= GROWTH, "scripts grew by {:.1} MB", mega(heap_later - heap));
    Ok(())
}
