//! Scores as text for people.

use std::fmt::Write as _;

use super::{Scores, SetScores, answers::AnswerScores, robustness::Row};

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Everything that was scored but the robustness table.
pub fn text(scores: &Scores) -> String {
    let mut out = String::new();
    let baseline = scores.sets.values().any(|s| s.baseline.is_some());
    let _ = write!(out, "{:<24} {:>6}", "set", "clips");
    for column in ["top1 own", "top5 own", "top1 all", "top5 all"] {
        let _ = write!(out, " {column:>9}");
    }
    out.push_str(if baseline { "   nearest neighbour own / all\n" } else { "\n" });
    for (name, SetScores { recognition: r, baseline, .. }) in &scores.sets {
        let _ = write!(out, "{name:<24} {:>6}", r.clips);
        for share in [r.top1_own, r.top5_own, r.top1_all, r.top5_all].map(percent) {
            let _ = write!(out, " {:>9}", if r.clips > 0 { share } else { "-".to_owned() });
        }
        if let Some(b) = baseline {
            let _ = write!(out, " {:>13} / {}", percent(b.top1_own), percent(b.top1_all));
        }
        out.push('\n');
    }
    if let Some(mean) = &scores.mean {
        let (own, all) = (percent(mean.top1_own), percent(mean.top1_all));
        let _ = write!(out, "{:<24} {:>6} {own:>9} {:>9} {all:>9}", "mean of sets", "", "");
        if let (Some(own), Some(all)) = (mean.baseline_own, mean.baseline_all) {
            let _ = write!(out, " {:>9} {:>13} / {}", "", percent(own), percent(all));
        }
        let _ = writeln!(out, "\nall clips among all labels: {:.2} %", 100.0 * scores.top1_all);
    }
    if let Some(unseen) = &scores.unseen {
        let r = &unseen.recognition;
        let _ = writeln!(
            out,
            "labels kept out of training: {} of {} clips right among the {} of them, {} in the first five; {} among all \
             labels",
            percent(r.top1_own),
            r.clips,
            unseen.labels.len(),
            percent(r.top5_own),
            percent(r.top1_all)
        );
    }
    if let Some(c) = &scores.calibration {
        let told = c.known_against_unknown.map(|area| format!("; taught and other labels told apart {area:.3}"));
        let _ = writeln!(
            out,
            "calibration error {:.3}; area under risk against coverage {:.3}{}",
            c.error,
            c.area_under_risk,
            told.unwrap_or_default()
        );
    }
    if let Some(a) = &scores.agreement {
        let [yes, no, caption] = [a.yes, a.no, a.caption].map(percent);
        let _ = writeln!(
            out,
            "of {} clips of which a label is named: yes to it {yes}, no to another {no}, a sentence that says it {caption}",
            a.clips
        );
    }
    questions(scores, &mut out);
    if let Some(other) = &scores.against {
        let _ = writeln!(
            out,
            "\n{}: mean of sets {} among all labels, {:+.2} points; the same label for {} of clips",
            other.model,
            percent(other.mean_top1_all),
            other.ahead_points,
            percent(other.same_answer)
        );
    }
    if let Some(answers) = &scores.answers {
        let _ = write!(out, "\n{}", answer_scores(answers));
    }
    if !scores.classes.is_empty() {
        let _ = writeln!(out, "\n{:<36} {:>6} {:>9}", "label", "clips", "right");
    }
    for (label, (right, clips)) in &scores.classes {
        let _ = writeln!(out, "{label:<36} {clips:>6} {:>9}", percent(*right as f64 / (*clips).max(1) as f64));
    }
    out
}

fn questions(scores: &Scores, out: &mut String) {
    if scores.families.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{:<24} {:<24} {:>6} {:>9} {:>9}", "set", "question", "asked", "right", "declined");
    for (name, set) in &scores.sets {
        for (family, q) in &set.questions {
            let (right, declined) = (percent(q.right), percent(q.declined));
            let _ = writeln!(out, "{name:<24} {family:<24} {:>6} {right:>9} {declined:>9}", q.asked);
        }
    }
    for (family, q) in &scores.families {
        let (right, declined) = (percent(q.mean_right), percent(q.all.declined));
        let _ = writeln!(out, "{:<24} {family:<24} {:>6} {right:>9} {declined:>9}", "mean of sets", q.all.asked);
    }
    if let Some(share) = scores.unanswerable_declined {
        let _ = writeln!(out, "unanswerable questions declined: {}", percent(share));
    }
    if let Some(share) = scores.answerable_declined {
        let _ = writeln!(out, "answerable questions wrongly declined: {}", percent(share));
    }
}

/// Both scores of a list of answers, and those of each label.
pub fn answer_scores(scores: &AnswerScores) -> String {
    let mut out = format!(
        "answers in words about {} samples: {:.2} % contain the label (as the reference scores), {:.2} % are the label; \
         {} errors\n",
        scores.samples,
        100.0 * scores.reference,
        100.0 * scores.strict,
        scores.errors
    );
    let _ = writeln!(out, "{:<36} {:>7} {:>9} {:>9}", "label", "samples", "reference", "strict");
    for (label, c) in &scores.classes {
        let (reference, strict) = (percent(c.reference), percent(c.strict));
        let _ = writeln!(out, "{label:<36} {:>7} {reference:>9} {strict:>9}", c.samples);
    }
    out
}

/// The robustness table in Markdown: top-1 among all labels in percent.
pub fn robustness(rows: &[Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let baseline = rows.iter().any(|r| r.baseline.is_some());
    let mut head: Vec<String> = vec!["Clips".into()];
    head.extend(first.sets.keys().cloned());
    head.push("mean".into());
    if baseline {
        head.push("nearest neighbour, mean".into());
    }
    let mut out = format!("| {} |\n| --- |{}\n", head.join(" | "), " ---: |".repeat(head.len() - 1));
    for row in rows {
        let figures = row.sets.values().chain([&row.mean]).chain(&row.baseline).map(|x| format!("{:.1}", 100.0 * x));
        let _ = writeln!(out, "| {} | {} |", row.change, figures.collect::<Vec<_>>().join(" | "));
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use skeletonllm_data::Perturbation;

    #[test]
    fn the_robustness_table_is_markdown() {
        let row = |change, share: f64, baseline| {
            let sets = BTreeMap::from([("a".to_owned(), share), ("b".to_owned(), 0.5)]);
            Row { change, mean: (share + 0.5) / 2.0, sets, baseline }
        };
        let rows = [row(Perturbation::Unchanged, 1.0, Some(0.955)), row(Perturbation::Dropped(0.3), 0.25, Some(0.5))];
        let expected = "| Clips | a | b | mean | nearest neighbour, mean |\n\
                        | --- | ---: | ---: | ---: | ---: |\n\
                        | as recorded | 100.0 | 50.0 | 75.0 | 95.5 |\n\
                        | 30 % of joints dropped | 25.0 | 50.0 | 37.5 | 50.0 |\n";
        assert_eq!(robustness(&rows), expected);
        assert_eq!(robustness(&[]), "");
    }
}
