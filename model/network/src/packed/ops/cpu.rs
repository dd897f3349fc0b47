//! The products on the CPU backend's tensors.

use std::sync::Arc;

use burn::backend::Flex;
use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::{PackedBackward, PackedOneRow, PackedOps, Shared};
use crate::layers::fused::flex::{Floats, tensor};
use crate::packed::{Packed, kernels};

impl PackedOps for Flex {
    fn packed_product(input: FlexTensor, weight: Arc<Shared>) -> FlexTensor {
        let input = Floats::new(input);
        let shape = [input.shape()[0], weight.matrix.shape()[0]];
        tensor(kernels::product(input.slice(), &weight.matrix), Shape::from(shape))
    }
}

impl PackedOneRow for Flex {
    fn packed_one_row(input: FlexTensor, weights: Vec<Arc<Shared>>) -> FlexTensor {
        let input = Floats::new(input);
        let weights: Vec<&Packed> = weights.iter().map(|weight| &weight.matrix).collect();
        let products = kernels::one_row(input.slice(), &weights);
        let shape = [1, products.len()];
        tensor(products, Shape::from(shape))
    }
}

impl PackedBackward for Flex {
    fn packed_transposed(upstream: FlexTensor, weight: Arc<Shared>) -> FlexTensor {
        let upstream = Floats::new(upstream);
        let shape = [upstream.shape()[0], weight.matrix.shape()[1]];
        tensor(kernels::transposed(upstream.slice(), &weight.matrix), Shape::from(shape))
    }
}
