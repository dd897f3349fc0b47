//! Packed weights in layers: values, gradients and what modules see of them.

use burn::tensor::Distribution;

use super::*;
use crate::checkpoint::tensors_of;
use crate::layers::{Embedding, Linear, Lora, LoraConfig};
use crate::packed::Packing;
use crate::storage::Storage;
use crate::tensors::host;

fn matrix([rows, columns]: [usize; 2]) -> Packed {
    let numbers: Vec<f32> = (0..rows * columns).map(|i| ((i * i) as f32 * 0.013).sin()).collect();
    let mut bytes = Vec::new();
    numbers.chunks(columns).for_each(|row| Storage::Q4_1.quantise(row, &mut bytes));
    let mut packing = Packing::new(Storage::Q4_1, [rows, columns]).expect("packed");
    packing.rows(0, &bytes);
    packing.finish(None).expect("finite")
}

/// A layer with a packed matrix, and one with the same numbers as floats.
fn layers(shape: [usize; 2], device: &Device) -> (Linear, Linear) {
    let layer = |weight: Weight| {
        let mut layer = Linear::new(shape[1], shape[0], true, device);
        layer.bias = Some(Param::from_tensor(Tensor::ones([shape[0]], device) * 0.5));
        layer.weight = weight;
        layer
    };
    let packed = Weight::packed(matrix(shape), device);
    let dense = Tensor::from_data(packed.val().into_data(), device);
    (layer(packed), layer(Param::from_tensor(dense).into()))
}

fn near(found: Tensor<2>, expected: Tensor<2>) {
    within(1e-5, found, expected);
}

fn within(limit: f32, found: Tensor<2>, expected: Tensor<2>) {
    let (found, expected) = (host(found), host(expected));
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert!(largest > 0.0);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < limit * largest, "{found} against {expected}");
    }
}

#[test]
fn a_packed_layer_answers_and_learns_as_one_of_floats() {
    let device = Device::flex().autodiff();
    let (packed, dense) = layers([48, 64], &device);
    for rows in [1, 9] {
        let x = Tensor::<2>::random([rows, 64], Distribution::Uniform(-1.0, 1.0), &device).require_grad();
        // one row is multiplied by codes of four bits as whole numbers of 16 bits
        within(if rows == 1 { 3e-5 } else { 1e-5 }, packed.forward(x.clone()), dense.forward(x.clone()));
        let weights = Tensor::<2>::random([rows, 48], Distribution::Uniform(-1.0, 1.0), &device);
        let gradients = |layer: &Linear| (layer.forward(x.clone()) * weights.clone()).sum().backward();
        let (of_packed, of_dense) = (gradients(&packed), gradients(&dense));
        let of_input = |gradients| x.grad(gradients).expect("tracked");
        near(of_input(&of_packed), of_input(&of_dense));
        let of_bias = |layer: &Linear, gradients| layer.bias.as_ref().unwrap().val().grad(gradients).unwrap();
        near(of_bias(&packed, &of_packed).unsqueeze(), of_bias(&dense, &of_dense).unsqueeze());
    }
}

#[test]
fn gradients_are_slopes() {
    let device = Device::flex().autodiff();
    let (packed, _) = layers([48, 64], &device);
    let start: Vec<f32> = (0..128).map(|i| (i as f32 * 0.3).cos()).collect();
    let loss = |x: Vec<f32>| {
        let x = Tensor::<2>::from_data(TensorData::new(x, [2, 64]), &device).require_grad();
        let y = packed.forward(x.clone());
        (x, (y.clone() * y).sum() * 0.01)
    };
    let (x, at) = loss(start.clone());
    let gradient = host(x.grad(&at.backward()).expect("tracked"));
    for place in [0, 31, 32, 63, 64, 127] {
        let step = 1e-2;
        let moved = |by: f32| {
            let mut x = start.clone();
            x[place] += by;
            f64::from(host(loss(x).1)[0])
        };
        let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
        assert!(
            (slope - f64::from(gradient[place])).abs() < 2e-3 * slope.abs().max(0.1),
            "{slope} {}",
            gradient[place]
        );
    }
}

#[test]
fn an_adapter_learns_beside_packed_numbers() {
    let device = Device::flex().autodiff();
    let (mut packed, _) = layers([48, 64], &device);
    let mut lora = Lora::new(64, 48, &LoraConfig { rank: 2, dropout: 0.0, ..LoraConfig::default() }, &device);
    lora.a = Param::from_tensor(Tensor::random([2, 64], Distribution::Uniform(-1.0, 1.0), &device));
    lora.b = Param::from_tensor(Tensor::random([48, 2], Distribution::Uniform(-1.0, 1.0), &device));
    packed.lora = Some(lora);
    let x = Tensor::<2>::ones([3, 64], &device);
    let gradients = packed.forward(x).sum().backward();
    let lora = packed.lora.as_ref().unwrap();
    assert!(host(lora.a.val().grad(&gradients).expect("learns")).iter().any(|g| *g != 0.0));
    assert!(host(lora.b.val().grad(&gradients).expect("learns")).iter().any(|g| *g != 0.0));
}

#[test]
fn modules_see_packed_numbers_and_leave_them() {
    let device = Device::flex();
    let (packed, dense) = layers([48, 64], &device);
    assert_eq!(Module::num_params(&packed), Module::num_params(&dense));
    assert_eq!(tensors_of(&packed), tensors_of(&dense));
    assert_eq!((packed.inputs(), packed.outputs()), (64, 48));
    let trained = packed.clone().train().valid().to_device(&device);
    assert!(trained.weight.is_packed());
    assert!(format!("{packed}").contains("48×64"), "{packed}");
    let doubled = packed.weight.clone().map(|weight| weight * 2.0);
    assert!(!doubled.is_packed());
    near(doubled.val(), packed.weight.val() * 2.0);
}

#[test]
fn rows_of_a_packed_table_are_looked_up() {
    let device = Device::flex();
    let mut table = Embedding::new(48, 64, &device);
    table.weight = Weight::packed(matrix([48, 64]), &device);
    let all = host(table.weight.val());
    let found = host(table.forward(vec![47, 0, 16]));
    let expected: Vec<f32> = [47, 0, 16].into_iter().flat_map(|row| all[row * 64..][..64].to_vec()).collect();
    assert_eq!(found, expected);
    // beside what learns they are as any other tensor
    let device = device.autodiff();
    let x = Tensor::<2>::ones([1, 64], &device).require_grad();
    let joined = Tensor::cat(vec![table.train().forward(vec![3]), x.clone()], 0);
    let gradient = host(x.grad(&(joined.clone() * joined).sum().backward()).expect("tracked"));
    assert_eq!(gradient, [2.0; 64]);
}
