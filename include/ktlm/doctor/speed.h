// How fast work is, and how fast this machine could do it: multiplications of the model's own shapes with nothing
// between them, plain reading of memory, the disk. Measured in the same process, so that all meet the same machine.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "ktlm/model/model_config.h"

namespace ktlm::doctor {

/// Seconds of each of `runs` calls, the device's queue included, after `warmups` that do not count.
std::vector<double> time_runs(int64_t warmups, int64_t runs, at::Device device, const std::function<void()>& work);
double median(std::vector<double> values);

/// Floating-point operations that a token costs by the usual count (Kaplan et al. 2020, with the attention's): 2 per
/// weight that multiplies, 4 H D per layer for each token of context; three times that in training, for the backward
/// pass. `context` is the mean number of tokens attended to. A lookup in the embedding costs none.
double flops_per_token(const model::ModelConfig& config, double context, bool training);

/// Bytes that decoding one token has to read: the weights that multiply and the cached keys and values.
double decode_bytes_per_token(const model::ModelConfig& config, double context, at::ScalarType dtype);

/// Operations per second over all multiplications of the model's weights for `num_tokens` rows; in training, those of
/// the backward pass too. The fastest of several runs of each.
double gemm_flops_per_second(const model::ModelConfig& config, int64_t num_tokens, bool training, at::ScalarType dtype,
                             at::Device device);

/// Bytes per second at which all threads together read memory larger than any cache. The fastest of several runs.
double read_bytes_per_second(at::Device device);

struct DiskSpeed {
  double write_bytes_per_second, read_bytes_per_second;
};

/// Writes a file of 64 MB of noise to the disk itself and reads it back, past the system's cache where the system
/// allows. The file has no name by then, so it goes whatever ends the process. Throws Error.
DiskSpeed disk_speed(const std::filesystem::path& directory);

struct MachineSpeed {
  struct Gemm {
    at::ScalarType dtype;
    double flops_per_second;
  };
  std::vector<Gemm> gemm;  // of fp32, bf16 and fp16, as far as the device has them
  double read_bytes_per_second;
};

/// Both, products at the shapes of a layer of configs/small.yaml; some seconds.
MachineSpeed machine_speed(at::Device device);

}  // namespace ktlm::doctor
