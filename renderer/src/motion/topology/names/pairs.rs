//! Sides in letters that mean other things elsewhere, `Cuisse_G` and `Cuisse_D`: told by names that come in twos.

use std::collections::HashMap;

/// Left and right in German, English, French, Portuguese, Spanish, Italian, Polish and Russian.
const PAIRS: [(&str, &str); 10] = [
    ("li", "re"),
    ("lf", "rg"),
    ("g", "d"),
    ("e", "d"),
    ("i", "d"),
    ("s", "d"),
    ("iz", "de"),
    ("l", "p"),
    ("л", "п"),
    ("лев", "прав"),
];
/// Longest of them, in letters.
const LETTERS: usize = 4;
/// Fewest twins that make a pair of letters sides.
const TWINS: usize = 3;

/// What is alike in some names, and at which of their words they differ.
type Place<'n> = (Vec<&'n str>, usize);

/// Writes sides as words where the names of one skeleton abbreviate them. Returns whether they do.
pub(super) fn translate(names: &mut [Vec<String>]) -> bool {
    let mut alike: HashMap<Place<'_>, Vec<(&str, usize)>> = HashMap::new();
    for (n, words) in names.iter().enumerate() {
        for (at, word) in words.iter().enumerate() {
            if word.chars().count() <= LETTERS && !word.bytes().any(|b| b.is_ascii_digit()) {
                let rest = words.iter().enumerate().map(|(i, w)| if i == at { "" } else { w.as_str() });
                alike.entry((rest.collect(), at)).or_default().push((word, n));
            }
        }
    }
    let found = PAIRS.into_iter().find_map(|(left, right)| {
        let has = |group: &[(&str, usize)], word| group.iter().any(|g| g.0 == word);
        // letters that count further are no sides
        let twins = |group: &&Vec<(&str, usize)>| group.len() == 2 && has(group, left) && has(group, right);
        let either = alike.values().filter(|group| has(group, left) || has(group, right)).count();
        let twins = alike.values().filter(twins).count();
        (twins >= TWINS && 5 * twins >= 4 * either).then_some((left, right))
    });
    let Some((left, right)) = found else { return false };
    let mut said = Vec::new();
    for ((_, at), group) in &alike {
        for &(word, n) in group {
            let side = if word == left { "left" } else { "right" };
            said.extend((word == left || word == right).then_some((n, *at, side)));
        }
    }
    // of a name with several such letters the last one
    said.sort_unstable();
    for (n, at, side) in said {
        if let Some(earlier) = names[n].iter().position(|w| matches!(w.as_str(), "left" | "right")) {
            names[n][earlier] = "·".to_owned();
        }
        names[n][at] = side.to_owned();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(names: &[&str]) -> Option<Vec<String>> {
        let mut split: Vec<Vec<String>> = names.iter().map(|n| super::super::words::split(n)).collect();
        translate(&mut split).then(|| split.into_iter().map(|words| words.join(" ")).collect())
    }

    #[test]
    fn names_in_twos_have_sides() {
        let names = ["Bassin", "Cuisse_G", "Jambe_G", "Pied_G", "Cuisse_D", "Jambe_D", "Pied_D"];
        let expected =
            ["bassin", "cuisse left", "jambe left", "pied left", "cuisse right", "jambe right", "pied right"];
        assert_eq!(translated(&names).unwrap(), expected);
        for pair in ["li re", "E D", "Лев Прав", "l p"] {
            let (left, right) = pair.split_once(' ').unwrap();
            let names: Vec<String> =
                ["a", "b", "c"].iter().flat_map(|n| [left, right].map(|side| format!("{side}_x{n}"))).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            assert_eq!(translated(&names).unwrap()[..2], ["left xa", "right xa"], "{pair}");
        }
    }

    #[test]
    fn letters_that_count_are_no_sides() {
        let lettered = ["toe_c", "toe_d", "toe_e", "rib_c", "rib_d", "rib_e", "hair_c", "hair_d", "hair_e"];
        assert_eq!(translated(&lettered), None);
        assert_eq!(translated(&["spine_d", "spine_e", "hand_l", "hand_r"]), None);
    }
}
