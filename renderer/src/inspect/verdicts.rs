//! GPU against CPU twin, pass by pass. Each pass runs on the GPU from what the *twins* of the passes before it wrote,
//! so a wrong pass does not make those after it look wrong, and names itself.

use crate::{
    draction::HEAD_LEN,
    engine::{
        Scene,
        gpu::{GpuEngine, GpuError},
    },
    gpu::{Column, Difference, Outcome, Verdict, worst},
    passes::{self, Buffer, Dims, Pass, Role, SHARE_LEN, Scratch, WEIGHTS_LEN},
};

use super::{Buffers, layout, tiles, tolerance::tolerance};

/// Judges every pass that `twin`, the buffers of [`Buffers::of_twin`] of the same scene, has results of: the backward
/// passes only where it was given the gradient of a loss.
///
/// # Errors
/// As [`GpuEngine::forward`].
pub fn verdicts(engine: &GpuEngine, scene: &Scene, twin: &Buffers) -> Result<Vec<Verdict>, GpuError> {
    let dims = &scene.dims;
    let mut list = passes::forward(dims);
    if twin.has(Buffer::GradWeights) {
        let known = list.clone();
        list.extend(passes::backward(dims).into_iter().filter(|pass| !known.contains(pass)));
    }
    let judge = Judge { engine, dims, twin, whole: engine.is_whole(dims)? };
    list.into_iter().map(|pass| judge.judge(pass)).collect()
}

struct Judge<'a> {
    engine: &'a GpuEngine,
    dims: &'a Dims,
    twin: &'a Buffers,
    /// Whether scratch memory holds everything at once.
    whole: bool,
}

impl Judge<'_> {
    fn judge(&self, pass: Pass) -> Result<Verdict, GpuError> {
        let (reads, written) = (pass.about().reads, pass.about().writes);
        // lists of rows are whole for every chunk of frames
        let scratch = pass.buffers().any(|b| b.scratch().is_some_and(|scratch| scratch != Scratch::RowLists));
        if scratch && !self.whole {
            let why = "the picture is too large for one piece of scratch memory";
            return Ok(Verdict { kernel: pass.name(), outcome: Outcome::Skipped(why), worst: None });
        }
        let feeds: Vec<(Buffer, Vec<f32>)> =
            reads.iter().map(|&buffer| Ok((buffer, self.feed(buffer)?))).collect::<Result<_, GpuError>>()?;
        let feeds: Vec<(Buffer, &[f32])> = feeds.iter().map(|(buffer, numbers)| (*buffer, &numbers[..])).collect();
        let results = self.engine.run_from(self.dims, &[pass], &feeds, written)?;
        let differences = written.iter().zip(&results).filter_map(|(&buffer, got)| self.compare(pass, buffer, got));
        Ok(Verdict::of(pass.name(), differences))
    }

    /// What a pass reads: the twin's numbers, and for scratch memory some that mean the same.
    fn feed(&self, buffer: Buffer) -> Result<Vec<f32>, GpuError> {
        let twin = self.twin.get(buffer);
        Ok(match buffer.about().role {
            Role::Input | Role::Forward | Role::Gradient => twin.to_vec(),
            Role::Order => twin.iter().map(|&i| f32::from_bits(i as u32)).collect(),
            Role::Scratch(Scratch::RowLists) => tiles::row_lists(self.dims, self.twin).bits(),
            Role::Scratch(Scratch::TileLists) => tiles::tile_lists(self.dims, self.twin).bits(),
            Role::Scratch(Scratch::SplatShares) => self.tile_partials()?,
            Role::Scratch(Scratch::WeightShares) => {
                let slabs = self.engine.len_of(self.dims, buffer)? / WEIGHTS_LEN;
                // unequal shares, so that a slab that is read twice or never shows
                let whole = (slabs * (slabs + 1) / 2) as f32;
                let sums = self.twin.get(Buffer::GradWeights);
                (0..slabs).flat_map(|slab| sums.iter().map(move |sum| sum * (slab + 1) as f32 / whole)).collect()
            }
        })
    }

    /// Each splat's gradient, in equal shares on the tiles that it reaches. The rest is NaN: nobody may read it.
    fn tile_partials(&self) -> Result<Vec<f32>, GpuError> {
        let mut partials = vec![f32::NAN; self.engine.len_of(self.dims, Buffer::TilePartials)?];
        let shares = tiles::shares(self.dims, self.twin);
        let mut reached = vec![0u32; self.dims.total()];
        shares.iter().for_each(|&(_, splat)| reached[splat] += 1);
        let (sums, width) = (self.twin.get(Buffer::GradSplats), Buffer::GradSplats.width(self.dims));
        for (place, splat) in shares {
            for c in 0..SHARE_LEN {
                partials[place * SHARE_LEN + c] = sums[width * splat + c] / reached[splat] as f32;
            }
        }
        Ok(partials)
    }

    /// The worst column of what a pass wrote; scratch memory is first turned into what it stands for.
    fn compare(&self, pass: Pass, buffer: Buffer, got: &[f32]) -> Option<Difference> {
        match buffer.about().role {
            Role::Input | Role::Forward | Role::Gradient => self.columns(buffer, got),
            Role::Order => self.columns(buffer, &got.iter().map(|x| x.to_bits() as f32).collect::<Vec<_>>()),
            Role::Scratch(Scratch::RowLists) => {
                Some(self.lists(buffer, "row of tiles", &tiles::row_lists(self.dims, self.twin), got))
            }
            Role::Scratch(Scratch::TileLists) => {
                Some(self.lists(buffer, "tile", &tiles::tile_lists(self.dims, self.twin), got))
            }
            Role::Scratch(Scratch::SplatShares) => {
                let width = Buffer::GradSplats.width(self.dims);
                let mut sums = vec![0f64; self.dims.total() * width];
                for (place, splat) in tiles::shares(self.dims, self.twin) {
                    for c in 0..SHARE_LEN {
                        sums[width * splat + c] += f64::from(got[place * SHARE_LEN + c]);
                    }
                }
                self.columns(Buffer::GradSplats, &sums.into_iter().map(|x| x as f32).collect::<Vec<_>>())
            }
            Role::Scratch(Scratch::WeightShares) => {
                // one pass writes the head's part, another the rest
                let own = if pass == Pass::HeadWeightsBackward { 0..HEAD_LEN } else { HEAD_LEN..WEIGHTS_LEN };
                let sum = |i: usize| got.iter().skip(i).step_by(WEIGHTS_LEN).map(|&x| f64::from(x)).sum::<f64>() as f32;
                let expected = self.twin.get(Buffer::GradWeights);
                let sums: Vec<f32> =
                    (0..WEIGHTS_LEN).map(|i| if own.contains(&i) { sum(i) } else { expected[i] }).collect();
                self.columns(Buffer::GradWeights, &sums)
            }
        }
    }

    /// Lists must be the same, entry by entry; what follows a list's end says nothing.
    fn lists(&self, buffer: Buffer, of: &str, lists: &tiles::Lists, got: &[f32]) -> Difference {
        let a_frame = lists.entries.len() / lists.stride / self.dims.frame_count();
        let mut difference = Difference {
            buffer: format!("{buffer:?}"),
            column: Column { name: "splats".to_owned(), unit: "" },
            place: "everywhere".to_owned(),
            gpu: 0.0,
            twin: 0.0,
            relative: 0.0,
            tolerance: 0.0,
        };
        let pairs = got.chunks_exact(lists.stride).zip(lists.entries.chunks_exact(lists.stride));
        for (list, (got, expected)) in pairs.enumerate() {
            let used = 1 + expected[0] as usize;
            let wrong = (0..used).find(|&i| got[i].to_bits() != expected[i]);
            if let Some(at) = wrong {
                difference.relative = f64::INFINITY;
                difference.place = format!("frame {} · {of} {} · entry {at}", list / a_frame, list % a_frame);
                (difference.gpu, difference.twin) = (got[at].to_bits() as f32, expected[at] as f32);
                break;
            }
        }
        difference
    }

    /// The worst column of `got [rows, columns]`.
    fn columns(&self, buffer: Buffer, got: &[f32]) -> Option<Difference> {
        let layout = layout(buffer, self.dims)?;
        let worst = worst(&layout, got, self.twin.get(buffer))?;
        Some(Difference {
            buffer: format!("{buffer:?}"),
            place: layout.row_name(worst.row),
            column: worst.column,
            gpu: worst.got,
            twin: worst.expected,
            relative: worst.relative,
            tolerance: tolerance(buffer),
        })
    }
}

#[cfg(test)]
mod tests {
    use draction_shaders::Sources;

    use super::*;
    use crate::{
        gpu::first_disagreeing,
        inspect::tests::Example,
        testing::{fresh_gpu, gpu},
    };

    /// The shaders of this program with a mistake in one pass: the first number that it writes is a quarter too large,
    /// or for whole numbers one too many.
    fn planted(pass: Pass) -> Sources {
        let mut sources = Sources::default();
        let name = pass.name();
        let text = sources.compose(name).unwrap();
        // composed already; importing once more would declare everything twice
        let text = text.replace("// #import ", "// imported ");
        let last = *pass.about().writes.last().unwrap();
        let written = snake_case(last);
        let whole = matches!(
            last.about().role,
            Role::Order | Role::Scratch(Scratch::RowLists) | Role::Scratch(Scratch::TileLists)
        );
        let (at, end) = first_write(&text, &written).unwrap_or_else(|| panic!("{name} writes no {written}"));
        let mistake = if whole { "1u + " } else { "1.25 * " };
        sources.replace(name, format!("{}{mistake}({}){}", &text[..at], &text[at..end], &text[end..]));
        sources
    }

    /// Where the first number begins and ends that is written to `name`: what `name[…] = …;` or a field of it becomes,
    /// or the first argument where that is a row.
    fn first_write(text: &str, name: &str) -> Option<(usize, usize)> {
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let is_write = line.trim_start().starts_with(&format!("{name}["));
            if let Some(at) = line.find(" = ").filter(|_| is_write) {
                let from = start + at + " = ".len();
                let end = from + text[from..].find(';')?;
                let argument = first_argument(&text[from..end]);
                return Some(argument.map_or((from, end), |(first, last)| (from + first, from + last)));
            }
            start += line.len();
        }
        None
    }

    /// Where the first argument of `Row(…)` lies.
    fn first_argument(expression: &str) -> Option<(usize, usize)> {
        let open = expression.find('(')?;
        if !expression.starts_with(char::is_uppercase) || !expression[..open].chars().all(char::is_alphanumeric) {
            return None;
        }
        let mut depth = 0;
        let length = expression[open + 1..].find(|c| {
            let ends = depth == 0 && matches!(c, ',' | ')');
            depth += i32::from(c == '(') - i32::from(c == ')');
            ends
        })?;
        Some((open + 1, open + 1 + length))
    }

    fn snake_case(buffer: Buffer) -> String {
        let mut name = String::new();
        for c in format!("{buffer:?}").chars() {
            if c.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.extend(c.to_lowercase());
        }
        name
    }

    #[test]
    fn every_pass_agrees_with_its_twin() {
        let Some(gpu) = gpu() else { return };
        for example in [Example::new(2, 6, 70), Example::new(2, 6, 70).oriented()] {
            let verdicts = verdicts(gpu, &example.scene, &example.twin(true)).unwrap();
            assert_eq!(verdicts.len(), 19, "all but the other way to skin");
            for verdict in &verdicts {
                assert_eq!(verdict.outcome, Outcome::Agrees, "{verdict:?}");
                assert!(verdict.worst.is_some(), "{:?} was not compared", verdict.kernel);
            }
            assert_eq!(first_disagreeing(&verdicts), None);
        }
    }

    #[test]
    fn a_bug_in_any_pass_is_named_as_that_pass() {
        let Some(gpu) = fresh_gpu() else { return };
        let (plain, turned) = (Example::new(2, 6, 70), Example::new(2, 6, 70).oriented());
        let (plain_twin, turned_twin) = (plain.twin(true), turned.twin(true));
        for &pass in Pass::ALL {
            let (example, twin) =
                if pass == Pass::SkinOriented { (&turned, &turned_twin) } else { (&plain, &plain_twin) };
            pollster::block_on(gpu.reload(&planted(pass))).unwrap();
            let verdicts = verdicts(&gpu, &example.scene, twin).unwrap();
            let wrong: Vec<_> = verdicts.iter().filter(|v| v.outcome == Outcome::Differs).map(|v| v.kernel).collect();
            assert_eq!(wrong, [pass.name()], "{verdicts:#?}");
            assert_eq!(first_disagreeing(&verdicts).unwrap().kernel, pass.name());
        }
    }

    #[test]
    fn without_a_loss_only_forward_passes_are_judged() {
        let Some(gpu) = gpu() else { return };
        let example = Example::new(1, 6, 70);
        let verdicts = verdicts(gpu, &example.scene, &example.twin(false)).unwrap();
        let judged: Vec<_> = verdicts.iter().map(|v| v.kernel).collect();
        let forward: Vec<_> = passes::forward(&example.scene.dims).into_iter().map(Pass::name).collect();
        assert_eq!(judged, forward);
    }

    #[test]
    fn a_difference_says_where_and_how_much() {
        let Some(gpu) = fresh_gpu() else { return };
        let example = Example::new(1, 6, 70);
        pollster::block_on(gpu.reload(&planted(Pass::Rasterize))).unwrap();
        let verdicts = verdicts(&gpu, &example.scene, &example.twin(false)).unwrap();
        let worst = first_disagreeing(&verdicts).unwrap().worst.clone().unwrap();
        assert_eq!((worst.buffer.as_str(), worst.column.name.as_str()), ("Frames", "red"));
        assert!((worst.gpu / worst.twin - 1.25).abs() < 1e-3, "{worst:?}");
        // one column of pixels in four is wrong by a quarter
        assert!((0.05..0.25).contains(&worst.relative) && worst.place.starts_with("y "), "{worst:?}");
    }
}
