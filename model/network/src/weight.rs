//! The matrix of a layer: numbers that may learn, or numbers that stay as they are, packed in few bits or not, and beside
//! them what adapters have added since.

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
#[allow(clippy::large_enum_variant, reason = "a model has some hundred of them")]
pub enum Weight {
    /// Floats, which may learn.
    Float(Param<Tensor<2>>),
    /// Numbers that do not learn; an adapter beside them does, and gradients reach what they are multiplied by.
    Frozen(Frozen),
}

/// Numbers that stay, and the device of what they are multiplied by.
#[derive(Clone, Debug)]
pub struct Frozen {
    base: Base,
    update: Option<LowRank>,
    device: Device,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "as above")]
enum Base {
    /// As a file stores them, in eight or four bits.
    Packed(Arc<Shared>),
    /// `[outputs, inputs]`, without a tape.
    Floats(Tensor<2>),
}

/// `W += B·A`: what an adapter has learned, when it does not learn any more.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// `[rank, inputs]`, without a tape.
    pub a: Tensor<2>,
    /// `[outputs, rank]`, without a tape; the adapter's scale is in it.
    pub b: Tensor<2>,
}

impl LowRank {
    /// Both one after the other.
    #[must_use]
    pub fn joined(self, other: LowRank) -> LowRank {
        LowRank { a: Tensor::cat(vec![self.a, other.a], 0), b: Tensor::cat(vec![self.b, other.b], 1) }
    }

    fn to_device(&self, device: &Device) -> LowRank {
        LowRank { a: self.a.clone().to_device(device), b: self.b.clone().to_device(device) }
    }
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
        Weight::Frozen(Frozen { base: Base::Packed(Shared::new(matrix)), update: None, device: device.clone() })
    }

    /// The same numbers, which stay as they are from now on.
    #[must_use]
    pub fn frozen(self) -> Self {
        match self {
            Weight::Float(param) => {
                let device = param.lazy_device();
                Weight::Frozen(Frozen { base: Base::Floats(param.val().inner()), update: None, device })
            }
            frozen => frozen,
        }
    }

    /// The same with a low-rank matrix added to it. Frozen numbers stay, and keep it beside them.
    #[must_use]
    pub fn updated(self, update: LowRank) -> Self {
        match self {
            Weight::Float(_) => self.map(|weight| weight + update.b.matmul(update.a)),
            Weight::Frozen(mut frozen) => {
                frozen.update = Some(match frozen.update {
                    Some(before) => before.joined(update),
                    None => update,
                });
                Weight::Frozen(frozen)
            }
        }
    }

    /// What frozen numbers keep beside them.
    #[must_use]
    pub fn update(&self) -> Option<&LowRank> {
        match self {
            Weight::Float(_) => None,
            Weight::Frozen(frozen) => frozen.update.as_ref(),
        }
    }

    /// Whether it is packed.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self, Weight::Frozen(Frozen { base: Base::Packed(_), .. }))
    }

    /// Whether it stays as it is.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(self, Weight::Frozen(_))
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let [outputs, inputs] = self.shape();
        match self {
            Weight::Frozen(Frozen { base: Base::Packed(shared), .. }) => shared.matrix.bytes(),
            _ => outputs * inputs * 4,
        }
    }

    /// Outputs and inputs.
    #[must_use]
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Weight::Float(param) => {
                let shape = param.lazy_shape();
                [shape[0], shape[1]]
            }
            Weight::Frozen(frozen) => frozen.shape(),
        }
    }

    /// Where the tensors live that it is multiplied by.
    #[must_use]
    pub fn device(&self) -> Device {
        match self {
            Weight::Float(param) => param.lazy_device(),
            Weight::Frozen(frozen) => frozen.device.clone(),
        }
    }

    /// `[rows, inputs]`, `[outputs]` → `[rows, outputs]`: `x·Wᵀ + b`.
    #[must_use]
    pub fn product(&self, input: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        match self {
            Weight::Float(param) => ops::linear(input, param.val(), bias),
            Weight::Frozen(frozen) => frozen.product(input, bias),
        }
    }

    /// The packed matrix, where there is nothing beside it.
    #[cfg(feature = "cpu")]
    pub(crate) fn alone(&self) -> Option<&Packed> {
        match self {
            Weight::Frozen(Frozen { base: Base::Packed(shared), update: None, .. }) => Some(&shared.matrix),
            _ => None,
        }
    }

    /// `[count]` of rows → `[count, inputs]`.
    #[must_use]
    pub fn rows(&self, rows: Vec<i64>) -> Tensor<2> {
        match self {
            Weight::Float(param) => param.val().select(0, indices(rows, &param.lazy_device().without_autodiff())),
            Weight::Frozen(frozen) => frozen.rows(rows),
        }
    }

    /// `[outputs, inputs]` — its numbers; of packed ones a copy, made for this call.
    #[must_use]
    pub fn val(&self) -> Tensor<2> {
        match self {
            Weight::Float(param) => param.val(),
            Weight::Frozen(frozen) => frozen.tensor(),
        }
    }

    /// Floats made of the numbers there are. They go on learning where they did; frozen ones never do.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        Weight::Float(match self {
            Weight::Float(param) => param.map(|value| {
                let learns = value.is_require_grad();
                change(value.detach()).detach().set_require_grad(learns)
            }),
            Weight::Frozen(frozen) => Param::from_tensor(change(frozen.tensor())).set_require_grad(false),
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
        let plain = device.clone().without_autodiff();
        let base = match &self.base {
            Base::Packed(shared) => Base::Packed(shared.clone()),
            Base::Floats(numbers) => Base::Floats(numbers.clone().to_device(&plain)),
        };
        let update = self.update.as_ref().map(|update| update.to_device(&plain));
        Weight::Frozen(Frozen { base, update, device })
    }

    fn shape(&self) -> [usize; 2] {
        match &self.base {
            Base::Packed(shared) => shared.matrix.shape(),
            Base::Floats(numbers) => numbers.dims(),
        }
    }

    fn product(&self, input: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let added = self
            .update
            .as_ref()
            .map(|LowRank { a, b }| ops::linear(ops::linear(input.clone(), a.clone(), None), b.clone(), None));
        let product = match (&self.base, bias) {
            (Base::Floats(numbers), bias) => ops::linear(input, numbers.clone(), bias),
            (Base::Packed(shared), Some(bias)) => products::product(input, shared) + bias.unsqueeze(),
            (Base::Packed(shared), None) => products::product(input, shared),
        };
        match added {
            Some(added) => product + added,
            None => product,
        }
    }

    fn rows(&self, rows: Vec<i64>) -> Tensor<2> {
        let plain = self.device.clone().without_autodiff();
        let added = self
            .update
            .as_ref()
            .map(|LowRank { a, b }| b.clone().select(0, indices(rows.clone(), &plain)).matmul(a.clone()));
        let found = match &self.base {
            Base::Packed(shared) => {
                let shape = [rows.len(), shared.matrix.shape()[1]];
                let numbers = shared.matrix.numbers(rows.into_iter().map(|row| row as usize));
                Tensor::from_data(TensorData::new(numbers, shape), &self.device)
            }
            Base::Floats(numbers) => self.placed(numbers.clone().select(0, indices(rows, &plain))),
        };
        match added {
            Some(added) => found + added,
            None => found,
        }
    }

    fn tensor(&self) -> Tensor<2> {
        let [rows, columns] = self.shape();
        let base = match &self.base {
            Base::Packed(shared) => {
                let numbers = shared.matrix.numbers(0..rows);
                Tensor::from_data(TensorData::new(numbers, [rows, columns]), &self.device)
            }
            Base::Floats(numbers) => self.placed(numbers.clone()),
        };
        match &self.update {
            Some(LowRank { a, b }) => base + b.clone().matmul(a.clone()),
            None => base,
        }
    }

    /// With or without a tape, as the device of this weight is.
    fn placed(&self, tensor: Tensor<2>) -> Tensor<2> {
        if self.device.is_autodiff() { Tensor::from_inner(tensor) } else { tensor }
    }

    /// What visitors see: a parameter that does not learn, whose numbers are made if somebody asks for them.
    fn parameter(&self) -> Param<Tensor<2>> {
        let frozen = self.clone();
        let shape = Shape::from(self.shape());
        Param::uninitialized(ParamId::new(), move |_, _| frozen.tensor(), self.device.clone(), false, shape)
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Base::Packed(shared) => write!(f, "{:?}", shared.matrix),
            Base::Floats(numbers) => write!(f, "frozen {:?}", numbers.dims()),
        }
    }
}

impl Module for Weight {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        match self {
            Weight::Float(param) => param.visit(visitor),
            Weight::Frozen(frozen) => frozen.parameter().visit(visitor),
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(Module::map(param, mapper)),
            frozen => frozen,
        }
    }

    fn collect_devices(&self, mut devices: Devices) -> Devices {
        match self {
            Weight::Float(param) => param.collect_devices(devices),
            Weight::Frozen(frozen) => {
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
            Weight::Frozen(frozen) => frozen.on(device.clone()),
        }
    }

    fn fork(self, device: &Device) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.fork(device)),
            frozen => frozen.to_device(device),
        }
    }

    fn valid(&self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.valid()),
            Weight::Frozen(frozen) => frozen.on(frozen.device.clone().without_autodiff()),
        }
    }

    fn train(self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.train()),
            Weight::Frozen(frozen) => frozen.on(frozen.device.clone().autodiff()),
        }
    }

    fn materialize(self) -> Self {
        match self {
            Weight::Float(param) => Weight::Float(param.materialize()),
            frozen => frozen,
        }
    }
}

impl ModuleDisplayDefault for Weight {
    fn content(&self, content: Content) -> Option<Content> {
        match self {
            Weight::Float(param) => param.content(content),
            Weight::Frozen(frozen) => content.add_formatted(&frozen.base.to_string()).optional(),
        }
    }
}

impl ModuleDisplay for Weight {}

#[cfg(test)]
mod tests;
