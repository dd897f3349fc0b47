//! Packed matrices against what their stored bytes mean, in f64.

use super::*;
use crate::storage::Storage;

const TYPES: [Storage; 9] = [
    Storage::I8,
    Storage::Q4_0,
    Storage::Q4_1,
    Storage::Q5_0,
    Storage::Q5_1,
    Storage::Q8_0,
    Storage::Q4_K,
    Storage::Q5_K,
    Storage::Q6_K,
];

/// Bytes that no type is surprised by: scales of a size, everything else anything.
fn stored(storage: Storage, [rows, columns]: [usize; 2]) -> Vec<u8> {
    let mut state = rows as u64 * 31 + columns as u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let mut bytes: Vec<u8> = (0..rows * storage.row_bytes(columns).unwrap()).map(|_| byte()).collect();
    let (_, size) = storage.block();
    for block in bytes.chunks_exact_mut(size) {
        let mut half = |at: usize, size: f32| {
            let number = half::f16::from_f32((f32::from(byte()) / 128.0 - 1.0) * size);
            block[at..at + 2].copy_from_slice(&number.to_le_bytes());
        };
        match storage {
            Storage::Q4_0 | Storage::Q5_0 | Storage::Q8_0 => half(0, 0.02),
            Storage::Q4_1 | Storage::Q5_1 => [0, 2].into_iter().for_each(|at| half(at, 0.02)),
            Storage::Q4_K | Storage::Q5_K => [0, 2].into_iter().for_each(|at| half(at, 0.001)),
            Storage::Q6_K => half(208, 0.001),
            _ => {}
        }
    }
    bytes
}

struct Case {
    packed: Packed,
    /// What the bytes mean, and what the packed numbers are.
    meant: Vec<f32>,
    kept: Vec<f32>,
}

fn case(storage: Storage, shape: [usize; 2]) -> Case {
    let bytes = stored(storage, shape);
    let mut meant = Vec::new();
    storage.dequantise(&bytes, &mut meant);
    let scales: Vec<f32> = (0..shape[0]).map(|row| 0.001 * (row + 1) as f32).collect();
    let own = storage == Storage::I8;
    if own {
        meant.chunks_mut(shape[1]).zip(&scales).for_each(|(row, s)| row.iter_mut().for_each(|x| *x *= s));
    }
    let mut packing = Packing::new(storage, shape).expect("packed");
    // in parts, as a file is read
    for (part, bytes) in bytes.chunks(2 * STRIP * storage.row_bytes(shape[1]).unwrap()).enumerate() {
        packing.rows(2 * STRIP * part, bytes);
    }
    let packed = packing.finish(own.then_some(&scales)).expect("finite");
    let kept = packed.numbers(0..shape[0]);
    Case { packed, meant, kept }
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.37).sin() + 0.2).collect()
}

/// ‖found − expected‖ / ‖expected‖.
fn distance(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let size: f64 = expected.iter().map(|x| x * x).sum();
    let off: f64 = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum();
    assert!(size > 0.0, "all zero proves nothing");
    (off / size).sqrt()
}

#[test]
fn numbers_stay_what_the_file_means() {
    for storage in TYPES {
        for shape in [[33, 256], [16, 512], [5, 768]] {
            let Case { meant, kept, packed } = case(storage, shape);
            let exact: Vec<f64> = meant.iter().map(|&x| f64::from(x)).collect();
            let most = match storage {
                // scales in half precision, and 255 steps where two groups had scales of their own
                Storage::Q4_K | Storage::Q5_K => 3e-4,
                Storage::Q6_K => 5e-3,
                _ => 0.0,
            };
            let off = distance(&kept, &exact);
            assert!(off <= most, "{storage:?} {shape:?}: {off}");
            assert_eq!(packed.numbers([2]), kept[2 * shape[1]..3 * shape[1]], "a row alone");
        }
    }
    // rows of eight bits need no blocks
    let Case { meant, kept, .. } = case(Storage::I8, [19, 43]);
    assert_eq!(meant, kept);
}

#[test]
fn little_memory_is_taken() {
    let per_number = |storage| case(storage, [64, 1024]).packed.bytes() as f64 * 8.0 / 65536.0;
    for (storage, bits) in [(Storage::Q4_0, 4.5), (Storage::Q4_1, 5.0), (Storage::Q8_0, 8.5), (Storage::I8, 8.03125)] {
        assert_eq!(per_number(storage), bits, "{storage:?}");
    }
}

#[test]
fn what_is_not_finite_is_an_error_and_floats_are_not_packed() {
    for storage in TYPES {
        let mut bytes = stored(storage, [1, 256]);
        let (_, size) = storage.block();
        let at = if storage == Storage::Q6_K { 208 } else { 0 };
        let scales = match storage {
            Storage::I8 => Some(vec![f32::NAN]),
            _ => {
                let last = bytes.len() - size + at;
                bytes[last..last + 2].copy_from_slice(&half::f16::NAN.to_le_bytes());
                None
            }
        };
        let mut packing = Packing::new(storage, [1, 256]).unwrap();
        packing.rows(0, &bytes);
        assert!(packing.finish(scales.as_deref()).is_err(), "{storage:?}");
    }
    for storage in [Storage::F32, Storage::F16, Storage::BF16] {
        assert!(Packing::new(storage, [32, 32]).is_none());
    }
    assert!(Packing::new(Storage::Q4_0, [32, 33]).is_none(), "no whole blocks");
}

#[cfg(feature = "cpu")]
mod products {
    use super::kernels::{one_row, product, transposed};
    use super::*;

    /// The largest that the specification of the products allows, against f64.
    const LIMIT: f64 = 1e-4;

    /// Sizes at every edge: strips, blocks, panels, register widths, tiles of rows.
    fn shapes(storage: Storage) -> Vec<[usize; 2]> {
        match storage {
            Storage::I8 => vec![[1, 1], [7, 5], [40, 33], [49, 300], [130, 576]],
            Storage::Q4_K | Storage::Q5_K | Storage::Q6_K => vec![[1, 256], [40, 512], [130, 768]],
            _ => vec![[1, 32], [40, 32], [33, 288], [130, 576]],
        }
    }

    #[test]
    fn one_row_and_many_follow_the_definition() {
        for storage in TYPES {
            for shape in shapes(storage) {
                let Case { packed, kept, .. } = case(storage, shape);
                let [outputs, columns] = shape;
                for rows in [1, 2, 3, 13, 25, 600] {
                    if rows == 600 && outputs > 40 {
                        continue;
                    }
                    let x = numbers(rows * columns);
                    let expected: Vec<f64> = (0..rows * outputs)
                        .map(|at| {
                            let (x, w) = (&x[at / outputs * columns..], &kept[at % outputs * columns..]);
                            x.iter().zip(&w[..columns]).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum()
                        })
                        .collect();
                    let off = distance(&product(&x, &packed), &expected);
                    assert!(off < LIMIT, "{storage:?} {shape:?}, {rows} rows: {off}");
                }
            }
        }
    }

    #[test]
    fn gradients_follow_the_definition() {
        for storage in TYPES {
            for shape in shapes(storage) {
                let Case { packed, kept, .. } = case(storage, shape);
                let [outputs, columns] = shape;
                for rows in [1, 14, 600] {
                    if rows == 600 && outputs > 40 {
                        continue;
                    }
                    let y = numbers(rows * outputs);
                    let expected: Vec<f64> = (0..rows * columns)
                        .map(|at| {
                            let y = &y[at / columns * outputs..][..outputs];
                            let w = kept.chunks(columns).map(|row| row[at % columns]);
                            y.iter().zip(w).map(|(y, w)| f64::from(*y) * f64::from(w)).sum()
                        })
                        .collect();
                    let off = distance(&transposed(&y, &packed), &expected);
                    assert!(off < LIMIT, "{storage:?} {shape:?}, {rows} rows: {off}");
                }
            }
        }
    }

    #[test]
    fn several_matrices_in_one_pass_are_what_each_of_them_is() {
        let x = numbers(288);
        let [a, b, c] = [(Storage::Q4_1, 33), (Storage::Q8_0, 130), (Storage::Q4_0, 1)]
            .map(|(storage, rows)| case(storage, [rows, 288]).packed);
        let apart = [&a, &b, &c].map(|weight| product(&x, weight)).concat();
        assert_eq!(one_row(&x, &[&a, &b, &c]), apart);
        assert!(one_row(&x, &[]).is_empty());
    }

    #[test]
    fn numbers_that_are_none_do_not_vanish() {
        for storage in [Storage::Q4_0, Storage::Q4_1, Storage::Q8_0] {
            let Case { packed, .. } = case(storage, [40, 64]);
            for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut x = numbers(64);
                x[40] = number;
                assert!(product(&x, &packed).iter().all(|product| !product.is_finite()), "{storage:?} {number}");
            }
            assert!(product(&[0.0; 64], &packed).iter().all(|&product| product == 0.0));
            // what is very small or very large among numbers is no reason to be none
            for size in [1e-42, 1e30] {
                let x: Vec<f32> = numbers(64).iter().map(|number| number * size).collect();
                assert!(product(&x, &packed).iter().all(|product| product.is_finite()), "{storage:?} {size}");
            }
        }
    }

    #[test]
    fn a_row_is_the_same_alone_and_again() {
        let Case { packed, .. } = case(Storage::Q4_1, [6000, 64]);
        let x = numbers(64);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(product(&x, &packed), pool.install(|| product(&x, &packed)));
        let x = numbers(64 * 40);
        assert_eq!(product(&x, &packed), pool.install(|| product(&x, &packed)));
        assert!(product(&[], &packed).is_empty());
    }
}

#[cfg(all(feature = "cpu", feature = "gpu"))]
mod on_a_gpu {
    use burn::Tensor;
    use burn::tensor::{Device, TensorData};
    use skeletonllm_checks::{Need, have};

    use super::kernels::{product, transposed};
    use super::*;
    use crate::device::{self, DeviceChoice};
    use crate::packed::ops::{self, Shared};
    use crate::tensors::host;

    fn tensor(values: &[f32], rows: usize, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows]), device)
    }

    #[test]
    fn products_and_gradients_are_those_of_the_twin() {
        let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
        let device = gpu.device.autodiff();
        for storage in [Storage::I8, Storage::Q4_0, Storage::Q4_1, Storage::Q8_0, Storage::Q5_1] {
            let shapes = if storage == Storage::I8 { [[40, 33], [130, 576]] } else { [[33, 288], [130, 576]] };
            for [outputs, columns] in shapes {
                let Case { packed, .. } = case(storage, [outputs, columns]);
                let shared = Shared::new(packed);
                for rows in [1, 3, 70] {
                    let (x, y) = (numbers(rows * columns), numbers(rows * outputs));
                    let input = tensor(&x, rows, &device).require_grad();
                    let output = ops::product(input.clone(), &shared);
                    let gradients = (output.clone() * tensor(&y, rows, &device)).sum().backward();
                    let gradient = host(input.grad(&gradients).expect("tracked"));
                    let exact = |numbers: Vec<f32>| -> Vec<f64> { numbers.into_iter().map(f64::from).collect() };
                    // the twin's one row by codes of four bits is of 16 bits
                    let rounded = if rows == 1 && shared.matrix.bits == Bits::Four { 3e-5 } else { 1e-5 };
                    for (found, twin, limit) in [
                        (host(output), product(&x, &shared.matrix), rounded),
                        (gradient, transposed(&y, &shared.matrix), 1e-5),
                    ] {
                        let off = distance(&found, &exact(twin));
                        assert!(off < limit, "{storage:?} {outputs}×{columns}, {rows} rows: {off}");
                    }
                }
            }
        }
    }
}
