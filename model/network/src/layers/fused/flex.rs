//! The kernels on the CPU backend's tensors.

use std::sync::Arc;

use burn::backend::Flex;
use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;

use super::{FusedBackward, FusedOps, Table, Visibility, attention, norm, pointwise, rotate};

/// Contiguous f32 memory of a tensor, copied only where it is a view.
pub(crate) struct Floats(FlexTensor);

impl Floats {
    pub(crate) fn new(tensor: FlexTensor) -> Self {
        let dense = tensor.layout().contiguous_offsets().is_some();
        Self(if dense { tensor } else { tensor.to_contiguous() })
    }

    pub(crate) fn slice(&self) -> &[f32] {
        self.0.as_slice().expect("contiguous f32, as `applies` and `new` saw to")
    }

    pub(crate) fn shape(&self) -> Shape {
        self.0.layout().shape().clone()
    }

    pub(crate) fn rank4(&self) -> [usize; 4] {
        self.shape().as_slice().try_into().expect("a tensor of rank 4")
    }
}

pub(crate) fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

impl FusedOps for Flex {
    fn fused_layer_norm(input: FlexTensor, weight: FlexTensor, bias: FlexTensor, eps: f64) -> FlexTensor {
        let [input, weight, bias] = [input, weight, bias].map(Floats::new);
        let output = norm::layer_norm(input.slice(), weight.slice(), bias.slice(), eps as f32);
        tensor(output, input.shape())
    }

    fn fused_rms_norm(input: FlexTensor, weight: FlexTensor, eps: f64) -> FlexTensor {
        let [input, weight] = [input, weight].map(Floats::new);
        tensor(norm::rms_norm(input.slice(), weight.slice(), eps as f32), input.shape())
    }

    fn fused_gelu(input: FlexTensor) -> FlexTensor {
        let input = Floats::new(input);
        tensor(pointwise::gelu(input.slice()), input.shape())
    }

    fn fused_swiglu(gate: FlexTensor, up: FlexTensor) -> FlexTensor {
        let [gate, up] = [gate, up].map(Floats::new);
        tensor(pointwise::swiglu(gate.slice(), up.slice()), gate.shape())
    }

    fn fused_scaled_add(residual: FlexTensor, input: FlexTensor, scale: FlexTensor) -> FlexTensor {
        let [residual, input, scale] = [residual, input, scale].map(Floats::new);
        tensor(pointwise::scaled_add(residual.slice(), input.slice(), scale.slice()), input.shape())
    }

    fn fused_rotate(heads: FlexTensor, table: Arc<Table>) -> FlexTensor {
        let heads = Floats::new(heads);
        tensor(rotate::rotate(heads.slice(), heads.rank4(), &table, 1.0), heads.shape())
    }

    fn fused_attention(query: FlexTensor, key: FlexTensor, value: FlexTensor, visible: Visibility) -> FlexTensor {
        let [query, key, value] = [query, key, value].map(Floats::new);
        let sizes = attention::Sizes::new(query.rank4(), key.rank4());
        let output = attention::forward(query.slice(), key.slice(), value.slice(), sizes, &visible);
        tensor(output, query.shape())
    }
}

impl FusedBackward for Flex {
    fn fused_layer_norm_backward(inputs: [FlexTensor; 3], upstream: FlexTensor, eps: f64) -> [FlexTensor; 3] {
        let [input, weight, bias] = inputs.map(Floats::new);
        let upstream = Floats::new(upstream);
        let [d_input, d_weight, d_bias] =
            norm::layer_norm_backward(input.slice(), weight.slice(), upstream.slice(), eps as f32);
        [tensor(d_input, input.shape()), tensor(d_weight, weight.shape()), tensor(d_bias, bias.shape())]
    }

    fn fused_rms_norm_backward(inputs: [FlexTensor; 2], upstream: FlexTensor, eps: f64) -> [FlexTensor; 2] {
        let [input, weight] = inputs.map(Floats::new);
        let upstream = Floats::new(upstream);
        let [d_input, d_weight] = norm::rms_norm_backward(input.slice(), weight.slice(), upstream.slice(), eps as f32);
        [tensor(d_input, input.shape()), tensor(d_weight, weight.shape())]
    }

    fn fused_gelu_backward(inputs: [FlexTensor; 1], upstream: FlexTensor) -> [FlexTensor; 1] {
        let [input] = inputs.map(Floats::new);
        let upstream = Floats::new(upstream);
        [tensor(pointwise::gelu_backward(input.slice(), upstream.slice()), input.shape())]
    }

    fn fused_swiglu_backward(inputs: [FlexTensor; 2], upstream: FlexTensor) -> [FlexTensor; 2] {
        let [gate, up] = inputs.map(Floats::new);
        let upstream = Floats::new(upstream);
        pointwise::swiglu_backward(gate.slice(), up.slice(), upstream.slice()).map(|d| tensor(d, gate.shape()))
    }

    fn fused_scaled_add_backward(inputs: [FlexTensor; 3], upstream: FlexTensor) -> [FlexTensor; 3] {
        let [_, input, scale] = inputs.map(Floats::new);
        let dense = Floats::new(upstream.clone());
        let [d_input, d_scale] = pointwise::scaled_add_backward(input.slice(), scale.slice(), dense.slice());
        [upstream, tensor(d_input, input.shape()), tensor(d_scale, scale.shape())]
    }

    fn fused_rotate_backward(_: [FlexTensor; 1], upstream: FlexTensor, table: Arc<Table>) -> [FlexTensor; 1] {
        // a rotation's gradient is the rotation back
        let upstream = Floats::new(upstream);
        [tensor(rotate::rotate(upstream.slice(), upstream.rank4(), &table, -1.0), upstream.shape())]
    }

    fn fused_attention_backward(inputs: [FlexTensor; 3], upstream: FlexTensor, visible: Visibility) -> [FlexTensor; 3] {
        let [query, key, value] = inputs.map(Floats::new);
        let upstream = Floats::new(upstream);
        let sizes = attention::Sizes::new(query.rank4(), key.rank4());
        let inputs = [query.slice(), key.slice(), value.slice()];
        let [d_query, d_key, d_value] = attention::backward(inputs, upstream.slice(), sizes, &visible);
        [tensor(d_query, query.shape()), tensor(d_key, key.shape()), tensor(d_value, value.shape())]
    }
}
