//! A name as words: lower case, without accents, digits apart.

/// Longest name that is looked at, in characters.
const LONGEST: usize = 128;
/// Fewest names of which one can say that they share a word.
const FEW: usize = 6;

/// Splits at anything but letters and digits, between letters, digits and scripts, and at capitals: `LHipJoint_01` becomes
/// `l hip joint 01`. A namespace or path before the last `:` or `|` says nothing of the joint.
pub(super) fn split(name: &str) -> Vec<String> {
    let local = name.rsplit([':', '|']).find(|s| !s.is_empty()).unwrap_or(name);
    let chars: Vec<char> = local.chars().take(LONGEST).flat_map(folded).flatten().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|k| chars[k]);
        let after = chars.get(i + 1);
        let mut initials = false;
        let boundary = match before {
            Some(b) if b.is_ascii_digit() != c.is_ascii_digit() => true,
            Some(b) if b.is_ascii() != c.is_ascii() => true,
            Some(b) if b.is_lowercase() && c.is_uppercase() => true,
            // the last capital of a run belongs to the word it begins: L|Hip
            Some(b) if b.is_uppercase() && c.is_uppercase() => {
                initials = after.is_some_and(|a| a.is_lowercase());
                initials
            }
            _ => false,
        };
        if boundary || !c.is_alphanumeric() {
            // a left upper arm and a right fore arm: LUArm, RFArm
            if initials && matches!(&word[..], "lu" | "lh" | "ll" | "ru" | "rf" | "rh" | "rl") {
                words.push(word.drain(..1).collect());
            }
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// A character without accent, in its usual width; nothing for an accent of its own.
fn folded(c: char) -> [Option<char>; 2] {
    if c.is_ascii() {
        return [Some(c), None];
    }
    let small = c.to_lowercase().next().unwrap_or(c);
    let plain = match small {
        '\u{300}'..='\u{36f}' => return [None, None],
        '\u{ff01}'..='\u{ff5e}' => return [char::from_u32(u32::from(c) - 0xfee0), None],
        'ß' => return [Some('s'), Some('s')],
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' => 's',
        'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ý' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        _ => return [Some(c), None],
    };
    let large = c.is_uppercase() && c != small;
    [if large { plain.to_uppercase().next() } else { Some(plain) }, None]
}

/// Takes away first and last words that nearly all names share: `Bip01 Pelvis`, `Bip01 Head` … are about pelvis and head.
/// `says` tells words that mean something; they go only where every name has them, and sides only where both are left.
pub(super) fn without_shared(names: &mut [Vec<String>], says: impl Fn(&str) -> Meaning) {
    if names.len() < FEW {
        return;
    }
    for last in [false, true] {
        while let Some(word) = shared(names, last) {
            let everywhere = names.iter().all(|words| end(words, last) == Some(&word));
            let goes = match says(&word) {
                Meaning::Nothing => true,
                Meaning::Part => everywhere && !last,
                Meaning::Side => everywhere && !last && both_sides_inside(names, &says),
                Meaning::End => false,
            };
            if !goes {
                break;
            }
            for words in names.iter_mut().filter(|words| words.len() > 1) {
                if end(words, last) == Some(&word) {
                    words.remove(if last { words.len() - 1 } else { 0 });
                }
            }
            // names that are nothing but the word keep it, and would hold it up for ever
            if names.iter().filter(|words| words.len() > 1).count() * 4 < names.len() * 3 {
                break;
            }
        }
    }
}

/// What a word that many names share would tell of one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    Part,
    Side,
    /// A number or an end, which belongs to the word before it.
    End,
}

fn end(words: &[String], last: bool) -> Option<&String> {
    if last { words.last() } else { words.first() }
}

/// The first or last word of at least three quarters of the names, of which some have more words.
fn shared(names: &[Vec<String>], last: bool) -> Option<String> {
    let mut counts: std::collections::HashMap<&String, (usize, usize)> = std::collections::HashMap::new();
    for words in names {
        if let Some(word) = end(words, last) {
            let count = counts.entry(word).or_default();
            count.0 += 1;
            count.1 += usize::from(words.len() > 1);
        }
    }
    let most = counts.into_iter().max_by_key(|&(_, (all, _))| all);
    most.filter(|&(_, (all, longer))| all * 4 >= names.len() * 3 && longer > 0).map(|(word, _)| word.clone())
}

/// Whether names would tell two sides apart without their first words.
fn both_sides_inside(names: &[Vec<String>], says: &impl Fn(&str) -> Meaning) -> bool {
    let mut found: Option<&String> = None;
    for word in names.iter().flat_map(|words| words.iter().skip(1)).filter(|w| says(w) == Meaning::Side) {
        match found {
            Some(first) if first != word => return true,
            _ => found = Some(word),
        }
    }
    false
}
