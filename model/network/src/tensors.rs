//! Lists of numbers to tensors and back.

use burn::Tensor;
use burn::module::{Param, ParamId};
use burn::tensor::{Device, Int, Shape, TensorData};

/// `shape` — a parameter that is not allocated until it is loaded, initialised or read (then: zeros).
///
/// Checkpoints of billions of parameters are loaded into such a skeleton without a first, useless fill.
pub fn parameter<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::uninitialized(
        ParamId::new(),
        move |device, require_grad| Tensor::zeros(shape, device).set_require_grad(require_grad),
        device.clone(),
        true,
        Shape::from(shape),
    )
}

/// Whether a device is burn's CPU backend, with or without gradients.
pub fn on_cpu(device: &Device) -> bool {
    match device.clone().without_autodiff().as_dispatch() {
        #[cfg(feature = "cpu")]
        burn::backend::DispatchDevice::Flex(_) => true,
        #[allow(unreachable_patterns, reason = "the only device of a build without a GPU")]
        _ => false,
    }
}

/// `[rows, width]` → the same, each row of length 1; rows of zeros stay.
#[must_use]
pub fn normalised(rows: Tensor<2>) -> Tensor<2> {
    let length = rows.clone().square().sum_dim(1).sqrt();
    rows / length.clamp_min(1e-12)
}

/// A list of row numbers on the device.
pub fn indices(values: Vec<i64>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// The device did not give back what it computed; mostly it was lost.
#[derive(Debug, thiserror::Error)]
#[error("cannot read results back from the device: {0}")]
pub struct ReadError(String);

/// Any shape → its numbers on the host, row-major. Waits for the device.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    // the only failure is a lost device, after which nothing the model says would mean anything
    tensor.try_into_vec_as::<f32>().expect("the device answers")
}

/// As [`host`], for a browser, where nobody may wait.
pub async fn host_async<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ReadError> {
    let data = tensor.into_data_async().await.map_err(|error| ReadError(error.to_string()))?;
    data.try_into_vec_as::<f32>().map_err(|error| ReadError(error.to_string()))
}
