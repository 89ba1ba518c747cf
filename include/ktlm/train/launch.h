// Which of several processes that train together this one is, as what started them says in the environment: torchrun,
// Open MPI's mpirun, Slurm's srun, MPICH's mpiexec (or anything that sets torchrun's variables). No libtorch here.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ktlm::train {

/// By default a process on its own.
struct Launch {
  int64_t rank = 0, world_size = 1;              // of all processes, on all machines
  int64_t local_rank = 0, local_world_size = 1;  // of those on this machine
  std::string master_address;                    // where the processes meet: the machine of rank 0
  int64_t master_port = 0;
  bool store_is_there = false;  // torchrun itself keeps the store at that address; else rank 0 does
  std::string job = "";         // the launcher's name for this job; another one may meet at the same address
  bool binds_to_cores = false;  // the launcher may give each process cores of its own

  bool on_one_machine() const { return local_world_size == world_size; }
};

/// The value of an environment variable, none where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// Throws ConfigError where the variables are set by half or make no sense.
Launch launch_from(const Environment& environment);

/// Which of the `num_gpus` that this process sees it takes, counted from 0; each needs one of its own, for NCCL refuses
/// two on one. `visible` holds a number for each rank that stands for the GPUs that it sees: the processes of a machine
/// with the same number see the same ones. Throws ConfigError where there are fewer GPUs than such processes.
int64_t choose_gpu(const Launch& launch, int64_t num_gpus, const std::vector<double>& visible);

/// The first machine in Slurm's short form of a list: "gpu[03-05,9],cpu1" gives "gpu03".
std::string first_slurm_node(const std::string& node_list);

}  // namespace ktlm::train
