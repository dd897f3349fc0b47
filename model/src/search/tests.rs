use std::{collections::HashMap, fs, path::Path};

use draction::random::SplitMix64;

use super::*;
use crate::sugar::unit;

/// Numbers within ±1.
fn numbers(random: &mut SplitMix64, count: usize) -> Vec<f32> {
    (0..count).map(|_| (random.next_u64() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0).collect()
}

fn file(path: &str, modified: i64) -> IndexedFile {
    IndexedFile { path: path.into(), size: 7, modified, hash: "c0".repeat(32) }
}

/// An index of short takes, each with a vector.
fn index(model: char, takes: &[(&str, i64)]) -> (Index, Vec<Vec<f32>>) {
    let mut random = SplitMix64::new(5);
    let mut index = Index::new(model.to_string().repeat(64), 33);
    let vectors: Vec<Vec<f32>> = takes.iter().map(|_| unit(numbers(&mut random, 33))).collect();
    for ((path, modified), vector) in takes.iter().zip(&vectors) {
        index.add(file(path, *modified), &[(0.0..2.0, vector.clone())]);
    }
    (index, vectors)
}

fn paths(index: &Index) -> Vec<&str> {
    index.files().iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn the_nearest_come_first_as_by_the_numbers_themselves() {
    let names: Vec<String> = (0..200).map(|i| format!("/{i}.bvh")).collect();
    let takes: Vec<(&str, i64)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    let (index, vectors) = index('a', &takes);
    let wanted = unit(numbers(&mut SplitMix64::new(9), 33));
    let cosine = |row: usize| f64::from(vectors[row].iter().zip(&wanted).map(|(a, b)| a * b).sum::<f32>());
    let hits = index.search(&wanted, 10, |_| true);
    assert_eq!(hits.len(), 10);
    for hit in &hits {
        assert!((f64::from(hit.score) - cosine(hit.row)).abs() < 0.01, "a byte a number is near enough");
    }
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    let best = (0..200).max_by(|&a, &b| cosine(a).total_cmp(&cosine(b))).unwrap();
    assert!(cosine(hits[0].row) > cosine(best) - 0.01);
    assert_eq!(index.search(&vectors[17], 1, |_| true)[0].row, 17, "a take is nearest to itself");
    assert!(index.search(&vectors[17], 200, |file| file % 2 == 0).iter().all(|hit| hit.row % 2 == 0));
    assert_eq!(index.search(&vectors[17], 1000, |_| true).len(), 200);
    assert!(index.search(&wanted, 0, |_| true).is_empty());
}

#[test]
fn windows_that_overlap_a_better_one_are_left_out() {
    let mut index = Index::new("a".repeat(64), 2);
    let towards = |share: f32| unit(vec![share, 1.0 - share]);
    let windows: Vec<_> =
        (0..40).map(|i| (i as f32..i as f32 + 3.0, towards(1.0 - (i as f32 - 20.0).abs() / 40.0))).collect();
    index.add(file("/long.bvh", 0), &windows);
    index.add(file("/short.bvh", 0), &[(0.0..2.0, towards(0.1))]);
    let hits = index.search(&[1.0, 0.0], 3, |_| true);
    let starts: Vec<f32> = hits.iter().map(|hit| index.rows()[hit.row].start).collect();
    assert_eq!(starts, [20.0, 17.0, 23.0]);
    let all = index.search(&[1.0, 0.0], 100, |_| true);
    assert_eq!(all.iter().filter(|hit| index.rows()[hit.row].file == 1).count(), 1);
    assert_eq!(all.len(), 14, "thirteen that do not overlap, and the short take");
}

#[test]
fn what_was_written_is_read_and_what_is_damaged_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("takes.index");
    let (index, _) = index('a', &[("/a.bvh", 1), ("/ü b.bvh", -5)]);
    index.write(&path).unwrap();
    assert_eq!(Index::read(&path).unwrap(), index);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let whole = fs::read(&path).unwrap();
    let broken = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        Index::read(&path).unwrap_err().to_string()
    };
    for length in 0..whole.len() {
        let error = broken(&whole[..length]);
        assert!(error.contains("takes.index") && error.contains("damaged"), "{length}: {error}");
    }
    assert!(broken(&[&whole[..], b"x"].concat()).contains("bytes"));
    let changed = |at: usize, new: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        broken(&bytes)
    };
    assert!(changed(0, b"PARQUET1").contains("begins otherwise"));
    assert!(changed(8, &9_u32.to_le_bytes()).contains("version 9"));
    assert!(changed(12, &0_u32.to_le_bytes()).contains("vectors of 0"));
    assert!(changed(16, b"not hex!").contains("checksum"));
    for at in [80, 88, 96] {
        for number in [u64::MAX, u64::MAX / 49, 1 << 40, 3] {
            changed(at, &number.to_le_bytes());
        }
    }
    // the length of a path, and the file and end of a row
    assert!(changed(104, &u32::MAX.to_le_bytes()).contains("beyond the table"));
    assert!(changed(108, &[0xff]).contains("no text"));
    let row = whole.len() - 2 * (16 + 33);
    assert!(changed(row, &7_u32.to_le_bytes()).contains("row 0"));
    assert!(changed(row + 8, &f32::NAN.to_le_bytes()).contains("row 0"));
    assert!(changed(row + 12, &f32::INFINITY.to_le_bytes()).contains("row 0"));
    let error = Index::read(&folder.path().join("gone")).unwrap_err().to_string();
    assert!(error.contains("gone"), "{error}");
}

#[test]
fn any_byte_may_be_damaged_without_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("takes.index");
    let (index, vectors) = index('a', &[("/a.bvh", 1), ("/b.bvh", 2)]);
    index.write(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for bits in [0xff, 0x80, 0x01] {
            let mut bytes = whole.clone();
            bytes[at] ^= bits;
            fs::write(&path, bytes).unwrap();
            if let Ok(read) = Index::read(&path) {
                let _ = read.search(&vectors[0], 5, |_| true);
            }
        }
    }
}

#[test]
fn files_go_and_others_keep_their_vectors() {
    let (mut index, vectors) = index('a', &[("/a", 0), ("/b", 0), ("/c", 0)]);
    index.retain(|file| file.path != "/b");
    assert_eq!(paths(&index), ["/a", "/c"]);
    let hit = index.search(&vectors[2], 1, |_| true)[0];
    assert_eq!((index.rows()[hit.row].file, hit.score > 0.99), (1, true));
    assert!(index.search(&vectors[1], 1, |_| true)[0].score < 0.9);
    let now = file("/c", 44);
    index.touch(&HashMap::from([("/c".to_owned(), now.clone())]));
    assert_eq!(index.by_path()["/c"], &now);
    for (size, modified, found) in [(7, 44, Found::Same), (8, 44, Found::Touched), (7, 45, Found::Touched)] {
        assert_eq!(IndexedFile::found(Some(&now), size, modified), found);
    }
    assert_eq!(IndexedFile::found(None, 7, 44), Found::New);
}

#[test]
fn shards_make_one_index_and_other_models_none() {
    let (a, vectors) = index('a', &[("/x", 1), ("/y", 9)]);
    let (b, _) = index('a', &[("/y", 2), ("/z", 1), ("/x", 1)]);
    let (one, two) = (Path::new("one"), Path::new("two"));
    let (all, merged) = Index::merge(&[(one, a.clone()), (two, b)]).unwrap();
    assert_eq!(merged, Merged { files: 3, twice: 2 });
    assert_eq!(paths(&all), ["/y", "/z", "/x"], "the newer one counts, of equals the last");
    assert_eq!(all.by_path()["/y"].modified, 9);
    let hit = all.search(&vectors[1], 1, |_| true)[0];
    assert!(all.rows()[hit.row].file == 0 && hit.score > 0.99);
    let (other, _) = index('b', &[("/w", 1)]);
    let error = Index::merge(&[(one, a), (two, other)]).unwrap_err().to_string();
    assert!(error.contains("two") && error.contains("another model"), "{error}");
}
