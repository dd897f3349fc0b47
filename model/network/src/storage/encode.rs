//! From numbers to blocks: the best scale, and offset, of a few tries.

use super::Storage;

/// Scales tried of each block, from one that reaches its largest number to one that cuts it off by a sixth.
const TRIES: usize = 9;

impl Storage {
    /// Appends a row as blocks. Only [`Storage::Q4_0`], [`Storage::Q4_1`] and [`Storage::Q8_0`] can be written.
    ///
    /// # Panics
    /// When the row is no whole number of blocks, or the type is another one.
    pub fn quantise(self, row: &[f32], out: &mut Vec<u8>) {
        let blocks = row.as_chunks::<32>();
        assert!(blocks.1.is_empty(), "a row of {} in blocks of 32", row.len());
        match self {
            Storage::Q4_0 => blocks.0.iter().for_each(|block| q4_0(block, out)),
            Storage::Q4_1 => blocks.0.iter().for_each(|block| q4_1(block, out)),
            Storage::Q8_0 => blocks.0.iter().for_each(|block| q8_0(block, out)),
            other => panic!("{other:?} is only read"),
        }
    }
}

/// How a block's numbers become codes: whole numbers from 0 to `most`.
#[derive(Clone, Copy)]
struct Codes {
    scale: f32,
    offset: f32,
    most: f32,
}

impl Codes {
    fn of(self, value: f32, inverse: f32) -> f32 {
        nearest(((value - self.offset) * inverse).clamp(0.0, self.most))
    }

    fn inverse(self) -> f32 {
        if self.scale == 0.0 { 0.0 } else { 1.0 / self.scale }
    }

    /// The sum of a block's squared errors.
    fn error(self, block: &[f32; 32]) -> f32 {
        let inverse = self.inverse();
        // as many sums as a vector register has lanes
        let mut sums = [0.0; 8];
        for part in block.as_chunks::<8>().0 {
            for (sum, &value) in sums.iter_mut().zip(part) {
                let off = self.of(value, inverse) * self.scale + self.offset - value;
                *sum += off * off;
            }
        }
        sums.iter().sum()
    }

    fn all(self, block: &[f32; 32]) -> [u8; 32] {
        let inverse = self.inverse();
        block.map(|value| self.of(value, inverse) as u8)
    }
}

/// The nearest whole number of one between −2²² and 2²². Sums of this size have no room for a fraction, so that adding rounds;
/// `round` is a call for each number where a build does not ask for SSE 4.1.
fn nearest(value: f32) -> f32 {
    const WHOLE: f32 = (3 << 22) as f32;
    (value + WHOLE) - WHOLE
}

/// As half precision keeps it.
fn kept(value: f32) -> (f32, [u8; 2]) {
    let half = half::f16::from_f32(value);
    (half.to_f32(), half.to_le_bytes())
}

fn push_nibbles(codes: &[u8; 32], out: &mut Vec<u8>) {
    out.extend((0..16).map(|i| codes[i] | codes[i + 16] << 4));
}

fn q4_0(block: &[f32; 32], out: &mut Vec<u8>) {
    // codes go from −8 to 7: the number that is farthest from 0 gets the −8
    let farthest = block.iter().fold(0.0f32, |most, x| if x.abs() > most.abs() { *x } else { most });
    let tried = (0..TRIES).map(|t| {
        let (scale, bytes) = kept(farthest / -(8.0 + 0.2 * t as f32));
        let codes = Codes { scale, offset: -8.0 * scale, most: 15.0 };
        (codes.error(block), codes, bytes)
    });
    let (_, codes, bytes) = tried.min_by(|(a, ..), (b, ..)| a.total_cmp(b)).expect("some were tried");
    out.extend(bytes);
    push_nibbles(&codes.all(block), out);
}

fn q4_1(block: &[f32; 32], out: &mut Vec<u8>) {
    let least = block.iter().copied().fold(f32::INFINITY, f32::min);
    let most = block.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let tried = (0..TRIES).map(|t| {
        // both ends move inwards alike
        let cut = (most - least) * 0.01 * t as f32;
        let (offset, offset_bytes) = kept(least + cut);
        let (scale, bytes) = kept((most - least - 2.0 * cut) / 15.0);
        let codes = Codes { scale, offset, most: 15.0 };
        (codes.error(block), codes, [bytes, offset_bytes])
    });
    let (_, codes, bytes) = tried.min_by(|(a, ..), (b, ..)| a.total_cmp(b)).expect("some were tried");
    out.extend(bytes.concat());
    push_nibbles(&codes.all(block), out);
}

fn q8_0(block: &[f32; 32], out: &mut Vec<u8>) {
    let (scale, bytes) = kept(block.iter().fold(0.0f32, |most, x| most.max(x.abs())) / 127.0);
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    out.extend(bytes);
    out.extend(block.iter().map(|x| nearest((x * inverse).clamp(-127.0, 127.0)) as i8 as u8));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(seed: usize) -> Vec<f32> {
        (0..256).map(|i| ((i * i + seed) as f32 * 0.37).sin() * ((i / 32) as f32 * 0.3 + 0.1)).collect()
    }

    fn back(storage: Storage, row: &[f32]) -> Vec<f32> {
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        storage.quantise(row, &mut bytes);
        assert_eq!(Some(bytes.len()), storage.row_bytes(row.len()));
        storage.dequantise(&bytes, &mut values);
        values
    }

    #[test]
    fn a_number_is_off_by_little_more_than_half_a_step_of_its_block() {
        // steps of a block whose numbers reach from −a to a; cutting off may cost the farthest some more
        for (storage, step) in [(Storage::Q4_0, 1.0 / 8.0), (Storage::Q4_1, 2.0 / 15.0), (Storage::Q8_0, 1.0 / 127.0)] {
            let row = numbers(3);
            for (block, values) in row.chunks(32).zip(back(storage, &row).chunks(32)) {
                let reach = block.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                let squares: f32 = block.iter().zip(values).map(|(a, b)| (a - b).powi(2)).sum();
                let root_mean = (squares / 32.0).sqrt();
                // of even numbers the root mean square is step / √12
                assert!(root_mean < 0.45 * step * reach, "{storage:?}: {root_mean} of {}", step * reach);
                for (a, b) in block.iter().zip(values) {
                    assert!((a - b).abs() < 2.0 * step * reach, "{storage:?}: {a} became {b}");
                }
            }
        }
    }

    #[test]
    fn what_a_type_can_say_is_said_exactly() {
        let row: Vec<f32> = (0..32).map(|i| (i % 16) as f32 * 0.5 - 4.0).collect();
        assert_eq!(back(Storage::Q4_0, &row), row);
        let row: Vec<f32> = (0..32).map(|i| (i % 16) as f32 * 0.25 + 3.0).collect();
        assert_eq!(back(Storage::Q4_1, &row), row);
        for storage in [Storage::Q4_0, Storage::Q4_1, Storage::Q8_0] {
            assert_eq!(back(storage, &[0.0; 32]), [0.0; 32]);
            let same = back(storage, &[2.0; 32]);
            assert!(same.iter().all(|x| (x - 2.0).abs() < 0.02), "{storage:?}: {}", same[0]);
        }
    }

    #[test]
    fn an_offset_helps_numbers_on_one_side_of_zero() {
        let row: Vec<f32> = numbers(5).iter().map(|x| x + 3.0).collect();
        let error = |storage| -> f32 { back(storage, &row).iter().zip(&row).map(|(a, b)| (a - b).powi(2)).sum() };
        assert!(error(Storage::Q4_1) * 4.0 < error(Storage::Q4_0));
    }
}
