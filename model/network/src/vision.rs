//! The image encoder: InternViT (spec A.8).
//!
//! Frames come as the renderer leaves them, `[frames, height, width, 3]` in [0, 1]. The patch convolution has its stride
//! equal to its kernel, so it is one matrix product over unfolded patches; all blocks work on `[frames·tokens, width]`.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::tensor::Device;

use crate::config::{InternVlConfig, Normalise, VisionConfig};
use crate::layers::{Attention, AttentionMask, LayerNorm, Linear, Mlp, PatchProjection, ops, project};
use crate::recompute::recomputed;
use crate::tensors::{indices, parameter};
use crate::weight::Weight;

mod resize;

/// `vision_tower.*` of a checkpoint.
#[derive(Module, Debug)]
pub struct VisionTower {
    /// Patches, class token and positions.
    pub embeddings: VisionEmbeddings,
    /// The blocks.
    pub encoder: VisionEncoder,
    /// Final norm; absent in checkpoints with `use_mean_pooling`, where the last block's output is used as it is.
    pub layernorm: Option<LayerNorm>,
    recompute: bool,
}

impl VisionTower {
    /// A tower without values yet.
    #[must_use]
    pub fn new(config: &InternVlConfig, device: &Device) -> Self {
        let vision = &config.vision_config;
        let norm = || LayerNorm::new(vision.hidden_size, vision.layer_norm_eps, device);
        Self {
            embeddings: VisionEmbeddings::new(vision, config.skeleton().normalise, device),
            encoder: VisionEncoder {
                layer: (0..vision.num_hidden_layers).map(|_| VisionBlock::new(vision, device)).collect(),
            },
            layernorm: (!vision.use_mean_pooling).then(norm),
            recompute: false,
        }
    }

    /// Whether blocks keep nothing but their inputs for the way back, and run a second time then.
    pub(crate) fn set_recompute(&mut self, recompute: bool) {
        self.recompute = recompute;
    }

    /// `[frames, height, width, 3]` → `[frames, 1 + patches, hidden]`, class token first.
    ///
    /// # Panics
    /// When height or width is not a multiple of the patch size, or there are not 3 channels.
    #[must_use]
    pub fn forward(&self, frames: Tensor<4>) -> Tensor<3> {
        self.encode(self.embeddings.forward(frames), &AttentionMask::none())
    }

    /// The same for the patches that are `seen` of each frame, as places in its grid: `[seen patches of all frames,
    /// hidden]`, frame by frame in the order given. The others cost nothing.
    ///
    /// # Panics
    /// As [`VisionTower::forward`]; when a list names a patch that there is not.
    #[must_use]
    pub fn forward_seen(&self, frames: Tensor<4>, seen: &[Vec<usize>]) -> Tensor<2> {
        let longest = seen.iter().map(Vec::len).max().unwrap_or(0);
        let device = frames.device().without_autodiff();
        let hidden = self.embeddings.forward_seen(frames, seen, longest);
        let tokens = 1 + longest;
        let gaps = seen.iter().map(|patches| std::iter::once(1 + patches.len()..tokens).collect()).collect();
        let hidden = self.encode(hidden, &AttentionMask::without(gaps, tokens, &device));
        let [count, _, width] = hidden.dims();
        let real = (0..count).flat_map(|f| (0..seen[f].len()).map(move |i| (f * tokens + 1 + i) as i64));
        hidden.reshape([count * tokens, width]).select(0, indices(real.collect(), &device))
    }

    /// The matrices, and their layers' names.
    pub(crate) fn weights(&mut self) -> Vec<(String, &mut Weight)> {
        let mut weights = Vec::new();
        for (index, VisionBlock { attention, mlp, .. }) in self.encoder.layer.iter_mut().enumerate() {
            let layers = [
                ("attention.q_proj", &mut attention.q_proj),
                ("attention.k_proj", &mut attention.k_proj),
                ("attention.v_proj", &mut attention.v_proj),
                ("attention.projection_layer", &mut attention.projection_layer),
                ("mlp.fc1", &mut mlp.fc1),
                ("mlp.fc2", &mut mlp.fc2),
            ];
            weights.extend(layers.map(|(name, linear)| (format!("encoder.layer.{index}.{name}"), &mut linear.weight)));
        }
        weights
    }

    fn encode(&self, embedded: Tensor<3>, mask: &AttentionMask) -> Tensor<3> {
        let [count, tokens, width] = embedded.dims();
        let mut hidden = embedded.reshape([count * tokens, width]);
        let twice = self.recompute && hidden.device().is_autodiff();
        for block in &self.encoder.layer {
            hidden = if twice { block.run_twice(hidden, count, mask) } else { block.forward(hidden, count, mask) };
        }
        if let Some(norm) = &self.layernorm {
            hidden = norm.forward(hidden);
        }
        hidden.reshape([count, tokens, width])
    }
}

/// Patch embedding, class token and learned positions.
#[derive(Module, Debug)]
pub struct VisionEmbeddings {
    /// `[1, 1, hidden]`.
    pub cls_token: Param<Tensor<3>>,
    /// The patch convolution.
    pub patch_embeddings: PatchEmbeddings,
    /// `[1, 1 + patches, hidden]`; the class token's position first, then the grid row by row.
    pub position_embeddings: Param<Tensor<3>>,
    grid_rows: usize,
    grid_columns: usize,
    #[module(skip)]
    normalise: Normalise,
}

impl VisionEmbeddings {
    fn new(config: &VisionConfig, normalise: Normalise, device: &Device) -> Self {
        let [grid_rows, grid_columns] = config.grid();
        Self {
            cls_token: parameter([1, 1, config.hidden_size], device),
            patch_embeddings: PatchEmbeddings {
                projection: PatchProjection::new(config.hidden_size, config.num_channels, config.patch_size, device),
            },
            position_embeddings: parameter([1, 1 + grid_rows * grid_columns, config.hidden_size], device),
            grid_rows,
            grid_columns,
            normalise,
        }
    }

    fn forward(&self, frames: Tensor<4>) -> Tensor<3> {
        let (patches, grid) = embed_all(&self.patch_embeddings.projection, frames, self.normalise);
        let [count, _, width] = patches.dims();
        let class = self.cls_token.val().expand([count, 1, width]);
        Tensor::cat(vec![class, patches], 1) + self.positions(grid)
    }

    /// `[frames, 1 + longest, hidden]`: class token and seen patches, filled up with any patch.
    fn forward_seen(&self, frames: Tensor<4>, seen: &[Vec<usize>], longest: usize) -> Tensor<3> {
        let device = frames.device().without_autodiff();
        let projection = &self.patch_embeddings.projection;
        let (patches, grid) = cut(projection, frames);
        let count = seen.len();
        let a_frame = grid[0] * grid[1];
        let (mut rows, mut positions) = (Vec::new(), Vec::new());
        for (frame, patches) in seen.iter().enumerate() {
            for i in 0..longest {
                let patch = patches.get(i).map_or(0, |&patch| patch);
                rows.push((frame * a_frame + patch) as i64);
                positions.push(1 + patch as i64);
            }
        }
        let patches = embed(projection, patches.select(0, indices(rows, &device)), self.normalise);
        let [_, width] = patches.dims();
        let table = self.positions(grid).reshape([1 + a_frame, width]);
        let patches = patches + table.clone().select(0, indices(positions, &device));
        let class = self.cls_token.val().reshape([1, width]) + table.narrow(0, 0, 1);
        let class = class.reshape([1, 1, width]).expand([count, 1, width]);
        Tensor::cat(vec![class, patches.reshape([count, longest, width])], 1)
    }

    /// `[1, 1 + rows·columns, hidden]` — the table, resized bicubically where the frame's grid is another one.
    fn positions(&self, [rows, columns]: [usize; 2]) -> Tensor<3> {
        let table = self.position_embeddings.val();
        if [rows, columns] == [self.grid_rows, self.grid_columns] {
            return table;
        }
        let [_, tokens, width] = table.dims();
        let class = table.clone().slice([0..1, 0..1, 0..width]);
        let patches = table.slice([0..1, 1..tokens, 0..width]).reshape([tokens - 1, width]);
        // a matrix rather than a picture operation, so that gradients pass and every backend has it
        let matrix = resize::bicubic([self.grid_rows, self.grid_columns], [rows, columns]);
        let matrix = Tensor::<2>::from_data(matrix, &patches.device());
        let resized = matrix.matmul(patches).reshape([1, rows * columns, width]);
        Tensor::cat(vec![class, resized], 1)
    }
}

/// Wrapper that gives the convolution its name in the files.
#[derive(Module, Debug)]
pub struct PatchEmbeddings {
    /// The convolution.
    pub projection: PatchProjection,
}

/// `[frames, height, width, 3]` → `[frames, rows·columns, hidden]` and the grid `[rows, columns]`.
fn embed_all(projection: &PatchProjection, frames: Tensor<4>, normalise: Normalise) -> (Tensor<3>, [usize; 2]) {
    let [count, ..] = frames.dims();
    let (patches, [rows, columns]) = cut(projection, frames);
    let embedded = embed(projection, patches, normalise);
    let [_, hidden] = embedded.dims();
    (embedded.reshape([count, rows * columns, hidden]), [rows, columns])
}

/// `[frames, height, width, 3]` → `[frames·rows·columns, numbers of a patch]` and the grid `[rows, columns]`.
fn cut(projection: &PatchProjection, frames: Tensor<4>) -> (Tensor<2>, [usize; 2]) {
    let [count, height, width, channels] = frames.dims();
    let [_, inputs, patch_height, patch_width] = projection.weight.val().dims();
    assert_eq!(channels, inputs, "frames must be [frames, height, width, {inputs}]");
    assert!(
        height.is_multiple_of(patch_height) && width.is_multiple_of(patch_width),
        "a frame of {height}×{width} cannot be cut into patches of {patch_height}×{patch_width}"
    );
    let [rows, columns] = [height / patch_height, width / patch_width];
    // one row of a patch is contiguous in the frame, so only whole rows of patch_width·3 numbers move
    let patches = frames
        .reshape([count * rows, patch_height, columns, patch_width * channels])
        .swap_dims(1, 2)
        .reshape([count * rows * columns, patch_height * patch_width * channels]);
    (patches, [rows, columns])
}

/// `[patches, numbers of a patch]` → `[patches, hidden]`.
fn embed(projection: &PatchProjection, patches: Tensor<2>, normalise: Normalise) -> Tensor<2> {
    let (weight, bias) = normalised(projection.weight.val(), projection.bias.val(), normalise);
    project(patches, weight, bias)
}

/// Folds `(pixel − mean)/deviation` into the convolution, which is cheaper than touching every pixel.
fn normalised(weight: Tensor<4>, bias: Tensor<1>, normalise: Normalise) -> (Tensor<4>, Tensor<1>) {
    let Some((mean, deviation)) = normalise.statistics() else {
        return (weight, bias);
    };
    let device = weight.device();
    let scale = Tensor::<1>::from_floats(deviation.map(f32::recip), &device).reshape([1, 3, 1, 1]);
    let mean = Tensor::<1>::from_floats(mean, &device).reshape([1, 3, 1, 1]);
    let hidden = weight.dims()[0];
    let weight = weight * scale;
    let shift = (weight.clone() * mean).reshape([hidden as i32, -1]).sum_dim(1).reshape([hidden]);
    (weight, bias - shift)
}

/// The stack of blocks.
#[derive(Module, Debug)]
pub struct VisionEncoder {
    /// Blocks in order.
    pub layer: Vec<VisionBlock>,
}

/// One pre-norm block with layer scale: `h += λ₁⊙attn(LN₁(h)); h += λ₂⊙mlp(LN₂(h))`.
#[derive(Module, Debug)]
pub struct VisionBlock {
    /// Self-attention over the tokens of one frame.
    pub attention: VisionAttention,
    /// Norm before the attention.
    pub layernorm_before: LayerNorm,
    /// Norm before the inner layer.
    pub layernorm_after: LayerNorm,
    /// `[hidden]` — layer scale of the attention.
    pub lambda_1: Param<Tensor<1>>,
    /// `[hidden]` — layer scale of the inner layer.
    pub lambda_2: Param<Tensor<1>>,
    /// The inner layer.
    pub mlp: Mlp,
}

impl VisionBlock {
    fn new(config: &VisionConfig, device: &Device) -> Self {
        let width = config.hidden_size;
        let norm = || LayerNorm::new(width, config.layer_norm_eps, device);
        let projection = |bias| Linear::new(width, width, bias, device);
        Self {
            attention: VisionAttention {
                q_proj: projection(config.attention_bias),
                k_proj: projection(config.attention_bias),
                v_proj: projection(config.attention_bias),
                projection_layer: projection(true),
                heads: config.num_attention_heads,
            },
            layernorm_before: norm(),
            layernorm_after: norm(),
            lambda_1: parameter([width], device),
            lambda_2: parameter([width], device),
            mlp: Mlp::new(width, config.intermediate_size, device),
        }
    }

    fn run_twice(&self, hidden: Tensor<2>, frames: usize, mask: &AttentionMask) -> Tensor<2> {
        let ([rows, width], mask) = (hidden.dims(), mask.clone());
        let run = move |block: &VisionBlock, hidden: Tensor<1>| {
            block.forward(hidden.reshape([rows, width]), frames, &mask).reshape([rows * width])
        };
        recomputed(self, hidden.reshape([rows * width]), None, run).reshape([rows, width])
    }

    fn forward(&self, hidden: Tensor<2>, frames: usize, mask: &AttentionMask) -> Tensor<2> {
        let attended = self.attention.forward(self.layernorm_before.forward(hidden.clone()), frames, mask);
        let hidden = ops::scaled_add(hidden, attended, self.lambda_1.val());
        let inner = self.mlp.forward(self.layernorm_after.forward(hidden.clone()));
        ops::scaled_add(hidden, inner, self.lambda_2.val())
    }
}

/// Multi-head self-attention within each frame.
#[derive(Module, Debug)]
pub struct VisionAttention {
    /// Queries.
    pub q_proj: Linear,
    /// Keys.
    pub k_proj: Linear,
    /// Values.
    pub v_proj: Linear,
    /// Output.
    pub projection_layer: Linear,
    heads: usize,
}

impl VisionAttention {
    fn forward(&self, hidden: Tensor<2>, frames: usize, mask: &AttentionMask) -> Tensor<2> {
        let [rows, width] = hidden.dims();
        let split = |projected: Tensor<2>| projected.reshape([frames, rows / frames, self.heads, width / self.heads]);
        let attention = Attention {
            query: split(self.q_proj.forward(hidden.clone())),
            key: split(self.k_proj.forward(hidden.clone())),
            value: split(self.v_proj.forward(hidden)),
        };
        self.projection_layer.forward(attention.run(mask))
    }
}

/// `[frames, rows·columns, hidden]` → `[frames·rows/m·columns/m, m²·hidden]`, m being `merge`: every block of m×m
/// neighbouring patches becomes one token, `Y[i][j] = concat(X[2i][2j], X[2i][2j+1], X[2i+1][2j], X[2i+1][2j+1])`
/// (pixel shuffle v2, spec A.8).
#[must_use]
pub fn pixel_shuffle(patches: Tensor<3>, [rows, columns]: [usize; 2], merge: usize) -> Tensor<2> {
    let [frames, _, hidden] = patches.dims();
    patches
        .reshape([frames * rows / merge, merge, columns / merge, merge * hidden])
        .swap_dims(1, 2)
        .reshape([frames * (rows / merge) * (columns / merge), merge * merge * hidden])
}

#[cfg(test)]
mod tests;
