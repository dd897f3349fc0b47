//! S2I's encoding against golden files (spec C.1).
//!
//! A case is a folder with a file a skeleton format: `in.clip` `[T, P, J, 3]`; the rules as numbers in
//! `in.column_order`, `in.part_sizes`, `in.parents`, `in.centre`; and the results `out.persons`, `out.stream.<stream>`,
//! `out.unit.<stream>.<range>`, `out.image.<stream>.<range>.<columns>`, and of the latter only the rows `in.rows` as
//! `out.rows.…`. The header may say `shares` and `fixed_range`.

use std::{collections::BTreeMap, path::Path};

use draction::{
    motion::Layout,
    s2i::{Bodies, BodyPlan, Columns, Range, S2i, Stream},
};

use super::{Checks, ConformanceError, Golden, within::Within};

/// Encodes the cases in `folder`, one after another.
///
/// # Errors
/// When a case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn s2i(folder: &Path) -> Result<Checks, ConformanceError> {
    let mut checks = Checks::default();
    for (name, golden) in Golden::load_all(folder)? {
        check(&golden, &mut Within::new(&mut checks, &name))?;
    }
    Ok(checks)
}

fn check(golden: &Golden, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
    let ([_, persons, joints, _], clip) = golden.shaped::<4>("in.clip")?;
    let bodies = Bodies { positions: clip, persons, joints };
    let plan = plan(golden)?;
    if let Some(layout) = Layout::specified(joints) {
        let ours = BodyPlan::of_layout(layout);
        let numbers = |plan: &BodyPlan| [&plan.columns[..], &plan.parts, &plan.parents, &plan.centre].concat();
        checks.same("columns, parents, centre", &numbers(&ours), &numbers(&plan));
    }
    let mut s2i = S2i::new(plan);
    if let Ok(limits) = golden.json::<BTreeMap<String, f64>>("fixed_range") {
        for stream in Stream::ALL {
            s2i.limits[stream as usize] = *limits.get(stream.name()).unwrap_or(&s2i.limits[stream as usize]);
        }
    }
    let refused = |error: draction::s2i::S2iError| golden.wrong("in.clip", error.to_string());
    let expected: Vec<String> = golden.below("out.").map(str::to_owned).collect();
    for output in &expected {
        let name = format!("out.{output}");
        let wanted = golden.float(&name)?;
        let words: Vec<&str> = output.split('.').collect();
        let stream = word(golden, &name, words.get(1), &Stream::ALL, Stream::name)?;
        let f32s = |values: Vec<f64>| values.into_iter().map(|x| x as f32).collect::<Vec<f32>>();
        if words[0] == "stream" {
            let found = s2i.stream(bodies, stream).map_err(refused)?;
            checks.compare(output, &f32s(found.values), &wanted.values);
            continue;
        }
        s2i.range = word(golden, &name, words.get(2), &[Range::MinMax, Range::Fixed], Range::name)?;
        if words[0] == "unit" {
            let found = s2i.unit(bodies, stream).map_err(refused)?;
            checks.compare(output, &f32s(found.values), &wanted.values);
            continue;
        }
        let [_, _, _, size] = wanted.shape[..] else {
            return Err(golden.wrong(&name, format!("shape {:?} is not of rank 4", wanted.shape)));
        };
        s2i.size = size;
        s2i.columns = word(golden, &name, words.get(3), &[Columns::Whole, Columns::Shares], Columns::name)?;
        if s2i.columns == Columns::Shares {
            shares(golden, &s2i)?;
        }
        let picture = s2i.encode(bodies, stream).map_err(refused)?;
        let mut found = picture.normalised();
        if words[0] == "rows" {
            found = only_rows(&found, size, &golden.indices("in.rows")?)
                .ok_or_else(|| golden.wrong("in.rows", format!("a row lies beyond {size}")))?;
        }
        checks.compare(output, &found, &wanted.values);
    }
    let persons = s2i.stream(bodies, Stream::Joint).map_err(refused)?.seen();
    checks.same("persons", &persons, &golden.indices("out.persons")?);
    Ok(())
}

/// The case's own rules.
fn plan(golden: &Golden) -> Result<BodyPlan, ConformanceError> {
    let parts = golden.indices("in.part_sizes")?;
    let plan = BodyPlan {
        columns: golden.indices("in.column_order")?,
        parts: <[usize; 5]>::try_from(&parts[..])
            .map_err(|_| golden.wrong("in.part_sizes", format!("{parts:?} are not five")))?,
        parents: golden.indices("in.parents")?,
        centre: golden.indices("in.centre")?,
    };
    match plan.problem() {
        Some(problem) => Err(golden.wrong("in.column_order", problem)),
        None => Ok(plan),
    }
}

/// Shares other than ours would be another encoding.
fn shares(golden: &Golden, s2i: &S2i) -> Result<(), ConformanceError> {
    let ours = s2i.shares().map(|n| n.to_string()).join(",");
    match golden.field::<String>("shares") {
        Ok(theirs) if theirs.replace(' ', "") != ours => {
            Err(golden.wrong("shares", format!("the header says {theirs}; {ours} are the shares of {}", s2i.size)))
        }
        _ => Ok(()),
    }
}

fn word<T: Copy>(
    golden: &Golden,
    tensor: &str,
    word: Option<&&str>,
    known: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, ConformanceError> {
    let found = word.and_then(|word| known.iter().copied().find(|&one| name(one) == *word));
    found.ok_or_else(|| golden.wrong(tensor, "its name tells no stream, range and columns that we know"))
}

/// Of `[pictures, 3, size, size]` the rows of these numbers; `None` where there is no such row.
fn only_rows(pictures: &[f32], size: usize, rows: &[usize]) -> Option<Vec<f32>> {
    if rows.iter().any(|&row| row >= size) {
        return None;
    }
    let planes = pictures.chunks_exact(size * size);
    Some(planes.flat_map(|plane| rows.iter().flat_map(|&row| plane[row * size..][..size].to_vec())).collect())
}
