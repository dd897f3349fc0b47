//! Names in Japanese, Chinese and Korean, which are written without spaces: what counts is which characters they hold.

use super::{Aid, Kind, Side};

/// Whether a word is written in one of these scripts.
pub(super) fn is_theirs(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{ff66}'..='\u{ff9f}'))
}

const LEFT: &[&str] = &["左", "ひだり", "ヒダリ", "왼쪽", "왼"];
const RIGHT: &[&str] = &["右", "みぎ", "ミギ", "오른쪽", "오른"];

/// The side of a word, and the word without it.
pub(super) fn side(word: &str) -> Option<(Side, String)> {
    let find = |list: &[&str]| list.iter().find(|s| word.contains(*s)).map(|s| word.replacen(s, "", 1));
    match (find(LEFT), find(RIGHT)) {
        (Some(rest), None) => Some((Side::Left, rest)),
        (None, Some(rest)) => Some((Side::Right, rest)),
        _ => None,
    }
}

/// Limbs before the torso: there is a neck (首) in the wrist (手首) and in the ankle (足首).
const KINDS: [(Kind, &[&str]); 3] = [
    (
        Kind::Arm,
        &[
            "腕", "手", "肩", "肘", "指", "臂", "掌", "鎖骨", "锁骨", "ひじ", "ヒジ", "ﾋｼﾞ", "うで", "ゆび", "팔", "손", "어깨",
        ],
    ),
    (
        Kind::Leg,
        &[
            "足", "脚", "腿", "膝", "髋", "股", "脛", "踝", "踵", "趾", "爪先", "つま先", "ツマ先", "ﾂﾏ先", "つまさき", "ひざ", "ヒザ", "ﾋｻﾞ",
            "かかと", "カカト", "もも", "すね", "다리", "발", "무릎", "허벅지", "종아리",
        ],
    ),
    (
        Kind::Torso,
        &[
            "首", "頭", "头", "頸", "颈", "脖", "身", "腰", "胸", "背", "腹", "脊", "盆", "骶", "目", "眼", "顎", "舌", "鼻",
            "口", "センター", "ｾﾝﾀｰ", "グルーブ", "머리", "목", "가슴", "허리", "척추", "골반",
        ],
    ),
];

/// The part of the body that a word stands for.
pub(super) fn kind(word: &str) -> Option<Kind> {
    KINDS.iter().find_map(|(kind, list)| list.iter().any(|w| word.contains(w)).then_some(*kind))
}

/// The head, and what is on it.
pub(super) fn is_head(word: &str) -> bool {
    ["頭", "头", "머리", "目", "眼", "顎", "舌", "鼻", "口"].iter().any(|w| word.contains(w))
}

/// A pelvis unless there is a side.
pub(super) fn is_hip(word: &str) -> bool {
    word.contains(['髋', '股'])
}

/// What a word says that is no part of a body: twists, helpers, dummies, hair, cloth, weapons, and what turns both eyes,
/// which is above the head.
pub(super) fn aid(word: &str) -> Option<Aid> {
    const TWIST: &[&str] = &["捩", "捻", "ひねり"];
    const THING: &[&str] = &[
        "補助", "両目", "ダミー", "ﾀﾞﾐｰ", "操作中心", "髪", "スカート", "ｽｶｰﾄ", "袖", "ネクタイ", "リボン", "マント", "武器", "剣", "刀",
        "头发", "裙", "머리카락", "치마",
    ];
    let has = |list: &[&str]| list.iter().any(|w| word.contains(w));
    has(TWIST).then_some(Aid::Twist).or_else(|| has(THING).then_some(Aid::Thing))
}

/// Letters that MikuMikuDance appends to copies of leg joints, which follow them: 左足D, 左足先EX.
/// Their ends follow them as well.
pub(super) fn is_copy(words: &[String]) -> bool {
    let end = |w: &&String| matches!(w.as_str(), "end" | "tip" | "nub" | "site") || w.bytes().all(|b| b.is_ascii_digit());
    let last = words.iter().rev().find(|w| !end(w));
    words.len() > 1 && is_theirs(&words[0]) && last.is_some_and(|w| matches!(w.as_str(), "d" | "ex"))
}
