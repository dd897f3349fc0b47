//! The products on the CPU backend's tensors.

use std::sync::Arc;

use burn::backend::Flex;
use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::{PackedBackward, PackedOps, Shared};
use crate::layers::fused::flex::{Floats, tensor};
use crate::packed::kernels;

impl PackedOps for Flex {
    fn packed_product(input: FlexTensor, weight: Arc<Shared>) -> FlexTensor {
        let input = Floats::new(input);
        let shape = [input.shape()[0], weight.matrix.shape()[0]];
        tensor(kernels::product(input.slice(), &weight.matrix), Shape::from(shape))
    }
}

impl PackedBackward for Flex {
    fn packed_transposed(upstream: FlexTensor, weight: Arc<Shared>) -> FlexTensor {
        let upstream = Floats::new(upstream);
        let shape = [upstream.shape()[0], weight.matrix.shape()[1]];
        tensor(kernels::transposed(upstream.slice(), &weight.matrix), Shape::from(shape))
    }
}
