//! DrAction as a module of the model: its trained numbers as burn parameters, and clips of any skeletons drawn as one
//! batch.

mod bank;

use std::{collections::BTreeMap, sync::Arc};

pub use bank::{bank_skeleton, fresh_drawing};

use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use draction::{
    clip::Clip,
    draction::{
        Address, DrAction, HEAD_LEN, LinePoints, NFM_LEN, Parameters, Scales, Template, TemplateError, TemplateRule,
        addresses, body_transfer,
    },
    motion::{Part, Skeleton},
    passes::Dims,
};

use crate::draction_op::{Scene, render};

/// How clips are drawn, apart from what is trained.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DrawingConfig {
    /// Gaussians along each bone of a clip's skeleton.
    pub points_per_bone: usize,
    /// Standard deviation of a Gaussian in metres.
    pub scale: f64,
}

impl Default for DrawingConfig {
    fn default() -> Self {
        DrawingConfig { points_per_bone: 6, scale: 0.03 }
    }
}

/// The trained renderer. Features are kept for one bank of Gaussians on a known body; a clip with another skeleton
/// borrows from the same places of the body (`draction::draction::body_transfer`).
#[derive(Module, Debug)]
pub struct Drawing {
    /// `[K, 3]` features of the bank.
    pub canonical_features: Param<Tensor<2>>,
    /// `[HEAD_LEN]` the appearance head.
    pub appearance_head: Param<Tensor<1>>,
    /// `[NFM_LEN]` the NFM; zeros where it is off.
    pub nfm: Param<Tensor<1>>,
    /// `[1]` the logit of the share of depth colour.
    pub depth_mix_logit: Param<Tensor<1>>,
    #[module(skip)]
    bank: Arc<Bank>,
}

/// The body that the features belong to.
#[derive(Debug)]
struct Bank {
    draction: DrAction,
    bones: Vec<[usize; 2]>,
    addresses: Vec<Address>,
    nfm: bool,
    config: DrawingConfig,
}

impl Drawing {
    /// Takes the numbers of `draction`, which was made for `skeleton`.
    ///
    /// # Panics
    /// When `draction` was made for another number of joints.
    pub fn new(draction: DrAction, skeleton: &Skeleton, config: DrawingConfig, device: &Device) -> Drawing {
        let parameters = &draction.parameters;
        let vector = |values: Vec<f32>| {
            let len = values.len();
            Param::from_tensor(Tensor::<1>::from_data(TensorData::new(values, [len]), device))
        };
        let gaussians = draction.template.gaussians;
        let features = TensorData::new(parameters.features.clone(), [gaussians, 3]);
        Drawing {
            canonical_features: Param::from_tensor(Tensor::from_data(features, device)),
            appearance_head: vector(parameters.head.clone()),
            nfm: vector(parameters.nfm.clone().unwrap_or_else(|| vec![0.0; NFM_LEN])),
            depth_mix_logit: vector(vec![parameters.depth_mix_logit]),
            bank: Arc::new(Bank {
                bones: skeleton.bones.clone(),
                addresses: addresses(skeleton, &draction.template),
                nfm: draction.nfm(),
                config,
                draction,
            }),
        }
    }

    /// The renderer with its present numbers, ready to be saved or run without burn.
    pub fn to_draction(&self) -> DrAction {
        let host = |t: Tensor<1>| t.into_data().try_into_vec::<f32>().expect("parameters are f32");
        let [gaussians, width] = self.canonical_features.val().dims();
        let head = host(self.appearance_head.val());
        assert_eq!(head.len(), HEAD_LEN);
        DrAction {
            parameters: Parameters {
                features: host(self.canonical_features.val().reshape([gaussians * width])),
                head,
                nfm: self.bank.nfm.then(|| host(self.nfm.val())),
                depth_mix_logit: host(self.depth_mix_logit.val())[0],
            },
            ..self.bank.draction.clone()
        }
    }

    /// Draws clips: `[B, T, H, W, 3]` in `[0, 1]`, in the order given. All clips have the same number of frames;
    /// skeletons and numbers of bodies may differ.
    ///
    /// # Errors
    /// [`TemplateError`] when a clip's skeleton gives no template.
    pub fn render(&self, clips: &[Clip], [height, width]: [usize; 2]) -> Result<Tensor<5>, TemplateError> {
        /// Bones, body parts and number of bodies: what clips drawn together have in common.
        type Kind = (Vec<[usize; 2]>, Vec<u8>, usize);
        let mut groups: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
        for (i, clip) in clips.iter().enumerate() {
            let parts = clip.skeleton.parts.iter().map(|&p| part_code(p)).collect();
            groups.entry((clip.skeleton.bones.clone(), parts, clip.bodies)).or_default().push(i);
        }
        let mut order = Vec::with_capacity(clips.len());
        let mut drawn = Vec::with_capacity(groups.len());
        for members in groups.into_values() {
            let group: Vec<&Clip> = members.iter().map(|&i| &clips[i]).collect();
            drawn.push(self.render_alike(&group, height, width)?);
            order.extend(members);
        }
        if drawn.len() == 1 {
            return Ok(drawn.remove(0));
        }
        let mut position = vec![0i64; clips.len()];
        for (at, &clip) in order.iter().enumerate() {
            position[clip] = at as i64;
        }
        let drawn = Tensor::cat(drawn, 0);
        let index = Tensor::<1, Int>::from_data(TensorData::new(position, [clips.len()]), &drawn.device());
        Ok(drawn.select(0, index))
    }

    /// Clips of one skeleton and one number of bodies.
    fn render_alike(&self, clips: &[&Clip], height: usize, width: usize) -> Result<Tensor<5>, TemplateError> {
        let first = clips[0];
        let joints = first.skeleton.parts.len();
        let bank = &*self.bank;
        let device = self.canonical_features.val().device();
        let (template, features) = if first.skeleton.bones == bank.bones {
            (bank.draction.template.clone(), self.canonical_features.val())
        } else {
            let rule = TemplateRule {
                points: LinePoints::Fixed(bank.config.points_per_bone),
                scales: Scales::Constant(bank.config.scale),
            };
            // with translation alone the picture does not depend on the pose that the template stands in
            let template = Template::build(&first.skeleton.bones, &first.positions[..joints * 3], &rule)?;
            let rows = body_transfer(&bank.addresses, &addresses(&first.skeleton, &template));
            let matrix = TensorData::new(rows.dense(), [template.gaussians, bank.addresses.len()]);
            let matrix = Tensor::<2>::from_data(matrix, &device);
            (template, matrix.matmul(self.canonical_features.val()))
        };
        let weights = Tensor::cat(vec![self.appearance_head.val(), self.nfm.val(), self.depth_mix_logit.val()], 0);
        let frames = first.frame_indices.len();
        let dims = Dims {
            clips: clips.len(),
            frames,
            bodies: first.bodies,
            joints,
            gaussians: template.gaussians,
            width,
            height,
            nfm: bank.nfm,
            oriented: false,
        };
        let tensor = |values: Vec<f32>| {
            let shape = [clips.len(), frames, first.bodies, joints, 3];
            Tensor::<5>::from_data(TensorData::new(values, shape), &device)
        };
        let scene = Scene {
            dims,
            template: Arc::new(template),
            cameras: clips.iter().map(|c| c.camera).collect(),
            orientations: None,
        };
        Ok(render(
            features,
            weights,
            tensor(clips.iter().flat_map(|c| c.positions.iter().copied()).collect()),
            tensor(clips.iter().flat_map(|c| c.velocities.iter().copied()).collect()),
            Arc::new(scene),
        ))
    }
}

fn part_code(part: Part) -> u8 {
    Part::ALL.iter().position(|&p| p == part).unwrap_or(0) as u8
}
