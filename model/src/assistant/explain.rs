//! Which joints an answer hangs on: the gradient of its log-probability, from the language model through vision tower
//! and shaders back to the skeleton.

use anyhow::{Context, Result, ensure};
use burn::tensor::{Tensor, TensorData};
use draction::{clip::Clip, figure::JointMap};
use serde::{Deserialize, Serialize};
use skeletonllm_network::{
    task::yield_now,
    tensors::host_async,
    token_reader::{IGNORED, TokenBatch},
};

use super::{Assistant, MAX_QUESTION};
use crate::{drawing::joint_tensor, folder::see, observation::Observation};

/// How much an answer's log-probability hangs on each joint of each frame, to first order.
///
/// Joints are those of the file; what is drawn ([`draction::figure::of`]) follows from them linearly.
///
/// The renderer reads two vectors of a joint in a frame: its position, and its displacement over the next 4/30 s, which
/// is measured between the drawn frames and so does not follow from the other positions. Both are metres and count as
/// independent. For a joint in a frame the number is the Euclidean norm of the log-probability's gradient with respect
/// to these six coordinates, `√(|∂/∂position|² + |∂/∂displacement|²)`, in nats per centimetre: no change of the six by
/// one centimetre in all changes the log-probability by more. It says how much, not which way.
///
/// Sums over frames or joints are taken in the same sense: [`Attribution::frames`] and [`Attribution::joints`] are the
/// norms of the larger parts of that one gradient, the root of the summed squares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// Natural logarithm of the probability of the whole answer and its end.
    pub log_probability: f32,
    /// Bodies drawn, `P`: slots of the file that hold nobody are left out.
    pub bodies: usize,
    /// `[T]` source frame of each drawn frame.
    pub frame_indices: Vec<usize>,
    /// `[T]` of all joints of a frame.
    pub frames: Vec<f32>,
    /// `[P, J]` of a joint in all frames.
    pub joints: Vec<f32>,
    /// `[T, P, J]`.
    pub joint_frames: Vec<f32>,
}

/// How an answer's log-probability hangs on the pictures themselves: what goes into the renderer's backward passes.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSlope {
    /// Natural logarithm of the probability of the whole answer and its end.
    pub log_probability: f32,
    /// Height and width of the pictures in pixels.
    pub size: [usize; 2],
    /// `[T]` source frame of each picture.
    pub frame_indices: Vec<usize>,
    /// `[T, H, W, 3]` its gradient, in nats a unit of brightness.
    pub gradient: Vec<f32>,
}

/// Log-probability of an answer, and its gradients in nats per metre.
pub(super) struct Slope {
    pub log_probability: f32,
    /// `[T, P, J, 3]`.
    pub positions: Vec<f32>,
    /// `[T, P, J, 3]`.
    pub velocities: Vec<f32>,
}

impl Assistant {
    /// Says on which joints `answer` hangs as the answer to `question` about the first motion of `observation`.
    ///
    /// # Errors
    /// When question or answer are too long or the device gives nothing back.
    pub async fn explain(&self, observation: &Observation, question: &str, answer: &str) -> Result<Attribution> {
        let slope = self.slope(observation, question, answer).await?;
        Ok(Attribution::new(&observation.clips[0], &observation.maps[0], &slope))
    }

    /// The gradient of the log-probability of `answer` to `question` with respect to the pictures of the first motion
    /// of `observation`.
    ///
    /// # Errors
    /// As [`Assistant::explain`].
    pub async fn picture_slope(&self, observation: &Observation, question: &str, answer: &str) -> Result<PictureSlope> {
        let frames = observation.frames.clone().narrow(0, 0, 1);
        let shape = frames.dims();
        let device = observation.drawing.device().autodiff();
        let frames = Tensor::<5>::from_data(TensorData::new(host_async(frames).await?, shape), &device).require_grad();
        let log_probability = self.log_probability_of(frames.clone(), question, answer).await?;
        let value = host_async(log_probability.clone()).await?;
        yield_now().await;
        let mut gradients = log_probability.backward();
        let gradient = frames.grad_remove(&mut gradients).context("the answer does not depend on the pictures")?;
        Ok(PictureSlope {
            log_probability: value[0],
            size: observation.size(),
            frame_indices: observation.clips[0].frame_indices.clone(),
            gradient: host_async(gradient).await?,
        })
    }

    pub(super) async fn slope(&self, observation: &Observation, question: &str, answer: &str) -> Result<Slope> {
        let clip = &observation.clips[0];
        // the joints alone are followed; the model's own tensors stay as they are, constants to the gradient
        let device = observation.drawing.device().autodiff();
        let positions = joint_tensor(&[clip], |clip| &clip.positions, &device).require_grad();
        let velocities = joint_tensor(&[clip], |clip| &clip.velocities, &device).require_grad();
        let joints = [positions.clone(), velocities.clone()];
        let log_probability = self.log_probability(observation, joints, question, answer).await?;
        let value = host_async(log_probability.clone()).await?;
        yield_now().await;
        let mut gradients = log_probability.backward();
        yield_now().await;
        let unfollowed = "the answer does not depend on the joints";
        let positions = positions.grad_remove(&mut gradients).context(unfollowed)?;
        let velocities = velocities.grad_remove(&mut gradients).context(unfollowed)?;
        Ok(Slope {
            log_probability: value[0],
            positions: host_async(positions).await?,
            velocities: host_async(velocities).await?,
        })
    }

    /// `[1]` the log-probability of `answer` and its end after `question` about the first clip of `observation` with
    /// other positions and velocities, `[1, T, P, J, 3]`.
    pub(super) async fn log_probability(
        &self,
        observation: &Observation,
        [positions, velocities]: [Tensor<5>; 2],
        question: &str,
        answer: &str,
    ) -> Result<Tensor<1>> {
        yield_now().await;
        let frames =
            observation.drawing.render_joints(&[&observation.clips[0]], positions, velocities, observation.size())?;
        self.log_probability_of(frames, question, answer).await
    }

    /// The same for given pictures `[1, T, H, W, 3]`.
    async fn log_probability_of(&self, frames: Tensor<5>, question: &str, answer: &str) -> Result<Tensor<1>> {
        for (what, text) in [("question", question), ("answer", answer)] {
            let tokens = self.chat.tokenizer().encode(text).len();
            ensure!(tokens <= MAX_QUESTION, "the {what} is longer than {MAX_QUESTION} tokens");
        }
        yield_now().await;
        let (visual, _) = self.model.together(see(&self.model.internvl, frames));
        yield_now().await;
        let exchange = self.chat.exchange(question, answer);
        let said = exchange.labels.iter().filter(|label| **label != IGNORED).count();
        let tokens = TokenBatch::new(vec![exchange.ids]);
        // the loss is the mean over what is said
        let loss = self.model.internvl.reader().loss(&tokens, &[exchange.labels], Some(visual))?;
        Ok(loss * -(said as f64))
    }
}

impl Attribution {
    fn new(clip: &Clip, maps: &[Option<JointMap>], slope: &Slope) -> Attribution {
        let [positions, velocities] = [&slope.positions, &slope.velocities].map(|g| at_own_joints(clip, maps, g));
        let per_frame = positions.len() / 3 / clip.frames().max(1);
        let square = |g: &[f32]| g.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
        let squares: Vec<f64> = (positions.chunks_exact(3).zip(velocities.chunks_exact(3)))
            .map(|(position, velocity)| square(position) + square(velocity))
            .collect();
        let per_centimetre = |square: f64| (square.sqrt() / 100.0) as f32;
        let joints = (0..per_frame).map(|j| squares.iter().skip(j).step_by(per_frame).sum());
        Attribution {
            log_probability: slope.log_probability,
            bodies: clip.bodies,
            frame_indices: clip.frame_indices.clone(),
            frames: squares.chunks_exact(per_frame).map(|frame| per_centimetre(frame.iter().sum())).collect(),
            joints: joints.map(per_centimetre).collect(),
            joint_frames: squares.iter().copied().map(per_centimetre).collect(),
        }
    }
}

/// From a gradient at the drawn joints, `[T, P, K, 3]`, that at the file's, `[T, P, J, 3]`.
fn at_own_joints(clip: &Clip, maps: &[Option<JointMap>], gradient: &[f32]) -> Vec<f32> {
    let Some(own) = maps.iter().flatten().map(JointMap::own_joints).next() else { return gradient.to_vec() };
    let bodies = gradient.chunks_exact(clip.joints() * 3).zip(maps.iter().cycle());
    bodies.flat_map(|(g, map)| map.as_ref().map_or_else(|| vec![0.0; own * 3], |map| map.pull_back(g))).collect()
}
