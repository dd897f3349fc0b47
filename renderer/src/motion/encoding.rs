//! Text of any encoding as UTF-8, which is all that readers know. Numbers and keywords are ASCII everywhere; it is the
//! names of joints that differ.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, ISO_2022_JP, KOI8_R, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253,
};

use super::error::Cause;

/// Bytes of lines with names that an unknown encoding is told from.
const SAMPLE: usize = 16 << 10;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Begins what switches between sets of characters.
const ESCAPE: u8 = 0x1b;

/// A text in UTF-8.
pub(super) struct Text<'a> {
    pub utf8: Cow<'a, [u8]>,
    /// What it was written in, where that had to be guessed.
    pub guessed: Option<&'static str>,
}

/// Reads UTF-8, UTF-16 with and without byte order mark, and the encodings of old programs in Asia and Europe.
pub(super) fn to_utf8(bytes: &[u8]) -> Result<Text<'_>, Cause> {
    let certain = |utf8| Ok(Text { utf8, guessed: None });
    if let [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] = bytes {
        return Err(Cause::UnknownFormat("it is text in UTF-32: save it as UTF-8".to_owned()));
    }
    if let Some(mut rest) = bytes.strip_prefix(MARK) {
        // programs that do not know the mark put another one before it
        while let Some(further) = rest.strip_prefix(MARK) {
            rest = further;
        }
        return certain(Cow::Borrowed(rest));
    }
    if let [0xff, 0xfe, rest @ ..] = bytes {
        return certain(Cow::Owned(from_utf16(rest, u16::from_le_bytes)));
    }
    if let [0xfe, 0xff, rest @ ..] = bytes {
        return certain(Cow::Owned(from_utf16(rest, u16::from_be_bytes)));
    }
    let pairs: Vec<[bool; 2]> = bytes.chunks_exact(2).take(8).map(|p| [is_plain(p[0]), is_plain(p[1])]).collect();
    let nul = |at: usize| bytes.iter().skip(at).step_by(2).take(8).all(|&b| b == 0);
    if pairs.len() >= 4 && pairs.iter().all(|p| p[0]) && nul(1) {
        return certain(Cow::Owned(from_utf16(bytes, u16::from_le_bytes)));
    }
    if pairs.len() >= 4 && pairs.iter().all(|p| p[1]) && nul(0) {
        return certain(Cow::Owned(from_utf16(bytes, u16::from_be_bytes)));
    }
    // Japanese in seven bits announces itself
    let announced = |mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    let seven_bits = bytes.contains(&ESCAPE) && [b"\x1b$B", b"\x1b$@"].into_iter().any(|mark| announced(mark));
    if !seven_bits && std::str::from_utf8(bytes).is_ok() {
        return certain(Cow::Borrowed(bytes));
    }
    let encoding = if seven_bits && bytes.is_ascii() { ISO_2022_JP } else { guess(&sample(bytes)) };
    let (utf8, _) = encoding.decode_without_bom_handling(bytes);
    let utf8 = match utf8 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    Ok(Text { utf8, guessed: Some(encoding.name()) })
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text.into_bytes()
}

/// The lines that are not ASCII, as far as they are needed.
fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split(|&b| b == b'\n' || b == b'\r').filter(|line| !line.is_ascii()) {
        sample.extend_from_slice(&line[..line.len().min(SAMPLE)]);
        sample.push(b'\n');
        if sample.len() >= SAMPLE {
            break;
        }
    }
    sample
}

/// Characters of joints' names: sides, limbs, torso, in Japanese, Chinese and Korean.
const ANATOMY: &str = "左右腕肩肘手首指足脚腿膝踝頭头顔颈頸髋腰胸背骨盆臂掌趾踵親亲センター上下半身目先捩付根前中后後\
                       ひじざつまきて왼오른쪽팔다리손발목머리가슴허리어깨무릎엉덩이척추골반";

/// The encoding in which the names make most sense.
fn guess(sample: &[u8]) -> &'static Encoding {
    let candidates = [SHIFT_JIS, GBK, EUC_KR, EUC_JP, BIG5, WINDOWS_1252];
    let alphabets = [WINDOWS_1251, KOI8_R, IBM866, WINDOWS_1253];
    let scored = candidates.into_iter().filter_map(|encoding| Some((encoding, sense(encoding, sample)?)));
    let scored =
        scored.chain(alphabets.into_iter().filter_map(|encoding| Some((encoding, spelling(encoding, sample)?))));
    // of equals the first
    scored.fold((WINDOWS_1252, 0), |best, next| if next.1 > best.1 { next } else { best }).0
}

/// The letters that most of Russian, Ukrainian and Greek words are made of.
const FREQUENT: &str = "оеаинтсрвлкміηαοιτσρνεό";

/// Fewest letters of another alphabet that make a word beside Latin ones: accents of a Latin alphabet stand alone or in
/// twos.
const WORD: usize = 3;

/// How much sense a reading in letters other than Latin makes, whose words are all in them, with capitals where words
/// have them; `None` where it is impossible.
fn spelling(encoding: &'static Encoding, sample: &[u8]) -> Option<i64> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(sample)?;
    let own = |c: &char| matches!(c, 'Ͱ'..='ӿ');
    let frequent = |c: &&char| c.to_lowercase().any(|c| FREQUENT.contains(c));
    let word = |word: &str| {
        let letters: Vec<char> = word.chars().collect();
        // `mixamorigРука` and `РукаL` are words of two alphabets
        let parts = letters.chunk_by(|a, b| own(a) == own(b)).filter(|part| own(&part[0]));
        let score = |part: &[char]| {
            let count = part.len() as i64;
            let whole = part.len() == letters.len();
            if (!whole && part.len() < WORD) || !is_cased(part) {
                -3 * count
            } else if count == 1 {
                // a single letter is an accent of a Latin alphabet
                0
            } else {
                count + 2 * part.iter().filter(frequent).count() as i64
            }
        };
        parts.map(score).sum::<i64>()
    };
    let words = text.split(|c: char| !c.is_alphabetic()).map(word).sum::<i64>();
    let signs = text.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic()).count() as i64;
    Some(words - 2 * signs)
}

/// Whether capitals stand where words have them: nowhere, all along, or where words begin that are written together,
/// with the first letter of a side in front or behind: `ЛеваяРука`, `ЛРука`, `рукаЛ`. In the wrong encoding it is the
/// other way round.
fn is_cased(letters: &[char]) -> bool {
    if letters.iter().all(|c| !c.is_uppercase()) || letters.iter().all(|c| !c.is_lowercase()) {
        return true;
    }
    let humps: Vec<&[char]> = letters.chunk_by(|a, b| !(a.is_lowercase() && b.is_uppercase())).collect();
    humps.iter().enumerate().all(|(k, hump)| {
        let capitals = hump.iter().take_while(|c| c.is_uppercase()).count();
        match (capitals, hump.len() - capitals) {
            (0, small) => k == 0 && small > 1,
            (1, 0) => k > 0 && k + 1 == humps.len() && humps[k - 1].len() > 2,
            (capitals, small) => capitals <= 2 && small > 0,
        }
    })
}

/// How much sense a reading makes; `None` where it is impossible.
fn sense(encoding: &'static Encoding, sample: &[u8]) -> Option<i64> {
    // a sample may end within a character
    let end = sample.iter().rposition(|&b| b == b'\n').map_or(sample.len(), |at| at + 1);
    let text = encoding.decode_without_bom_handling_and_without_replacement(&sample[..end])?;
    let single = encoding == WINDOWS_1252;
    let score = |c: char| match c {
        _ if c.is_ascii() => 0,
        // letters of Europe; their other signs do not stand in names
        _ if single && c.is_alphabetic() => 1,
        _ if single => -2,
        _ if ANATOMY.contains(c) => 4,
        'ぁ'..='ゖ' | 'ァ'..='ー' | '가'..='힣' => 2,
        // private use, halves of letters, signs
        '\u{e000}'..='\u{f8ff}' | '｡'..='ﾟ' => -4,
        _ if c.is_alphabetic() => 0,
        _ => -2,
    };
    Some(text.chars().map(score).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, Option<&'static str>) {
        let text = to_utf8(bytes).unwrap();
        (String::from_utf8(text.utf8.into_owned()).unwrap(), text.guessed)
    }

    #[test]
    fn utf16_is_told_by_its_mark_or_by_its_zeros() {
        let text = "HIERARCHY\nROOT 左腕 Größe 😀\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [le.clone(), be.clone(), [&[0xff, 0xfe][..], &le].concat(), [&[0xfe, 0xff][..], &be].concat()] {
            assert_eq!(read(&bytes), (text.to_owned(), None));
        }
        assert_eq!(read(format!("\u{feff}{text}").as_bytes()), (text.to_owned(), None));
        assert_eq!(read(format!("\u{feff}\u{feff}{text}").as_bytes()), (text.to_owned(), None));
        assert_eq!(read(text.as_bytes()), (text.to_owned(), None));
        assert!(to_utf8(&[0xff, 0xfe, 0, 0, b'H', 0, 0, 0]).is_err());
        // padding is no encoding
        assert_eq!(read(b"ROOT\0\0\0\0x y").0, "ROOT\0\0\0\0x y");
    }

    #[test]
    fn names_of_joints_tell_the_encoding() {
        let japanese = "ROOT センター\nJOINT 左腕\nJOINT 右ひじ\nJOINT 左足首\nJOINT 上半身\n";
        let chinese = "ROOT 骨盆\nJOINT 左大腿\nJOINT 右手臂\nJOINT 头\n";
        let traditional = "ROOT 骨盆\nJOINT 左大腿\nJOINT 右手臂\nJOINT 頭部\n";
        let korean = "ROOT 골반\nJOINT 왼쪽팔\nJOINT 오른쪽다리\n";
        let russian = "ROOT Таз\nJOINT Левая рука\nJOINT ПРАВАЯ НОГА\nJOINT Голова\n";
        let humps = "ROOT Таз\nJOINT ЛеваяРука\nJOINT праваяНога\nJOINT ЛЛокоть\nJOINT кистьП\n";
        let fused = "ROOT mixamorigТаз\nJOINT mixamorigРукаL\nJOINT mixamorigГоловаTop_End\n";
        let short = "ROOT Таз\n";
        let greek = "ROOT Λεκάνη\nJOINT Αριστερό χέρι\nJOINT Κεφάλι\n";
        let german = "ROOT Hüfte\nJOINT Oberkörper\nJOINT linker Fuß\n";
        let french = "ROOT Bassin\nJOINT Épaule gauche\nJOINT Tête\n";
        let swedish = "ROOT HÖFT\nJOINT VänsterÖga\nJOINT HögerÅderÄnde\nJOINT créée\nJOINT KÖNIGÜÖ\n";
        for (encoding, text) in [
            (SHIFT_JIS, japanese),
            (EUC_JP, japanese),
            (GBK, chinese),
            (BIG5, traditional),
            (EUC_KR, korean),
            (WINDOWS_1251, russian),
            (KOI8_R, russian),
            (IBM866, russian),
            (WINDOWS_1251, humps),
            (KOI8_R, humps),
            (WINDOWS_1251, fused),
            (KOI8_R, fused),
            (WINDOWS_1251, short),
            (KOI8_R, short),
            (WINDOWS_1253, greek),
            (ISO_2022_JP, japanese),
            (WINDOWS_1252, german),
            (WINDOWS_1252, french),
            (WINDOWS_1252, swedish),
        ] {
            let (bytes, _, lost) = encoding.encode(text);
            assert!(!lost);
            assert_eq!(read(&bytes), (text.to_owned(), Some(encoding.name())), "{}", encoding.name());
        }
        // a single name, whose second byte looks like a brace
        assert_eq!(read(b"JOINT \x83\x7b\x83\x93\n").0, "JOINT ボン\n");
    }
}
