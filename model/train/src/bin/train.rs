//! `train --data DIR… --out DIR`: teach a model to look at motions and answer.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use draction::cli::{finish, print};
use skeletonllm::{cli::stop_flag, folder::found};
use skeletonllm_data::{ProtocolOptions, SelectionOptions, streams::Stream};
use skeletonllm_network::{
    checkpoint::Bits,
    device::{self, DeviceChoice},
};
use skeletonllm_train::{
    Ranks, Recipe, RunOptions, System, TrainConfig,
    mmcl::{self, MmclConfig},
    run,
    s2i::{self, Lesson, S2iConfig},
    sugar::{self, SugarConfig, narrator::NarratorRecipe},
};

/// Train a model on folders of motions, each with a metadata.jsonl (file_name, label, split, …).
///
/// A run goes through stages, all that its settings list or the one that --stage names. LoRA adapters, where a stage has
/// them, are merged into the weights when it ends. With --base a model of any size stays as it is, in few bits, beneath
/// what learns: the renderer, the projector and adapters on the decoder. The run lives in its output folder: checkpoints,
/// loss.csv, loss.png, drawings of what the renderer has learned and, at the end, the model in f32 and in int8. Ctrl-C
/// saves and stops; --resume goes on as if nothing had happened.
#[derive(Parser)]
#[command(
    name = "train",
    version,
    after_help = "Stages:\n  \
        1  render warm-up      questions of all families teach the renderer what to draw\n  \
        2  Disc-FT             YES or NO: is it this action, or one of the five most like it?\n  \
        3  CR-Distill          a teacher's explanations, body part by body part\n  \
        4  recognition refine  questions of all families again, with the renderer frozen\n\n\
        Examples:\n  \
        train --data data/bandai-namco-2 data/mae-gestures data/utd-mhad --out runs/nano\n  \
        train --out runs/nano --resume\n  \
        train --from assets/nano --stage 4 --data my-takes --out runs/mine\n  \
        train --from runs/nano/model --stage 2 --similar similar.json --data my-takes --out runs/mine2\n  \
        train --base InternVL3-1B --base-bits 4 --data nturgb+d_skeletons --protocol zero-shot-55-5 --dry-run\n  \
        train --base InternVL3-1B --base-bits 4 --lora-rank 16 --data my-takes --out runs/large\n  \
        train --recipe small --data data/* --unseen unseen.txt --out runs/small\n  \
        ask --model runs/large/model take.bvh\n  \
        train --system mmcl --streams joint,bone --data data/utd-mhad --out runs/graph\n  \
        train --system mmcl --config assets/recipes/mmcl-paper.json --data nturgb+d_skeletons --out runs/paper\n  \
        train --system s2i --data data/utd-mhad data/kard --out runs/s2i\n  \
        train --system s2i --lesson pretrain --data data/cmu --out runs/seen\n  \
        train --system s2i --lesson fine-tune --from runs/seen/model --data data/utd-mhad --out runs/named\n  \
        mpirun -n 4 train --data data/utd-mhad --out runs/fast     # or srun; with a build of --features mpi\n  \
        train --system sugar --text models/minilm --data data/utd-mhad data/kard --unseen unseen.txt --out runs/sugar\n  \
        train --system sugar --base models/smollm2-135m --from runs/sugar/model --data data/kard --out runs/told\n  \
        train --print-config > my.json      # every setting with its default"
)]
struct Args {
    /// What learns: skeletonllm; mmcl (graph networks over joints, bones and how they move, one stage each); s2i (a ViT
    /// over motions as pictures, first without labels); or sugar (a graph network that is drawn to texts about the clips,
    /// so that any label can be asked for) [default: skeletonllm; with --resume the run's own]
    #[arg(long, value_name = "SYSTEM")]
    system: Option<System>,
    /// The streams that graph networks learn, joint, bone, joint-motion, bone-motion; all as long as the first.
    #[arg(long, value_name = "STREAM,…", value_delimiter = ',')]
    streams: Vec<Stream>,
    /// What S2I learns, instead of what its settings list: pretrain (what is hidden of a picture; no labels), fine-tune
    /// (labels, with the whole ViT) or probe (labels, by one layer). With --from on what an earlier run has seen.
    #[arg(long, value_name = "LESSON")]
    lesson: Option<Lesson>,
    /// The sentence encoder that SUGAR's texts are read by: a folder in the layout of MiniLM; `cargo xtask fetch minilm`
    /// brings one.
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Texts for SUGAR, instead of the built-in teacher's, a line each: {"label": …, "motion": …} about the six body parts,
    /// {"file_name": …, "visual": […]} about a clip, or what the program `rationales` wrote.
    #[arg(long, value_name = "FILE.jsonl")]
    texts: Option<PathBuf>,
    /// Folders to learn from; their `val` lines are only watched.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    ntu: ProtocolOptions,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Share of the training clips whose labels are known, above 0 and at most 1; of each label of a folder one is at least,
    /// and they are the same in every run. The others are learned from as far as a system needs no label.
    #[arg(long, value_name = "SHARE")]
    labelled: Option<f64>,
    /// Where the run lives.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Settings as JSON; see --print-config.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Settings that come with the programs, by the name of their file in assets/recipes: small puts renderer and tower of
    /// the shipped nano before SmolLM2-135M, which stays as it is beneath adapters (`cargo xtask fetch smollm2-135m` brings
    /// it); mmcl-paper is for --system mmcl, sugar-narrator-paper for --system sugar with --base.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["config", "resume"])]
    recipe: Option<String>,
    /// Start from this model: a directory of ours or of a public InternVL checkpoint, in either layout, with its tokenizer;
    /// a draction.safetensors in it is taken, too, and sizes in --config are ignored. Or a language model alone, a
    /// directory or a GGUF file, which becomes the decoder; --config then gives the sizes of the rest.
    #[arg(long, value_name = "DIR or FILE", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Train on top of this model, a directory in any layout, which stays as it is: DrAction and the projector learn, in
    /// stages 3 and 4 adapters on the decoder. A language model alone gets a tower before it, which is drawn afresh or comes
    /// from the model that `eyes` of the settings names. Without --config by the paper's settings (--base DIR --print-config). The
    /// run's models hold what was learned, as peft keeps it, and name this one; ask and evaluate read both. With --system
    /// sugar a language model alone, which learns by adapters to say what the encoder of --from has seen.
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    base: Option<PathBuf>,
    /// Bring the matrices of --base to so many bits while it is read: 8 or 4. Without, they stay as they are stored.
    #[arg(long, value_name = "BITS", requires = "base", value_parser = bits)]
    base_bits: Option<Bits>,
    /// Rank of the adapters of stages 3 and 4 [default: that of the settings; 32 with --base]
    #[arg(long, value_name = "RANK")]
    lora_rank: Option<usize>,
    /// Their scale, alpha [default: twice the rank]
    #[arg(long, value_name = "ALPHA")]
    lora_alpha: Option<f64>,
    /// Which projections of the decoder get adapters: q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj
    /// [default: all of them]
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    lora_targets: Vec<String>,
    /// Tell what a step of each stage takes, in memory and time, and stop: one clip is drawn and counted, and one product
    /// timed. With --base a run tells it anyway before it starts.
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Run only this stage: 1, 2, 3 or 4. One that the settings do not list runs for one epoch.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=4))]
    stage: Option<u8>,
    /// Similar labels for stage 2, as JSON {"label": ["most similar", …]}; see the program `similar`. Without it they
    /// are found by movement and written to <out>/similar.json.
    #[arg(long, value_name = "FILE")]
    similar: Option<PathBuf>,
    /// Ready explanations for stage 3, one {"file_name": …, "rationale": …} a line. Without it a built-in teacher
    /// watches the joints.
    #[arg(long, value_name = "FILE")]
    rationales: Option<PathBuf>,
    /// Prompts for stages 2 and 3 instead of our own; assets/prompts/prompts.txt shows the layout.
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Continue the run in --out.
    #[arg(long)]
    resume: bool,
    /// Print all settings with their defaults and stop.
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let ranks = match Ranks::join() {
        Ok(ranks) => ranks,
        Err(error) => return finish("train", Err(error)),
    };
    finish("train", teach(args, &ranks).map_err(|error| ranks.fail(error)))
}

/// Teaches the system that is asked for.
fn teach(args: Args, ranks: &Ranks) -> Result<()> {
    // a run that is resumed says itself what it is
    let begun = args.out.as_ref().filter(|_| args.resume).map(|out| System::of(&out.join("start")));
    let system = begun.or(args.system).unwrap_or(System::SkeletonLlm);
    match system {
        _ if system != System::Mmcl && !args.streams.is_empty() => {
            Err(anyhow::anyhow!("--streams is for --system mmcl"))
        }
        _ if system != System::S2i && args.lesson.is_some() => Err(anyhow::anyhow!("--lesson is for --system s2i")),
        _ if system != System::Sugar && (args.text.is_some() || args.texts.is_some()) => {
            Err(anyhow::anyhow!("--text and --texts are for --system sugar"))
        }
        System::Mmcl => start_mmcl(args, ranks),
        System::Sugar => start_sugar(args, ranks),
        System::S2i => start_s2i(args, ranks),
        System::SkeletonLlm => start_skeletonllm(args, ranks),
    }
}

fn start_s2i(args: Args, ranks: &Ranks) -> Result<()> {
    speaks_not(&args)?;
    let mut config: S2iConfig = settings(&args)?;
    if let Some(lesson) = args.lesson {
        config.only(lesson);
    }
    start(args, ranks, config, |_, _| {}, s2i::run)
}

fn start_mmcl(args: Args, ranks: &Ranks) -> Result<()> {
    speaks_not(&args)?;
    let mut config: MmclConfig = settings(&args)?;
    if !args.streams.is_empty() {
        config.only(&args.streams);
    }
    start(args, ranks, config, |_, _| {}, mmcl::run)
}

fn start_sugar(args: Args, ranks: &Ranks) -> Result<()> {
    let narrates = |out: &PathBuf| skeletonllm::sugar::narrates(&out.join("start"));
    if args.base.is_some() || args.resume && args.out.as_ref().is_some_and(narrates) {
        return start_narrator(args, ranks);
    }
    speaks_not(&args)?;
    let config: SugarConfig = settings(&args)?;
    let choose = |config: &mut SugarConfig, args: &mut Args| {
        config.text = args.text.take().or(config.text.take());
        config.texts = args.texts.take().or(config.texts.take());
    };
    start(args, ranks, config, choose, sugar::run)
}

fn start_narrator(args: Args, ranks: &Ranks) -> Result<()> {
    has_no_stages(&args)?;
    if args.text.is_some() || args.dry_run {
        bail!("--text and --dry-run are not for SUGAR's language model: its encoder comes from --from");
    }
    let config: NarratorRecipe = settings(&args)?;
    let choose = |config: &mut NarratorRecipe, args: &mut Args| {
        config.base = args.base.take().or(config.base.take());
        config.base_bits = args.base_bits.or(config.base_bits);
        config.adapt(args.lora_rank, args.lora_alpha);
        if !args.lora_targets.is_empty() {
            config.lora_targets = std::mem::take(&mut args.lora_targets);
        }
        config.texts = args.texts.take().or(config.texts.take());
    };
    start(args, ranks, config, choose, sugar::narrator::run)
}

fn start_skeletonllm(args: Args, ranks: &Ranks) -> Result<()> {
    if args.base.is_some() && args.from.is_some() {
        bail!("--base leaves a model as it is beneath what learns, --from goes on with one: name either");
    }
    let config = match (&args.config, &args.recipe, &args.base) {
        (None, None, Some(_)) => TrainConfig::on_a_base(),
        _ => settings(&args)?,
    };
    let choose = |config: &mut TrainConfig, args: &mut Args| {
        config.base = args.base.take().or(config.base.take());
        config.base_bits = args.base_bits.or(config.base_bits);
        config.adapt(args.lora_rank, args.lora_alpha);
        if !args.lora_targets.is_empty() {
            config.lora_targets = std::mem::take(&mut args.lora_targets);
        }
        config.similar = args.similar.take().or(config.similar.take());
        config.rationales = args.rationales.take().or(config.rationales.take());
        config.prompts = args.prompts.take().or(config.prompts.take());
        if let Some(number) = args.stage {
            config.only(number);
        }
    };
    start(args, ranks, config, choose, run)
}

/// What a system that says no words cannot be told.
fn speaks_not(args: &Args) -> Result<()> {
    has_no_stages(args)?;
    let adapts = args.lora_rank.is_some() || args.lora_alpha.is_some() || !args.lora_targets.is_empty();
    if args.base.is_some() || adapts || args.dry_run {
        bail!(
            "--base, --lora-rank, --lora-alpha, --lora-targets and --dry-run are for --system skeletonllm; all but the \
             last with --base for --system sugar, too"
        );
    }
    Ok(())
}

/// What a system without SkeletonLLM's stages cannot be told.
fn has_no_stages(args: &Args) -> Result<()> {
    if args.stage.is_some() || args.similar.is_some() || args.rationales.is_some() || args.prompts.is_some() {
        bail!("--stage, --similar, --rationales and --prompts are for --system skeletonllm");
    }
    Ok(())
}

/// 8 or 4.
fn bits(text: &str) -> Result<Bits, String> {
    text.parse::<u8>().map_err(|error| error.to_string()).and_then(Bits::try_from)
}

/// The settings that --config or --recipe names, or the defaults.
fn settings<R: Recipe + Default>(args: &Args) -> Result<R> {
    let shipped = |name: &String| {
        let path = Path::new("assets/recipes").join(name).with_extension("json");
        found(&path).with_context(|| format!("there is no recipe {name}: cannot find {}", path.display()))
    };
    let path = args.config.clone().map(Ok).or_else(|| args.recipe.as_ref().map(shipped)).transpose()?;
    path.as_deref().map_or_else(|| Ok(R::default()), R::read)
}

/// Prints the settings, or runs by them once `choose` has put the rest of the command line into them.
fn start<R: Recipe>(
    mut args: Args,
    ranks: &Ranks,
    mut config: R,
    choose: impl FnOnce(&mut R, &mut Args),
    run: impl FnOnce(RunOptions<'_, R>) -> Result<()>,
) -> Result<()> {
    if args.print_config {
        return Ok(print(format!("{}\n", serde_json::to_string_pretty(&config)?))?);
    }
    choose(&mut config, &mut args);
    let (ntu, selection) = config.data();
    *ntu = args.ntu.or(std::mem::take(ntu));
    let given = SelectionOptions { labelled: args.labelled, ..args.selection };
    *selection = given.or(std::mem::take(selection));
    let out = match args.dry_run {
        // what a run writes before its first step is of no use to anybody then
        true => std::env::temp_dir().join(format!("train-dry-run-{}", std::process::id())),
        false => args.out.context("where to? name a folder with --out")?,
    };
    if args.data.is_empty() && !args.resume {
        bail!("nothing to learn from: name folders with --data");
    }
    let selected = device::select_for(args.device, ranks.local())?;
    let stop = stop_flag("stopping after this step")?;
    // Slurm's signals, and what mpirun makes of Ctrl-C
    #[cfg(all(feature = "mpi", unix))]
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGUSR1] {
        signal_hook::flag::register(signal, stop.clone()).context("cannot listen to signals")?;
    }
    let options = RunOptions::new(args.data, out.clone(), config, selected, &stop);
    let (from, resume, dry_run, quiet) = (args.from, args.resume, args.dry_run, !ranks.is_first());
    let done = run(RunOptions { from, resume, ranks, quiet, dry_run, ..options });
    if dry_run && ranks.is_first() && out.exists() {
        std::fs::remove_dir_all(&out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    done
}
