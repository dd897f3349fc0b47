//! The matrix of a layer, as numbers that may learn or packed in few bits.

use std::sync::Arc;

use burn::Tensor;
use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param, ParamId,
};
use burn::tensor::{Device, Shape, TensorData};

use crate::layers::ops;
use crate::packed::Packed;
use crate::packed::ops::{self as products, Shared};
use crate::tensors::{indices, parameter};

/// A matrix `[outputs, inputs]`, or a table `[entries, width]`.
#[derive(Clone, Debug)]
pub enum Weight {
    /// Floats, which may learn.
    Float(Param<Tensor<2>>),
    /// As a file stores them, in eight or four bits. They do not learn; an adapter beside them does, and gradients reach
    /// what they are multiplied by.
    Packed(Frozen),
}

/// Packed numbers, and the device of what they are multiplied by.
#[derive(Clone, Debug)]
pub struct Frozen {
    shared: Arc<Shared>,
    device: Device,
}

impl Weight {
    /// Floats without values yet.
    #[must_use]
    pub fn new(shape: [usize; 2], device: &Device) -> Self {
        Weight::Float(parameter(shape, device))
    }

    /// Packed numbers for tensors of a device.
    #[must_use]
    pub fn packed(matrix: Packed, device: &Device) -> Self {
        Weight::Packed(Frozen { shared: Shared::new(matrix), device: device.clone() })
    }

    /// Whether it is packed.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self, Weight::Packed(_))
    }

    /// Outputs and inputs.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Weight::Float(param) => {
                let shape = param.lazy_shape();
                [shape[0], shape[1]]
            }
            Weight::Packed(frozen) => frozen.matrix().shape(),
        }
    }

    /// Where the tensors live that it is multiplied by.
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Weight::Float(param) => param.lazy_device(),
            Weight::Packed(frozen) => frozen.device.clone(),
        }
    }

    /// `[rows, inputs]`, `[outputs]` → `[rows, outputs]`: `x·Wᵀ + b`.
    #[must_use]
    pub fn product(&self, input: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        match self {
            Weight::Float(param) => ops::linear(input, param.val(), bias),
            Weight::Packed(frozen) => {
                let product = products::product(input, &frozen.shared);
                match bias {
                    Some(bias) => product + bias.unsqueeze(),
                    None => product,
                }
            }
        }
    }

    /// `[count]` of rows → `[count, inputs]`.
    #[must_use]
    pub fn rows(&self, rows: Vec<i64>) -> Tensor<2> {
        match self {
            Weight::Float(param) => param.val().select(0, indices(rows, &param.lazy_device().without_autodiff())),
            Weight::Packed(frozen) => {
                let matrix = frozen.matrix();
                let shape = [rows.len(), matrix.shape()[1]];
                let numbers = matrix.numbers(rows.into_iter().map(|row| row as usize));
                Tensor::from_data(TensorData::new(numbers, shape), &frozen.device)
            }
        }
    }

    /// `[outputs, inputs]` — its numbers; of packed ones a copy, made for this call.
    #[must_use]
    pub fn val(&self) -> Tensor<2> {
        match self {
            Weight::Float(param) => param.val(),
            Weight::Packed(frozen) => frozen.tensor(),
        }
    }

    /// Floats made of the numbers there are. They go on learning where they did; packed ones never do.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        Weight::Float(match self {
            Weight::Float(param) => param.map(|value| {
                let learns = value.is_require_grad();
                change(value.detach()).detach().set_require_grad(learns)
            }),
            Weight::Packed(frozen) => Param::from_tensor(change(frozen.tensor())).set_require_grad(false),
        })
    }
}

impl From<Param<Tensor<2>>> for Weight {
    fn from(param: Param<Tensor<2>>) -> Self {
        Weight::Float(param)
    }
}

impl Frozen {
    fn on(&self, device: Device) -> Weight {
        Weight::Packed(Frozen { device, ..self.clone() })
    }

    fn matrix(&self) -> &Packed {
        &self.shared.matrix
    }

    fn tensor(&self) -> Tensor<2> {
        let [rows, columns] = self.matrix().shape();
        Tensor::from_data(TensorData::new(self.matrix().numbers(0..rows), [rows, columns]), &self.device)
    }

    /// What visitors see: a parameter that does not learn, whose numbers are made if somebody asks for them.
    fn parameter(&self) -> Param<Tensor<2>> {
        let frozen = self.clone();
        let shape = Shape::from(self.matrix().shape());
        Param::uninitialized(ParamId::new(), move |_, _| frozen.tensor(), self.device.clone(), false, shape)
    }
}

impl Module for Weight {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Weight::Float(param) => param.visit(visitor),
            Weight::Packed(frozen) => frozen.parameter().visit(visitor),
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(Module::map(param, mapper)),
            packed => packed,
        }
    }

    fn collect_devices(&self, mut devices: Devices) -> Devices {
        match self {
            Weight::Float(param) => param.collect_devices(devices),
            Weight::Packed(frozen) => {
                if !devices.contains(&frozen.device) {
                    devices.push(frozen.device.clone());
                }
                devices
            }
        }
    }

    fn to_device(self, device: &Device) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.to_device(device)),
            Weight::Packed(frozen) => frozen.on(device.clone()),
        }
    }

    fn fork(self, device: &Device) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.fork(device)),
            packed => packed.to_device(device),
        }
    }

    fn valid(&self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.valid()),
            Weight::Packed(frozen) => frozen.on(frozen.device.clone().without_autodiff()),
        }
    }

    fn train(self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.train()),
            Weight::Packed(frozen) => frozen.on(frozen.device.clone().autodiff()),
        }
    }

    fn materialize(self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.materialize()),
            packed => packed,
        }
    }
}

impl ModuleDisplayDefault for Weight {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Weight::Float(param) => param.content(content),
            Weight::Packed(frozen) => content.add_formatted(&format!("{:?}", frozen.matrix())).optional(),
        }
    }
}

impl ModuleDisplay for Weight {}

#[cfg(test)]
mod tests;
