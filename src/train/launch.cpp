#include "ktlm/train/launch.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "ktlm/core/error.h"

namespace ktlm::train {

namespace {

constexpr int64_t kUsualPort = 29500;  // torch.distributed's

// The names under which a launcher tells a process its place; empty: it does not.
struct Launcher {
  const char *rank, *world_size, *local_rank, *local_world_size, *job, *job_part;
};
constexpr Launcher kTorchrun = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID", ""};
constexpr Launcher kOpenMpi = {"OMPI_COMM_WORLD_RANK",       "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                               "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_NAMESPACE",       "OMPI_MCA_ess_base_jobid"};
// Of the step, not of the job: the shell of sbatch or salloc has the job's SLURM_NTASKS as well, and SLURM_PROCID 0,
// and trains alone.
constexpr Launcher kSlurm = {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "",
                             "SLURM_JOB_ID", "SLURM_STEP_ID"};
constexpr Launcher kMpich = {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", "PMI_JOBID", ""};

class Variables {
 public:
  explicit Variables(const Environment& environment) : environment_(environment) {}

  std::optional<std::string> text(const std::string& name) const {
    auto value = name.empty() ? std::nullopt : environment_(name);
    return value && value->empty() ? std::nullopt : value;
  }
  bool has(const std::string& name) const { return text(name).has_value(); }

  std::optional<int64_t> number(const std::string& name, int64_t least, int64_t most) const {
    const auto value = text(name);
    if (!value) return {};
    int64_t number = 0;
    const char* const end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, number);
    if (error == std::errc() && stop == end && number >= least && number <= most) return number;
    throw ConfigError("environment: " + name + " is \"" + *value + "\", expected an integer from " +
                      std::to_string(least) + " to " + std::to_string(most));
  }

 private:
  const Environment& environment_;
};

const Launcher* find_launcher(const Variables& variables) {
  // torchrun first: it runs under srun and mpirun too, once on each machine. Those of MPI before Slurm's, since mpirun
  // starts its own helpers with srun, whose variables the processes inherit.
  if (variables.has(kTorchrun.rank) || variables.has(kTorchrun.world_size)) return &kTorchrun;
  if (variables.has(kOpenMpi.rank) || variables.has(kOpenMpi.world_size)) return &kOpenMpi;
  const bool pmi = variables.has(kMpich.rank) && variables.has(kMpich.world_size);
  const bool srun = variables.has(kSlurm.rank) && variables.has(kSlurm.world_size);
  // srun --mpi=pmi2 sets both alike.
  if (srun && (!pmi || variables.text(kSlurm.world_size) == variables.text(kMpich.world_size))) return &kSlurm;
  return pmi ? &kMpich : nullptr;
}

// How many processes are on this machine where `launcher` says it.
std::optional<int64_t> local_world_size(const Variables& variables, const Launcher& launcher, int64_t world_size) {
  if (const auto size = variables.number(launcher.local_world_size, 1, world_size)) return size;
  if (&launcher != &kSlurm) return {};
  if (variables.number("SLURM_STEP_NUM_NODES", 1, world_size).value_or(0) == 1) return world_size;
  // "2(x3),1": of each machine, as many as are alike together.
  const std::string first = variables.text("SLURM_STEP_TASKS_PER_NODE").value_or("");
  int64_t size = 0;
  std::from_chars(first.data(), first.data() + first.size(), size);
  if (size < 1 || size > world_size) return {};
  return size;
}

void find_master(const Variables& variables, const Launcher& launcher, Launch& launch) {
  launch.master_port = variables.number("MASTER_PORT", 1, 65535).value_or(kUsualPort);
  if (const auto address = variables.text("MASTER_ADDR")) {
    launch.master_address = *address;
  } else if (launch.on_one_machine()) {
    launch.master_address = "127.0.0.1";
  } else if (&launcher == &kSlurm && variables.has("SLURM_STEP_NODELIST")) {
    launch.master_address = first_slurm_node(*variables.text("SLURM_STEP_NODELIST"));
  } else {
    throw ConfigError("environment: " + std::string(launcher.world_size) + " is " + std::to_string(launch.world_size) +
                      ", but MASTER_ADDR does not say where the processes meet; set it to the machine of rank 0 "
                      "(127.0.0.1 where all are on one), or start them with torchrun");
  }
  if (&launcher != &kSlurm || variables.has("MASTER_PORT")) return;
  // Two jobs of one machine, or two steps of a job, want the usual port both.
  constexpr int64_t kMost = int64_t{1} << 40, kStepsApart = 101;
  const auto job = variables.number("SLURM_JOB_ID", 0, kMost);
  const int64_t step = variables.number("SLURM_STEP_ID", 0, kMost).value_or(0);
  if (job) launch.master_port = 20000 + (*job + kStepsApart * step) % 10000;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::string first_slurm_node(const std::string& node_list) {
  const std::string first = node_list.substr(0, node_list.find(','));  // "a[3-5" of "a[3-5,7]" as well
  const size_t bracket = first.find('[');
  if (bracket == std::string::npos) return first;
  const size_t digits_end = first.find_first_not_of("0123456789", bracket + 1);
  std::string node = first.substr(0, bracket) + first.substr(bracket + 1, digits_end - bracket - 1);
  const size_t close = node_list.find(']', bracket);  // a name may go on behind it
  if (close != std::string::npos) node += node_list.substr(close + 1, node_list.find(',', close) - close - 1);
  return node;
}

int64_t choose_gpu(const Launch& launch, int64_t num_gpus, const std::vector<double>& visible) {
  // Launchers number a machine's processes one after the other; where the number of them is not known, there are at
  // least those before this one.
  const int64_t first = std::max<int64_t>(0, launch.rank - launch.local_rank),
                end = std::clamp<int64_t>(first + launch.local_world_size, launch.rank + 1, launch.world_size);
  const auto sees_the_same = [&](double gpus) { return gpus == visible[static_cast<size_t>(launch.rank)]; };
  const auto machine = visible.begin() + first;
  const int64_t before = std::count_if(machine, visible.begin() + launch.rank, sees_the_same),
                all = std::count_if(machine, visible.begin() + end, sees_the_same);
  if (all <= num_gpus) return before;
  throw ConfigError(std::to_string(all) + " processes of this machine have " + std::to_string(num_gpus) +
                    (num_gpus == 1 ? " GPU" : " GPUs") +
                    ", expected one each; start as many as there are GPUs (torchrun --nproc-per-node " +
                    std::to_string(num_gpus) + "), or give --device cpu");
}

Launch launch_from(const Environment& environment) {
  const Variables variables(environment);
  const Launcher* const launcher = find_launcher(variables);
  if (launcher == nullptr) return {};
  constexpr int64_t kMostProcesses = 1 << 20;
  for (const auto& [is, lacks] :
       {std::pair(launcher->rank, launcher->world_size), std::pair(launcher->world_size, launcher->rank)})
    if (!variables.has(lacks))
      throw ConfigError("environment: " + std::string(is) + " is set, but " + lacks +
                        " is not; start the processes with torchrun, or unset it to train in one");
  Launch launch;
  launch.world_size = *variables.number(launcher->world_size, 1, kMostProcesses);
  launch.rank = *variables.number(launcher->rank, 0, launch.world_size - 1);
  if (launch.world_size == 1) return {};
  const auto local_size = local_world_size(variables, *launcher, launch.world_size);
  launch.local_world_size = local_size.value_or(1);
  launch.local_rank = variables.number(launcher->local_rank, 0, launch.world_size - 1).value_or(0);
  find_master(variables, *launcher, launch);
  const bool here = launch.master_address == "127.0.0.1" || launch.master_address == "localhost";
  if (!local_size && here) {
    launch.local_world_size = launch.world_size;
    if (!variables.has(launcher->local_rank)) launch.local_rank = launch.rank;
  }
  launch.store_is_there = variables.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  launch.job = variables.text(launcher->job).value_or("") + "." + variables.text(launcher->job_part).value_or("");
  launch.binds_to_cores = launcher != &kTorchrun;
  return launch;
}

}  // namespace ktlm::train
