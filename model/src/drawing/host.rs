//! The trained renderer in host memory: what a live picture is drawn with, before and beside the model.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use draction::{
    clip::Clip,
    draction::{DrAction, SparseRows, Template, TemplateError},
    motion::Skeleton,
};

use super::{DrawSettings, DrawingConfig, bank_skeleton, fresh_draction};

/// The trained renderer in host memory, without burn. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct HostDrawing(Arc<Bank>);

/// The body that the features belong to.
#[derive(Debug)]
struct Bank {
    draction: DrAction,
    skeleton: Skeleton,
    config: DrawingConfig,
}

impl HostDrawing {
    /// Takes a renderer that was made for NTU's 25 joints.
    ///
    /// # Errors
    /// When it was made for another number of joints.
    pub fn new(draction: DrAction, config: DrawingConfig) -> Result<HostDrawing> {
        let skeleton = bank_skeleton();
        let joints = draction.template.joints;
        if joints != skeleton.joints() {
            bail!("the renderer is for {joints} joints; a model keeps its renderer on NTU's {}", skeleton.joints());
        }
        Ok(HostDrawing(Arc::new(Bank { draction, skeleton, config })))
    }

    /// Reads it from the bytes of `draction.safetensors`; without them it is a fresh one.
    ///
    /// # Errors
    /// When they are no weights for NTU's joints.
    pub(crate) fn from_weights(draction: Option<&[u8]>, config: DrawingConfig) -> Result<HostDrawing> {
        let Some(bytes) = draction else { return HostDrawing::new(fresh_draction(config, 0)?, config) };
        let loaded = DrAction::load(bytes).context("draction.safetensors")?;
        HostDrawing::new(loaded.draction, config).context("draction.safetensors")
    }

    /// The same body with other trained numbers.
    pub(super) fn retrained(&self, draction: DrAction) -> HostDrawing {
        HostDrawing(Arc::new(Bank { draction, skeleton: self.0.skeleton.clone(), config: self.0.config }))
    }

    /// The renderer, on NTU's body.
    pub fn draction(&self) -> &DrAction {
        &self.0.draction
    }

    /// How clips are drawn, apart from what is trained.
    pub fn config(&self) -> DrawingConfig {
        self.0.config
    }

    /// The renderer as `settings` want it, on NTU's body; their camera is the clip's business.
    ///
    /// # Errors
    /// When their weights are for another number of joints, or their depth mix is no share.
    pub fn with(&self, settings: &DrawSettings) -> Result<HostDrawing> {
        if settings.as_trained() {
            return Ok(self.clone());
        }
        let mut draction = settings.weights.as_deref().unwrap_or(&self.0.draction).clone();
        if !settings.nfm {
            draction = draction.without_nfm();
        }
        if let Some(share) = settings.depth_mix {
            ensure!((0.0..=1.0).contains(&share), "a depth mix of {share} is no share between 0 and 1");
            draction = draction.with_depth_mix(share);
        }
        HostDrawing::new(draction, self.0.config)
    }

    /// The renderer on a clip's body, as `settings` want it: what [`draction::engine::Scene::new`] takes. An engine
    /// draws with it what a model sees of the clip.
    ///
    /// # Errors
    /// As [`HostDrawing::with`]; when the clip's skeleton gives no template.
    pub fn dressed(&self, settings: &DrawSettings, clip: &Clip) -> Result<DrAction> {
        let Bank { draction, skeleton, config } = &*self.with(settings)?.0;
        Ok(draction.on_body(skeleton, &clip.skeleton, clip.reference_pose(), &config.rule())?)
    }

    /// The Gaussians for a clip's body, and the matrix that takes the bank's features to them; `None` where they stay
    /// as they are.
    pub(super) fn fitted(&self, clip: &Clip) -> Result<(Template, Option<SparseRows>), TemplateError> {
        let Bank { draction, skeleton, config } = &*self.0;
        draction.fitted(skeleton, &clip.skeleton, clip.reference_pose(), &config.rule())
    }
}
