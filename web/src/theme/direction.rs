//! Words that are written from right to left. A text is laid out in the direction of its first letter; one of several
//! directions is cut into stretches here, which stand side by side as they are seen. Names stand in a page that is read from
//! left to right, paragraphs have the direction of their first word (UAX #9, P2 and P3).

use std::sync::Arc;

use eframe::egui::{
    Align, Galley, Painter,
    text::{LayoutJob, LayoutSection, TextFormat, TextWrapping},
};
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

/// Whether something in it is written from right to left.
pub fn has_rtl(text: &str) -> bool {
    // most texts have no such letter by their numbers alone
    text.chars().any(|c| c >= '\u{590}' && is_rtl(c))
}

fn is_rtl(c: char) -> bool {
    matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::RLE | BidiClass::RLO | BidiClass::RLI)
}

/// The job with its text in the order in which it is seen; the page around it is read from left to right. As it was where
/// it has one direction, or several sections already.
pub fn directed(job: LayoutJob) -> LayoutJob {
    directed_within(job, Level::ltr())
}

/// As [`directed`], in a paragraph of that direction.
fn directed_within(job: LayoutJob, base: Level) -> LayoutJob {
    let [section] = &job.sections[..] else { return job };
    if !has_rtl(&job.text) {
        return job;
    }
    let LayoutSection { mut leading_space, format, .. } = section.clone();
    let mut seen = LayoutJob { text: String::new(), sections: Vec::new(), ..job.clone() };
    for stretch in stretches(&job.text, base) {
        push(&mut seen, &stretch, std::mem::take(&mut leading_space), &format);
    }
    seen
}

/// Adds a stretch of its own. [`LayoutJob::append`] would make one of those that stand side by side, which is then laid out
/// in one direction.
fn push(job: &mut LayoutJob, text: &str, leading_space: f32, format: &TextFormat) {
    let start = job.text.len();
    job.text += text;
    let byte_range = start.into()..job.text.len().into();
    job.sections.push(LayoutSection { leading_space, byte_range, format: format.clone() });
}

/// A job of several lines laid out, with each line in the order in which it is seen, at the right where all paragraphs are
/// read from there. As [`Painter::layout_job`] where nothing is written from right to left.
pub fn layout(painter: &Painter, job: LayoutJob) -> Arc<Galley> {
    let [section] = &job.sections[..] else { return painter.layout_job(job) };
    if !has_rtl(&job.text) {
        return painter.layout_job(job);
    }
    let format = section.format.clone();
    let directed = |line: &str, base| {
        let job = LayoutJob::single_section(line.to_owned(), format.clone());
        directed_within(LayoutJob { wrap: TextWrapping::no_max_width(), ..job }, base)
    };
    let of_paragraph = |paragraph: &str| {
        let base = base(paragraph);
        let fits = |line: &str| painter.layout_job(directed(line, base)).size().x <= job.wrap.max_width;
        lines(paragraph, fits).into_iter().map(|line| (line, base)).collect::<Vec<_>>()
    };
    let lines: Vec<(String, Level)> = job.text.split('\n').flat_map(of_paragraph).collect();
    let mut seen = LayoutJob { wrap: TextWrapping::no_max_width(), ..LayoutJob::default() };
    if lines.iter().all(|(_, base)| base.is_rtl()) {
        seen.halign = Align::RIGHT;
    }
    for (n, (line, base)) in lines.into_iter().enumerate() {
        if n > 0 {
            push(&mut seen, "\n", 0.0, &format);
        }
        let LayoutJob { text, sections, .. } = directed(&line, base);
        for LayoutSection { byte_range, .. } in sections {
            push(&mut seen, &text[byte_range.start.0..byte_range.end.0], 0.0, &format);
        }
    }
    painter.layout_job(seen)
}

/// The direction of a paragraph: that of its first letter.
fn base(paragraph: &str) -> Level {
    BidiInfo::new(paragraph, None).paragraphs.first().map_or(Level::ltr(), |paragraph| paragraph.level)
}

/// A paragraph's lines in the order of reading: as many words in each as fit. A word that does not is cut.
fn lines(paragraph: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in paragraph.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if line.chars().nth(1).is_some() && !fits(&line) {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    lines.push(line);
    lines
}

/// The text without its end, if it is longer than `count` characters, and with a sign for that.
pub fn shortened(text: &str, count: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(count) else { return text.to_owned() };
    let kept = text[..end].trim_end();
    // the sign stands where reading ends
    let mark = if kept.chars().last().is_some_and(is_rtl) { "…\u{200f}" } else { "…" };
    format!("{kept}{mark}")
}

/// Pieces of one direction from left to right, each in the order of reading.
fn stretches(text: &str, base: Level) -> Vec<String> {
    let info = BidiInfo::new(text, Some(base));
    let mut stretches = Vec::new();
    for paragraph in &info.paragraphs {
        let (levels, runs) = info.visual_runs(paragraph, paragraph.range.clone());
        for run in runs {
            let rtl = levels[run.start].is_rtl();
            // what only says which direction is meant has done so
            let visible =
                |c: &char| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let run: String = text[run].chars().filter(visible).collect();
            if rtl {
                stretches.extend(turned(&run));
            } else {
                stretches.push(run);
            }
        }
    }
    stretches
}

/// What is read from right to left, from left to right: words, each in the order of reading, and what stands between them,
/// which nobody else would turn round. They may be of different fonts, and the window lays these out one behind the other.
fn turned(run: &str) -> Vec<String> {
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for c in run.chars() {
        let letter = is_rtl(c);
        match pieces.last_mut() {
            Some((of_letters, piece)) if *of_letters == letter || bidi_class(c) == BidiClass::NSM => piece.push(c),
            _ => pieces.push((letter, c.to_string())),
        }
    }
    let turned = pieces.into_iter().rev().map(|(of_letters, piece)| match of_letters {
        true if cfg!(target_family = "wasm") => joined(&piece),
        true => piece,
        false => piece.chars().rev().map(mirrored).collect(),
    });
    turned.collect()
}

/// A bracket as it is seen from the other side.
fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 5] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»')];
    let other = PAIRS.iter().find_map(|&(a, b)| if c == a { Some(b) } else { (c == b).then_some(a) });
    other.unwrap_or(c)
}

/// Letters of Arabic that join others: the letter, its form alone, and how many forms there are, the one at the end, at
/// the start and in the middle behind it (Unicode, Arabic Presentation Forms A and B).
const JOINING: [(u32, u32, u32); 49] = [
    (0x621, 0xfe80, 1),
    (0x622, 0xfe81, 2),
    (0x623, 0xfe83, 2),
    (0x624, 0xfe85, 2),
    (0x625, 0xfe87, 2),
    (0x626, 0xfe89, 4),
    (0x627, 0xfe8d, 2),
    (0x628, 0xfe8f, 4),
    (0x629, 0xfe93, 2),
    (0x62a, 0xfe95, 4),
    (0x62b, 0xfe99, 4),
    (0x62c, 0xfe9d, 4),
    (0x62d, 0xfea1, 4),
    (0x62e, 0xfea5, 4),
    (0x62f, 0xfea9, 2),
    (0x630, 0xfeab, 2),
    (0x631, 0xfead, 2),
    (0x632, 0xfeaf, 2),
    (0x633, 0xfeb1, 4),
    (0x634, 0xfeb5, 4),
    (0x635, 0xfeb9, 4),
    (0x636, 0xfebd, 4),
    (0x637, 0xfec1, 4),
    (0x638, 0xfec5, 4),
    (0x639, 0xfec9, 4),
    (0x63a, 0xfecd, 4),
    (0x641, 0xfed1, 4),
    (0x642, 0xfed5, 4),
    (0x643, 0xfed9, 4),
    (0x644, 0xfedd, 4),
    (0x645, 0xfee1, 4),
    (0x646, 0xfee5, 4),
    (0x647, 0xfee9, 4),
    (0x648, 0xfeed, 2),
    (0x649, 0xfeef, 2),
    (0x64a, 0xfef1, 4),
    (0x679, 0xfb66, 4),
    (0x67e, 0xfb56, 4),
    (0x686, 0xfb7a, 4),
    (0x688, 0xfb88, 2),
    (0x691, 0xfb8c, 2),
    (0x698, 0xfb8a, 2),
    (0x6a9, 0xfb8e, 4),
    (0x6af, 0xfb92, 4),
    (0x6ba, 0xfb9e, 2),
    (0x6be, 0xfbaa, 4),
    (0x6c1, 0xfba6, 4),
    (0x6cc, 0xfbfc, 4),
    (0x6d2, 0xfbae, 2),
];

const LAM: char = '\u{644}';
/// What the letter lam and an alef behind it are together.
const LAM_ALEF: [(char, u32); 4] = [('\u{622}', 0xfef5), ('\u{623}', 0xfef7), ('\u{625}', 0xfef9), ('\u{627}', 0xfefb)];

/// Arabic in the forms that join. A browser draws what our fonts lack letter by letter, and would draw each as if it stood
/// alone.
fn joined(text: &str) -> String {
    let forms = |c: char| {
        let index = JOINING.binary_search_by_key(&u32::from(c), |&(letter, ..)| letter).ok()?;
        Some((JOINING[index].1, JOINING[index].2))
    };
    // a line that is only there to be long joins on both sides
    let before = |c: char| c == '\u{640}' || forms(c).is_some_and(|(_, count)| count > 1);
    let behind = |c: char| c == '\u{640}' || forms(c).is_some_and(|(_, count)| count > 2);
    // vowels stand above and below letters and part none
    let is_mark = |c: &char| matches!(c, '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}');
    let (mut written, mut last) = (String::new(), None);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let after_joining = last.is_some_and(behind) && before(c);
        if !is_mark(&c) {
            last = Some(c);
        }
        let alef = letters.peek().and_then(|next| LAM_ALEF.iter().find(|(alef, _)| c == LAM && alef == next));
        let form = if let Some((alef, form)) = alef {
            letters.next();
            last = Some(*alef);
            Some(form + u32::from(after_joining))
        } else {
            forms(c).map(|(form, _)| {
                let next = letters.clone().find(|next| !is_mark(next));
                form + u32::from(after_joining) + 2 * u32::from(behind(c) && next.is_some_and(before))
            })
        };
        written.push(form.and_then(char::from_u32).unwrap_or(c));
    }
    written
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, Context, FontId, RawInput};

    use super::*;

    /// The letters of a text from left to right, as they are drawn.
    fn seen(text: &str) -> String {
        let ctx = Context::default();
        super::super::install(&ctx);
        let mut seen = String::new();
        let _ = ctx.run_ui(RawInput::default(), |ui| {
            let format = TextFormat::simple(FontId::proportional(14.0), Color32::WHITE);
            let galley = ui.painter().layout_job(directed(LayoutJob::single_section(text.to_owned(), format)));
            // those without a width stand for letters of others
            let glyphs = galley.rows.iter().flat_map(|row| &row.glyphs).filter(|glyph| glyph.advance_width > 0.0);
            seen = glyphs.map(|glyph| glyph.chr).collect();
        });
        seen
    }

    #[test]
    fn each_stretch_is_drawn_in_its_direction() {
        for (text, expected) in [
            ("walk.bvh", "walk.bvh"),
            ("жест 歩く.bvh", "жест 歩く.bvh"),
            ("הליכה.bvh", "הכילה.bvh"),
            ("הליכה (3).bvh", "(3) הכילה.bvh"),
            ("הליכה מהירה.bvh", "הריהמ הכילה.bvh"),
            ("walk הליכה 12.bvh", "walk 12 הכילה.bvh"),
            ("אב walk גד.bvh", "בא walk דג.bvh"),
            ("א 12 ב", "ב 12 א"),
            ("\u{202e}hvb.exe", "exe.bvh"),
        ] {
            assert_eq!(seen(text), expected, "{text}");
        }
        assert!(!has_rtl("walk – жест 歩く ½×") && has_rtl("a م"));
    }

    #[test]
    fn lines_end_where_reading_does() {
        let ctx = Context::default();
        super::super::install(&ctx);
        let lines = |text: &str, width: f32| {
            let mut lines = Vec::new();
            let _ = ctx.run_ui(RawInput::default(), |ui| {
                let format = TextFormat::simple(FontId::proportional(14.0), Color32::WHITE);
                let mut job = LayoutJob::single_section(text.to_owned(), format);
                job.wrap.max_width = width;
                let galley = layout(ui.painter(), job);
                // those without a width stand for letters of others
                let glyphs = galley.rows.iter().map(|row| row.glyphs.iter().filter(|glyph| glyph.advance_width > 0.0));
                lines = glyphs.map(|glyphs| glyphs.map(|glyph| glyph.chr).collect::<String>()).collect();
                assert!(galley.size().x <= width + 1.0);
            });
            lines
        };
        assert_eq!(lines("Does the person wave?", 1000.0), ["Does the person wave?"]);
        assert_eq!(lines("הליכה מהירה", 1000.0), ["הריהמ הכילה"]);
        // the first word is read first, so it stands in the first line
        assert_eq!(lines("הליכה מהירה", 60.0), ["הכילה", "הריהמ"]);
        assert_eq!(lines("walk\nהליכה", 1000.0), ["walk", "הכילה"]);
        assert_eq!(lines("\nהליכה", 1000.0), ["", "הכילה"], "an empty line is one");
        // words of one direction among others of the same look
        assert_eq!(lines("Is it תודה רבה now?", 1000.0), ["Is it הבר הדות now?"]);
        assert_eq!(lines("Which: 歩く, תודה רבה?", 1000.0), ["Which: 歩く, הבר הדות?"]);
        // a question's mark stands where reading ends, and in its last line
        assert_eq!(lines("האם האדם מוחא כפיים?", 1000.0), ["?םייפכ אחומ םדאה םאה"]);
        assert_eq!(lines("מה עושה walk.bvh?", 1000.0), ["?walk.bvh השוע המ"]);
        assert_eq!(lines("walk.bvh, הליכה?", 1000.0), ["walk.bvh, הכילה?"]);
        let cut = lines("א walking_very_far_away.bvh", 60.0);
        assert!(cut.len() > 3 && cut[1..].concat() == "walking_very_far_away.bvh", "{cut:?}");
    }

    #[test]
    fn the_end_is_cut_where_reading_ends() {
        assert_eq!(shortened("walk.bvh", 8), "walk.bvh");
        assert_eq!(shortened("walk fast.bvh", 5), "walk…");
        assert_eq!(seen(&shortened("הליכה מהירה.bvh", 7)), "…מ הכילה");
        assert_eq!(shortened("", 0), "");
    }

    #[test]
    fn arabic_letters_join() {
        for (word, forms) in [
            ("سلام", "\u{feb3}\u{fefc}\u{fee1}"),
            ("محمد", "\u{fee3}\u{fea4}\u{fee4}\u{feaa}"),
            ("كتاب", "\u{fedb}\u{fe98}\u{fe8e}\u{fe8f}"),
            ("لا 2", "\u{fefb} 2"),
            ("مَشي", "\u{fee3}\u{64e}\u{feb8}\u{fef2}"),
            ("دء", "\u{fea9}\u{fe80}"),
            ("هליכה", "\u{fee9}ליכה"),
        ] {
            assert_eq!(joined(word), forms, "{word}");
        }
        assert!(JOINING.is_sorted_by_key(|&(letter, ..)| letter));
    }
}
