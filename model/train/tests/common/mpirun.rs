//! Runs of several processes under `mpirun`: equal to one process, killed, stopped, and resumed.
//!
//! `SKELETONLLM_MPIRUN` names the launcher of the library that this was built with, where `mpirun` is another one's
//! (`mpirun.mpich`); `SKELETONLLM_KILLS` says how many processes are killed at random moments.

#[path = "several.rs"]
mod several;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use several::{data, losses, same, tiny};
use skeletonllm_checks::{Need, have};
use skeletonllm_data::Rng;

/// Longer than anything here takes on a machine with something else to do.
const LONG: Duration = Duration::from_secs(120);

/// A folder with a data set and settings.
struct Place(tempfile::TempDir);

impl Place {
    fn new(epochs: u64) -> Place {
        let folder = tempfile::tempdir().unwrap();
        data(folder.path());
        fs::write(folder.path().join("config.json"), serde_json::to_vec(&tiny(epochs)).unwrap()).unwrap();
        Place(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// What `train` is told for a new run, or one that goes on.
    fn arguments(&self, out: &str, resume: bool) -> Vec<String> {
        let out = self.text(out);
        let told: Vec<String> = match resume {
            true => vec!["--resume".into()],
            false => ["--config", &self.text("config.json"), "--data", &self.text("set")].map(String::from).to_vec(),
        };
        [&["--device".into(), "cpu".into(), "--out".into(), out][..], &told].concat()
    }

    /// Starts so many processes, or one without `mpirun`.
    fn start(&self, size: usize, out: &str, resume: bool) -> Run {
        let arguments = self.arguments(out, resume);
        let train = env!("CARGO_BIN_EXE_train");
        Run::of(match size {
            0 => command(train, &arguments),
            _ => command(&mpirun(), &[&["-n".into(), size.to_string(), train.into()][..], &arguments].concat()),
        })
    }

    /// A run to its end.
    fn run(&self, size: usize, out: &str, resume: bool) {
        let output = self.start(size, out, resume).end();
        assert!(output.status.success(), "{}", told(&output));
    }

    /// A run without a launcher that is asked to stop after so many steps.
    fn run_for(&self, steps: usize, out: &str, resume: bool) {
        let run = self.start(0, out, resume);
        self.wait_for(out, steps);
        run.signal("USR1");
        assert!(run.end().status.success());
    }

    /// Comes back when a run has a checkpoint of so many steps.
    fn wait_for(&self, out: &str, steps: usize) {
        let there = || self.path(out).join("checkpoint/progress.json").exists();
        wait_until(|| self.losses_so_far(out) > steps && there());
    }

    fn losses_so_far(&self, out: &str) -> usize {
        fs::read_to_string(self.path(out).join("loss.csv")).map_or(0, |text| text.lines().count().saturating_sub(1))
    }
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LONG, "nothing happens");
        sleep(Duration::from_millis(5));
    }
}

fn command(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // more processes than cores, as root where the tests are, each on any core; mpirun waits twice for so many seconds
    // before it kills
    for (name, value) in [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
        ("OMPI_MCA_odls_base_sigkill_timeout", "5"),
    ] {
        command.env(name, value);
    }
    command
}

/// The launcher.
fn mpirun() -> String {
    std::env::var("SKELETONLLM_MPIRUN").unwrap_or_else(|_| "mpirun".into())
}

/// Kills a process of a run that works in a folder: all end, and the launcher says why.
fn kill_one(library: Library, run: Run, out: &Path, victim: usize) {
    kill("KILL", process(victim, out));
    let start = Instant::now();
    let output = run.end();
    // Hydra, MPICH's launcher, tells what it has to say of a process that died where others tell results
    let told = format!("{}{}", told(&output), String::from_utf8_lossy(&output.stdout));
    assert!(!output.status.success(), "{told}");
    assert!(start.elapsed() < Duration::from_secs(30), "nobody waits for the dead");
    let name = match library {
        Library::OpenMpi => format!("rank {victim}"),
        // it names one of those that it killed itself as often as the one that died
        Library::Mpich => "BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES".to_owned(),
    };
    assert!(told.contains(&name), "{told}");
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Something that was started and must not outlive its test.
struct Run(Option<Child>);

impl Run {
    fn of(mut command: Command) -> Run {
        Run(Some(command.spawn().expect("it can be started")))
    }

    fn id(&self) -> u32 {
        self.0.as_ref().expect("it has not ended").id()
    }

    fn signal(&self, signal: &str) {
        kill(signal, self.id());
    }

    /// Waits for its end, which must come.
    fn end(mut self) -> Output {
        wait_until(|| self.0.as_mut().unwrap().try_wait().unwrap().is_some());
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // with it go its processes
            kill("KILL", child.id());
            let _ = child.wait();
        }
    }
}

/// The process of this rank that works in a folder.
fn process(rank: usize, out: &Path) -> u32 {
    let variables = ["OMPI_COMM_WORLD_RANK", "PMI_RANK"].map(|name| format!("{name}={rank}"));
    let holds = |id: &str, file: &str, words: &[&[u8]]| {
        let text = fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
        text.split(|byte| *byte == 0).any(|entry| words.contains(&entry))
    };
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut found = all.filter_map(|id| {
        let is_it = holds(&id, "environ", &variables.each_ref().map(|v| v.as_bytes()))
            && holds(&id, "cmdline", &[out.as_os_str().as_encoded_bytes()]);
        id.parse().ok().filter(|_| is_it)
    });
    found.next().expect("it runs")
}

fn kill(signal: &str, id: u32) {
    assert!(Command::new("kill").arg(format!("-{signal}")).arg(id.to_string()).status().unwrap().success());
}

/// Libraries whose launchers these tests know.
#[derive(Clone, Copy, PartialEq)]
enum Library {
    OpenMpi,
    Mpich,
}

fn library() -> Option<Library> {
    let mpirun = mpirun();
    let found = match Command::new(&mpirun).arg("--version").output() {
        Ok(output) => match String::from_utf8_lossy(&output.stdout) {
            told if told.contains("Open MPI") => Ok(Library::OpenMpi),
            told if told.contains("HYDRA") => Ok(Library::Mpich),
            _ => Err(format!("{mpirun} is that of neither Open MPI nor MPICH")),
        },
        Err(error) => Err(format!("{mpirun}: {error}")),
    };
    have(Need::Mpi, found)
}

#[test]
fn two_and_three_processes_are_one_and_two_are_the_same_each_time() {
    let Some(_) = library() else { return };
    let place = Place::new(2);
    let outs = [(0, "one"), (1, "launched"), (2, "two"), (2, "again"), (3, "three")];
    outs.into_iter().for_each(|(size, out)| place.run(size, out, false));
    let [one, launched, two, again, three] = outs.map(|(_, out)| place.path(out));
    assert_eq!(losses(&one).len(), 6);
    same(&two, &one);
    same(&three, &one);
    let model = |out: &Path| fs::read(out.join("model/model.safetensors")).unwrap();
    assert_eq!(losses(&launched), losses(&one));
    assert!(model(&launched) == model(&one), "one process is what it was without a launcher");
    assert_eq!(losses(&two), losses(&again));
    assert!(model(&two) == model(&again), "the same bits each time");
}

#[test]
fn a_process_that_is_killed_ends_all_and_the_run_goes_on_with_another_number() {
    let Some(library) = library() else { return };
    let place = Place::new(20);
    place.run(0, "whole", false);
    for (victim, steps) in [(1, 3), (0, 12), (2, 21)] {
        let run = place.start(3, "cut", steps > 3);
        place.wait_for("cut", steps);
        kill_one(library, run, &place.path("cut"), victim);
    }
    place.run(2, "cut", true);
    same(&place.path("cut"), &place.path("whole"));
}

#[test]
fn processes_killed_at_random_moments_take_nothing_with_them_that_was_saved() {
    let Some(library) = library() else { return };
    let kills = std::env::var("SKELETONLLM_KILLS").map_or(4, |kills| kills.parse().expect("a number of kills"));
    // never seen to its end
    let place = Place::new(10_000);
    let [cut, whole] = ["cut", "whole"].map(|out| place.path(out));
    let mut random = Rng::new(7);
    let mut kept = 0;
    for number in 0..kills {
        let size = 2 + random.below(2);
        let run = place.start(size, "cut", number > 0);
        wait_until(|| saved(&cut) > kept);
        // somewhere in a step or a checkpoint
        sleep(Duration::from_secs_f32(random.range(0.0, 0.5)));
        kill_one(library, run, &cut, random.below(size));
        let saved = saved(&cut);
        assert!(saved > kept, "{saved} steps are saved after {kept} were");
        kept = saved;
    }
    place.run_for(kept + 3, "cut", true);
    place.run_for(losses(&cut).len(), "whole", false);
    same(&cut, &whole);
}

#[test]
fn signals_save_and_the_run_goes_on() {
    let Some(_) = library() else { return };
    // never seen to its end
    let place = Place::new(10_000);
    let [cut, whole] = ["cut", "whole"].map(|out| place.path(out));
    for (number, (size, signal)) in [(2, "USR1"), (2, "TERM"), (3, "USR1")].into_iter().enumerate() {
        let before = if number > 0 { losses(&cut).len() } else { 0 };
        let run = place.start(size, "cut", number > 0);
        place.wait_for("cut", before + 2);
        run.signal(signal);
        let told = told(&run.end());
        assert_eq!(told.matches("stopped and saved after").count(), 1, "{signal}: {told}");
        let [rows, saved] = [losses(&cut).len(), saved(&cut)];
        assert_eq!(rows, saved, "a row for each step that is in the checkpoint");
    }
    // a single process of such a build listens, too
    place.run_for(losses(&cut).len(), "whole", false);
    same(&cut, &whole);
}

/// Steps that a run's newest checkpoint has, wherever it is on its way to its name; none before there is one.
fn saved(out: &Path) -> usize {
    let steps = |name: &str| {
        let progress = fs::read(out.join(name).join("progress.json")).ok()?;
        let progress: serde_json::Value = serde_json::from_slice(&progress).ok()?;
        Some(progress["total"].as_u64()? as usize)
    };
    ["checkpoint", "checkpoint.new", "checkpoint.old"].into_iter().filter_map(steps).max().unwrap_or_default()
}

#[test]
fn a_process_that_fails_ends_all_and_says_who_it_was() {
    let Some(_) = library() else { return };
    let place = Place::new(2);
    let train = env!("CARGO_BIN_EXE_train").to_owned();
    let good = place.arguments("out", false);
    let wrong: Vec<String> = good.iter().map(|word| word.replace("/set", "/nowhere")).collect();
    let one = ["-n".to_owned(), "1".into(), train];
    let run = Run::of(command(&mpirun(), &[&one[..], &good, &[":".into()], &one, &wrong].concat()));
    let output = run.end();
    let told = told(&output);
    assert!(!output.status.success() && told.contains("rank 1 on ") && told.contains("nowhere"), "{told}");
    // what everybody finds wrong is told once
    place.run(0, "there", false);
    let output = place.start(3, "there", false).end();
    let told = self::told(&output);
    assert!(!output.status.success() && told.matches("--resume").count() == 1, "{told}");
}

/// Two hosts on one machine: namespaces with a network and a name of their own, and a cable between them.
struct Hosts {
    names: [String; 2],
    folder: tempfile::TempDir,
}

/// Where the second one is reached.
const SECOND: &str = "10.93.7.2";

impl Hosts {
    fn new() -> Result<Hosts, String> {
        let number = std::process::id();
        let names = ["a", "b"].map(|host| format!("skeletonllm-{host}-{number}"));
        let hosts = Hosts { names, folder: tempfile::tempdir().unwrap() };
        let [a, b] = &hosts.names;
        let [from, to] = ["a", "b"].map(|end| format!("v{end}{number}"));
        for words in [
            format!("netns add {a}"),
            format!("netns add {b}"),
            format!("link add {from} netns {a} type veth peer name {to} netns {b}"),
            format!("-n {a} addr add 10.93.7.1/24 dev {from}"),
            format!("-n {b} addr add {SECOND}/24 dev {to}"),
            format!("-n {a} link set lo up"),
            format!("-n {b} link set lo up"),
            format!("-n {a} link set {from} up"),
            format!("-n {b} link set {to} up"),
        ] {
            let output = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
            if !output.status.success() {
                return Err(format!("ip {words}: {}", told(&output)));
            }
        }
        // takes the place of ssh: the first word is the host
        let agent = format!("#!/bin/sh\nshift\nexec ip netns exec {b} unshare --uts sh -c \"hostname node-b; $*\"\n");
        fs::write(hosts.agent(), agent).unwrap();
        assert!(Command::new("chmod").arg("+x").arg(hosts.agent()).status().unwrap().success());
        Ok(hosts)
    }

    fn agent(&self) -> PathBuf {
        self.folder.path().join("agent.sh")
    }

    /// A process on each.
    fn start(&self, arguments: &[String]) -> Run {
        let agent = self.agent().display().to_string();
        let network = "10.93.7.0/24".to_owned();
        let mpirun = [
            "mpirun",
            "--mca",
            "plm_rsh_agent",
            &agent,
            "--mca",
            "btl",
            "tcp,self",
            "--mca",
            "btl_tcp_if_include",
            &network,
            "--mca",
            "oob_tcp_if_include",
            &network,
            "--host",
            &format!("node-a:1,{SECOND}:1"),
            "-n",
            "2",
            env!("CARGO_BIN_EXE_train"),
        ];
        let shell =
            ["netns", "exec", &self.names[0], "unshare", "--uts", "sh", "-c", "hostname node-a; exec \"$@\"", "sh"];
        let words = shell.into_iter().chain(mpirun).map(String::from).chain(arguments.iter().cloned());
        Run::of(command("ip", &words.collect::<Vec<_>>()))
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "del", name]).output();
        }
    }
}

#[test]
fn two_hosts_train_together() {
    let Some(library) = library() else { return };
    let words = "hosts are named as Open MPI's launcher wants it";
    let Some(()) = have(Need::Mpi, (library == Library::OpenMpi).then_some(()).ok_or(words)) else { return };
    let Some(hosts) = have(Need::Namespaces, Hosts::new()) else { return };
    let place = Place::new(12);
    place.run(0, "whole", false);
    let output = hosts.start(&place.arguments("both", false)).end();
    let said = told(&output);
    assert!(
        output.status.success() && said.contains("rank 0 on node-a: ") && said.contains("rank 1 on node-b: "),
        "{said}"
    );
    same(&place.path("both"), &place.path("whole"));
    let run = hosts.start(&place.arguments("cut", false));
    place.wait_for("cut", 5);
    kill_one(Library::OpenMpi, run, &place.path("cut"), 1);
    place.run(0, "cut", true);
    same(&place.path("cut"), &place.path("whole"));
}
