//! Graph networks that recognise motions: one for each way of looking at a skeleton, their scores added up (spec B.6).
//!
//! A directory of such a model holds `config.json` and a file of weights for each stream: `joint.safetensors`,
//! `bone.safetensors`, `joint-motion.safetensors`, `bone-motion.safetensors`.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use burn::{
    Tensor,
    module::Module,
    tensor::{Device, TensorData},
};
use draction::motion::Motion;
use serde::{Deserialize, Serialize};
use skeletonllm_data::{
    Labels,
    ensemble::{Table, combine},
    streams::{Input, Poses, Stream, edges, streamed},
};
use skeletonllm_network::{
    checkpoint::{self, Precision},
    graph::{CtrGcn, GraphConfig},
    read_at::read_file,
    task::yield_now,
    tensors::host_async,
};

/// Sizes of a network with `outputs` outputs for the skeleton of this motion.
#[must_use]
pub fn graph_of(motion: &Motion, input: &Input, outputs: usize, width: usize) -> GraphConfig {
    let body = input.body(motion);
    GraphConfig { classes: outputs, joints: body.joints(), bodies: input.bodies, edges: edges(&body.skeleton), width }
}

/// What `config.json` of such a directory says `system` is.
pub const SYSTEM: &str = "mmcl";

/// One stream of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedStream {
    /// What its network looks at.
    pub stream: Stream,
    /// What its scores count.
    pub weight: f64,
}

impl WeightedStream {
    /// Its file in a model directory.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.safetensors", self.stream.name())
    }
}

/// What a model directory's `config.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GraphModelConfig {
    /// [`SYSTEM`].
    pub system: String,
    /// The labels in the order of the scores.
    pub labels: Vec<String>,
    /// The streams in the order of the networks.
    pub streams: Vec<WeightedStream>,
    /// How motions become input.
    pub input: Input,
    /// Sizes and skeleton of each network.
    pub network: GraphConfig,
}

impl GraphModelConfig {
    /// Reads `<folder>/config.json`.
    ///
    /// # Errors
    /// When it cannot be read, or says nothing that a model could be built from.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let text = read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// As [`GraphModelConfig::read`], from the text of a `config.json`.
    ///
    /// # Errors
    /// When it says nothing that a model could be built from.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let config: Self = serde_json::from_slice(text)?;
        config.validate()?;
        Ok(config)
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Naming the field.
    pub fn validate(&self) -> Result<()> {
        ensure!(self.system == SYSTEM, "`system` is '{}', not '{SYSTEM}'", self.system);
        ensure!(!self.streams.is_empty(), "`streams` is empty");
        self.network.validate()?;
        self.input.validate().map_err(anyhow::Error::msg)?;
        let (labels, classes) = (self.labels.len(), self.network.classes);
        ensure!(labels == classes, "`labels` has {labels} entries, but `network.classes` is {classes}");
        let (seen, bodies) = (self.input.bodies, self.network.bodies);
        ensure!(seen == bodies, "`input.bodies` is {seen}, but `network.bodies` is {bodies}");
        Ok(())
    }
}

/// The networks of a model, one for each stream.
#[derive(Module, Debug)]
pub struct GraphNetworks {
    /// In the order of the configuration's streams.
    pub streams: Vec<CtrGcn>,
}

impl GraphNetworks {
    /// Fresh networks, each with its own numbers.
    ///
    /// # Errors
    /// When the sizes make no network.
    pub fn fresh(config: &GraphModelConfig, seed: u64, device: &Device) -> Result<Self> {
        let network = |index: u64| Ok(CtrGcn::new(&config.network, device)?.fresh(seed.wrapping_add(index)));
        Ok(Self { streams: (0..config.streams.len() as u64).map(network).collect::<Result<_>>()? })
    }

    /// Reads the weights of every stream.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it.
    pub fn read(folder: &Path, config: &GraphModelConfig, device: &Device) -> Result<Self> {
        let network = |stream: &WeightedStream| {
            let path = folder.join(stream.file());
            let empty = CtrGcn::new(&config.network, device)?;
            Ok(checkpoint::apply(empty, checkpoint::read(&path)?, &path.display().to_string())?)
        };
        Ok(Self { streams: config.streams.iter().map(network).collect::<Result<_>>()? })
    }

    /// As [`GraphNetworks::read`], from the bytes of the streams' files in the order of the configuration.
    ///
    /// # Errors
    /// When there are more or fewer of them than streams, or one is wrong, naming it.
    pub fn parse(files: &[Vec<u8>], config: &GraphModelConfig, device: &Device) -> Result<Self> {
        let (given, wanted) = (files.len(), config.streams.len());
        ensure!(given == wanted, "{given} files of weights for {wanted} streams");
        let network = |(stream, bytes): (&WeightedStream, &Vec<u8>)| {
            let name = stream.stream.name();
            let empty = CtrGcn::new(&config.network, device)?;
            Ok(checkpoint::apply(empty, checkpoint::parse(bytes, name)?, name)?)
        };
        Ok(Self { streams: config.streams.iter().zip(files).map(network).collect::<Result<_>>()? })
    }

    /// Writes a model directory.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, config: &GraphModelConfig, precision: Precision) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for (network, stream) in self.streams.iter().zip(&config.streams) {
            let path = folder.join(stream.file());
            checkpoint::write(path, &checkpoint::tensors_of(network), precision)?;
        }
        let text = serde_json::to_vec_pretty(config)?;
        Ok(draction::store::write_atomically(&folder.join("config.json"), &text)?)
    }
}

/// So many frames of a take that is longer than any clip are looked at for one that the network sees.
const FRAMES_FOR_ONE: usize = 64;

/// Clips as a network gets them: `[N, 3, T, V, M]` from what [`Input::evaluated`] or [`Input::trained`] gave.
#[must_use]
pub fn batch(clips: &[Poses], stream: Stream, edges: &[[usize; 2]], device: &Device) -> Tensor<5> {
    let first = clips.first().expect("a batch holds at least one clip");
    let shape = [clips.len(), 3, first.frames(), first.joints, first.bodies];
    let numbers = clips.iter().flat_map(|clip| streamed(stream, clip.clone(), edges)).collect();
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

/// A graph model ready to be asked.
pub struct GraphRecogniser {
    networks: GraphNetworks,
    config: GraphModelConfig,
    labels: Labels,
    /// The place of each of `labels` among the scores.
    places: Vec<usize>,
    device: Device,
    device_name: String,
}

impl GraphRecogniser {
    /// Loads a model directory onto the chosen device.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(folder: &Path, choice: skeletonllm_network::device::DeviceChoice) -> Result<Self> {
        let skeletonllm_network::device::Selected { device, name } = skeletonllm_network::device::select(choice)?;
        let config = GraphModelConfig::read(folder)?;
        let networks = GraphNetworks::read(folder, &config, &device)?;
        Self::new(networks, config, device, name).with_context(|| folder.display().to_string())
    }

    /// A recogniser around networks without gradients.
    ///
    /// # Errors
    /// When two labels are the same.
    pub fn new(networks: GraphNetworks, config: GraphModelConfig, device: Device, device_name: String) -> Result<Self> {
        let labels = Labels::new(&config.labels);
        let mut places = vec![usize::MAX; labels.len()];
        for (place, label) in config.labels.iter().enumerate() {
            match labels.index(label) {
                Some(index) if places[index] == usize::MAX => places[index] = place,
                _ => bail!("label '{label}' is empty or stands twice"),
            }
        }
        Ok(Self { networks, config, labels, places, device, device_name })
    }

    /// What its configuration says.
    #[must_use]
    pub fn config(&self) -> &GraphModelConfig {
        &self.config
    }

    /// The labels that it was trained on.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.labels.names()
    }

    /// Where it computes.
    #[must_use]
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// The raw scores that each stream's network gives to some motions, over the configuration's labels. Streams that
    /// count nothing are not asked.
    ///
    /// # Errors
    /// When a motion has another skeleton than the networks, or the device gives nothing back.
    #[cfg(not(target_family = "wasm"))]
    pub fn tables(&self, motions: &[&Motion]) -> Result<Vec<Table>> {
        let bodies: Vec<Motion> = motions.iter().map(|motion| self.config.input.body(motion)).collect();
        pollster::block_on(self.tables_async(&bodies.iter().collect::<Vec<_>>()))
    }

    /// As [`GraphRecogniser::tables`], of motions on the joints that the networks look at ([`Input::body`]).
    async fn tables_async(&self, bodies: &[&Motion]) -> Result<Vec<Table>> {
        let GraphModelConfig { input, network, streams, .. } = &self.config;
        let mut clips = Vec::with_capacity(bodies.len());
        for body in bodies {
            let joints = body.joints();
            ensure!(
                joints == network.joints,
                "this body has {joints} joints, the network {}; a body without known arms and legs keeps its own",
                network.joints
            );
            clips.push(input.evaluated(&input.poses(&body.thinned(input.window * FRAMES_FOR_ONE))));
        }
        let classes = network.classes;
        let mut tables = Vec::with_capacity(streams.len());
        for (stream, network) in streams.iter().zip(&self.networks.streams) {
            yield_now().await;
            let scores = if clips.is_empty() || stream.weight == 0.0 {
                vec![0.0; clips.len() * classes]
            } else {
                let batch = batch(&clips, stream.stream, &self.config.network.edges, &self.device);
                host_async(network.forward_async(batch).await).await?
            };
            tables.push(Table { classes, scores });
        }
        Ok(tables)
    }

    /// The weighted sum of [`GraphRecogniser::tables`].
    ///
    /// # Errors
    /// As there.
    #[cfg(not(target_family = "wasm"))]
    pub fn look(&self, motions: &[&Motion]) -> Result<Table> {
        Ok(self.combined(&self.tables(motions)?))
    }

    /// As [`GraphRecogniser::look`], of one motion whose figure ([`draction::figure::of`]) is known.
    ///
    /// # Errors
    /// As there.
    pub async fn look_at_async(&self, motion: &Motion, figure: &Motion) -> Result<Table> {
        let body = self.config.input.body_of(motion, figure);
        Ok(self.combined(&self.tables_async(&[&body]).await?))
    }

    fn combined(&self, tables: &[Table]) -> Table {
        let weights: Vec<f64> = self.config.streams.iter().map(|stream| stream.weight).collect();
        combine(tables, &weights)
    }

    /// `[motions][candidates]` scores from what [`GraphRecogniser::look`] gave; −∞ for labels that it was not trained on.
    #[must_use]
    pub fn rank(&self, table: &Table, candidates: &[String]) -> Vec<Vec<f32>> {
        let places: Vec<Option<usize>> =
            candidates.iter().map(|label| Some(self.places[self.labels.index(label)?])).collect();
        let row = |row: &[f32]| places.iter().map(|place| place.map_or(f32::NEG_INFINITY, |at| row[at])).collect();
        table.scores.chunks_exact(table.classes).map(row).collect()
    }
}
