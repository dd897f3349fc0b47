//! Whether this process is one of several that `mpirun` or `srun` started, as the environment tells. No MPI is needed for it.

/// One of the processes that a launcher started together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launched {
    /// Its number, from 0.
    pub rank: usize,
    /// How many there are.
    pub size: usize,
}

/// The launcher says something that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("the environment says {rank}={rank_value} and {size}={size_value}, which is no process of a number of them")]
pub struct LaunchError {
    rank: &'static str,
    rank_value: String,
    size: &'static str,
    size_value: String,
}

/// Where a launcher says it.
struct Names {
    rank: &'static str,
    size: &'static str,
}

/// Open MPI; MPICH, Intel MPI and whatever else speaks PMI; MVAPICH; Slurm without any of them. A launcher may run within
/// the next one, so the order counts.
const LAUNCHERS: [Names; 4] = [
    Names { rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE" },
    Names { rank: "PMI_RANK", size: "PMI_SIZE" },
    Names { rank: "MV2_COMM_WORLD_RANK", size: "MV2_COMM_WORLD_SIZE" },
    Names { rank: "SLURM_PROCID", size: "SLURM_STEP_NUM_TASKS" },
];

/// Where Slurm says how many processes a job may have; a batch script has that, too, and is none of them.
const SLURM_JOB: Names = Names { rank: "SLURM_PROCID", size: "SLURM_NTASKS" };

/// What the environment tells of this process; `None` where it was started alone.
///
/// # Errors
/// When the environment contradicts itself.
pub fn launched() -> Result<Option<Launched>, LaunchError> {
    told_by(|name| std::env::var(name).ok())
}

fn told_by(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Launched>, LaunchError> {
    let batch_script = variable("ENVIRONMENT").is_some_and(|kind| kind == "BATCH");
    let job = (!batch_script).then_some(&SLURM_JOB);
    for Names { rank, size } in LAUNCHERS.iter().chain(job) {
        let (Some(rank_value), Some(size_value)) = (variable(rank), variable(size)) else { continue };
        let numbers = rank_value.parse::<usize>().ok().zip(size_value.parse::<usize>().ok());
        let Some((number, of)) = numbers.filter(|(number, of)| number < of) else {
            return Err(LaunchError { rank, rank_value, size, size_value });
        };
        return Ok((of > 1).then_some(Launched { rank: number, size: of }));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Result<Option<Launched>, LaunchError> {
        told_by(|name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()))
    }

    #[test]
    fn every_launcher_is_understood_and_the_inner_one_counts() {
        let third = Some(Launched { rank: 2, size: 4 });
        let slurm = [("SLURM_PROCID", "2"), ("SLURM_NTASKS", "4")];
        let open_mpi = [("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "4")];
        for variables in [slurm, open_mpi, [("PMI_RANK", "2"), ("PMI_SIZE", "4")]] {
            assert_eq!(told(&variables).unwrap(), third);
        }
        // mpirun within a job of Slurm
        assert_eq!(told(&[slurm, [("PMI_RANK", "0"), ("PMI_SIZE", "1")]].concat()).unwrap(), None);
        assert_eq!(told(&[]).unwrap(), None);
    }

    #[test]
    fn a_batch_script_is_none_of_the_processes_that_it_may_start() {
        let script = [("ENVIRONMENT", "BATCH"), ("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")];
        assert_eq!(told(&script).unwrap(), None);
        let step = [&script[..], &[("SLURM_STEP_NUM_TASKS", "4")]].concat();
        assert_eq!(told(&step).unwrap().map(|launched| launched.size), Some(4));
    }

    #[test]
    fn nonsense_is_named() {
        for (rank, size) in [("4", "4"), ("x", "4"), ("0", ""), ("-1", "2")] {
            let error = told(&[("PMI_RANK", rank), ("PMI_SIZE", size)]).unwrap_err().to_string();
            assert!(error.contains("PMI_RANK") && error.contains("PMI_SIZE"), "{error}");
        }
    }
}
