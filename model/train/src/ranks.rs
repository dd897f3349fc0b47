//! The processes of a run: one, or several that `mpirun` or `srun` started, each with a device of its own.
//!
//! Everybody holds the whole model and the order of all clips. Of each step's batch a process prepares and computes its
//! share ([`crate::division`]), gradients are summed over all ([`crate::all_reduce`]), and everybody takes the same step.
//! So checkpoints know nothing of how many there are, and only the first process writes them.

#[cfg(feature = "mpi")]
mod mpi;

use std::{
    fmt::Display,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use draction::cli::warn;
use skeletonllm::launched::launched;

/// How long other processes are silent about an error: when all have the same one, the first tells it for all.
const AFTER_THE_FIRST: Duration = Duration::from_secs(1);

/// What carries numbers between the processes of a run, who call the same functions in the same order.
pub trait Transport: Send + Sync {
    /// This process's number, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn size(&self) -> usize;

    /// The machine that this one runs on.
    fn host(&self) -> String;

    /// Everybody's bytes, in the order of ranks; lengths may differ.
    ///
    /// # Errors
    /// When others cannot be reached.
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>>;

    /// The sums over everybody of lists of these lengths, each taken in the order of ranks. `read` is asked for this
    /// process's numbers list by list; with what it gave first others may be busy meanwhile.
    ///
    /// # Errors
    /// When others cannot be reached.
    fn sums(&self, lengths: &[usize], read: &mut dyn FnMut(usize) -> Vec<f32>) -> Result<Vec<Vec<f32>>> {
        (0..lengths.len())
            .map(|list| {
                let own = read(list).into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
                let all = self.gather(&own)?;
                let lists = all.iter().map(|bytes| floats(bytes));
                Ok(lists.reduce(|sum, next| sum.iter().zip(next).map(|(a, b)| a + b).collect()).unwrap_or_default())
            })
            .collect()
    }

    /// Ends everybody.
    fn abort(&self) -> !;
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

/// The processes of a run, seen from one of them.
pub struct Ranks {
    transport: Option<Box<dyn Transport>>,
    /// The machine that each runs on.
    hosts: Vec<String>,
    cost: Cost,
}

/// What it costs to be several.
#[derive(Default)]
struct Cost {
    /// Microseconds until everybody's news were there, which is mostly until everybody was ready.
    waiting: AtomicU64,
    /// Microseconds that sums took after that.
    summing: AtomicU64,
    /// Numbers that were summed.
    numbers: AtomicU64,
}

static ALONE: Ranks = Ranks::new();

impl Ranks {
    const fn new() -> Ranks {
        let cost = Cost { waiting: AtomicU64::new(0), summing: AtomicU64::new(0), numbers: AtomicU64::new(0) };
        Ranks { transport: None, hosts: Vec::new(), cost }
    }

    /// This process alone.
    #[must_use]
    pub fn alone() -> &'static Ranks {
        &ALONE
    }

    /// The processes that a launcher started together with this one; to be called once, by the thread that goes on with
    /// it.
    ///
    /// # Errors
    /// When there are several, and this build has no MPI, or another one than the launcher.
    pub fn join() -> Result<Ranks> {
        let Some(launched) = launched()? else { return Ok(Ranks::new()) };
        #[cfg(feature = "mpi")]
        return Ranks::of(Box::new(mpi::Mpi::start(launched)?));
        #[cfg(not(feature = "mpi"))]
        bail!(
            "this is process {} of {}, but the program was built without MPI, and they would overwrite each other: \
             build it with `--features mpi`",
            launched.rank,
            launched.size
        )
    }

    /// The processes that a transport reaches.
    ///
    /// # Errors
    /// When they cannot be reached.
    pub fn of(transport: Box<dyn Transport>) -> Result<Ranks> {
        let hosts = transport.gather(transport.host().as_bytes())?;
        let hosts = hosts.iter().map(|host| String::from_utf8_lossy(host).into_owned()).collect();
        Ok(Ranks { transport: Some(transport), hosts, cost: Cost::default() })
    }

    /// This process's number, from 0.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.transport.as_ref().map_or(0, |transport| transport.rank())
    }

    /// How many processes there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.transport.as_ref().map_or(1, |transport| transport.size())
    }

    /// This process's number among those on its machine, from 0.
    #[must_use]
    pub fn local(&self) -> usize {
        let own = self.hosts.get(self.rank());
        self.hosts.iter().take(self.rank()).filter(|host| Some(*host) == own).count()
    }

    /// Whether this is the one that writes and tells.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// What the line of a log begins with where there are several processes.
    #[must_use]
    pub fn name(&self) -> String {
        self.hosts.get(self.rank()).map_or_else(String::new, |host| format!("rank {} on {host}: ", self.rank()))
    }

    /// Tells something that holds for all, once.
    pub fn tell(&self, line: impl Display) {
        if self.is_first() {
            self.write(line);
        }
    }

    /// Tells something of this process, where there are several.
    pub fn tell_of_each(&self, line: impl Display) {
        if self.size() > 1 {
            self.write(line);
        }
    }

    /// A line in one go, for others write, too.
    fn write(&self, line: impl Display) {
        warn(format_args!("{}{line}", self.name()));
    }

    /// Everybody's numbers, in the order of ranks.
    ///
    /// # Errors
    /// When others cannot be reached.
    pub fn gather(&self, own: &[u64]) -> Result<Vec<Vec<u64>>> {
        let Some(transport) = &self.transport else { return Ok(vec![own.to_vec()]) };
        let start = Instant::now();
        let bytes: Vec<u8> = own.iter().flat_map(|number| number.to_le_bytes()).collect();
        let numbers = |bytes: &Vec<u8>| bytes.as_chunks().0.iter().map(|eight| u64::from_le_bytes(*eight)).collect();
        let all = transport.gather(&bytes)?.iter().map(numbers).collect();
        self.cost.waiting.fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        Ok(all)
    }

    /// See [`Transport::sums`].
    ///
    /// # Errors
    /// When others cannot be reached.
    pub fn sums(&self, lengths: &[usize], read: &mut dyn FnMut(usize) -> Vec<f32>) -> Result<Vec<Vec<f32>>> {
        let Some(transport) = &self.transport else { return Ok((0..lengths.len()).map(read).collect()) };
        let start = Instant::now();
        let sums = transport.sums(lengths, read)?;
        self.cost.summing.fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        self.cost.numbers.fetch_add(lengths.iter().sum::<usize>() as u64, Ordering::Relaxed);
        Ok(sums)
    }

    /// Tells what it cost to be several, a step, after so many steps that took so long.
    pub fn tell_cost(&self, steps: u64, time: Duration) {
        if self.size() > 1 && steps > 0 {
            let a_step = |total: &AtomicU64, unit: f64| total.load(Ordering::Relaxed) as f64 / unit / steps as f64;
            let Cost { waiting, summing, numbers } = &self.cost;
            self.tell(format_args!(
                "a step took {:.1} ms: {:.2} MB of gradients were summed in {:.1} ms, and {:.1} ms were spent waiting \
                 for other processes",
                time.as_secs_f64() * 1e3 / steps as f64,
                a_step(numbers, 2.5e5),
                a_step(summing, 1e3),
                a_step(waiting, 1e3)
            ));
        }
    }

    /// Comes back when everybody has come here.
    ///
    /// # Errors
    /// When others cannot be reached.
    pub fn wait(&self) -> Result<()> {
        self.gather(&[]).map(drop)
    }

    /// Has the first process do something, which leaves files behind, and then all others.
    ///
    /// # Errors
    /// Those of `work`, and when others cannot be reached.
    pub fn in_turn<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.is_first() {
            let done = work()?;
            self.wait()?;
            return Ok(done);
        }
        self.wait()?;
        work()
    }

    /// Makes sure that everybody has the same of something.
    ///
    /// # Errors
    /// When somebody has not, naming who.
    pub fn agree(&self, what: &str, own: u64) -> Result<()> {
        let all = self.gather(&[own])?;
        match all.iter().position(|other| *other != all[0]) {
            Some(other) => bail!(
                "{what} of rank {other} on {} are not those of rank 0 on {}: machines that compute differently cannot \
                 train together",
                self.hosts[other],
                self.hosts[0]
            ),
            None => Ok(()),
        }
    }

    /// Ends a run of several processes that failed here, and with it those of all others; gives the error back where
    /// there is only this one.
    #[must_use]
    pub fn fail(&self, error: anyhow::Error) -> anyhow::Error {
        let Some(transport) = &self.transport else { return error };
        if transport.rank() > 0 {
            std::thread::sleep(AFTER_THE_FIRST);
        }
        self.write(format_args!("{error:#}; this ends all processes"));
        transport.abort()
    }
}

impl Drop for Ranks {
    fn drop(&mut self) {
        // others would wait for this one as long as they live
        if let Some(transport) = self.transport.as_ref().filter(|_| std::thread::panicking()) {
            self.write("the program broke; this ends all processes");
            transport.abort();
        }
    }
}
