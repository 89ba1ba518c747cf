// AdamW (Loshchilov, Hutter 2019) over a model's parameters: libtorch's fused kernel, one call for the whole list.
// Weight decay pulls on matrices alone; norms and the embedding, whose rows are seen unequally often, have none.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/model/language_model.h"

namespace ktlm::train {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0.1;
};

/// Whether AdamW decays the parameter: every matrix but the embedding.
bool has_weight_decay(const model::NamedParameter& parameter);

/// Clips to a total norm of at most `max_norm` (0: leaves the gradients alone), without waiting for the device. Returns
/// the norm before, a scalar on the device.
at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double max_norm);

/// 1 where the gradient's norm or the loss is no finite number, else 0: a float scalar on the device, as the fused
/// kernels want their found_inf. An undefined `loss` does not count.
at::Tensor not_finite(const at::Tensor& norm, const at::Tensor& loss);

class AdamW {
 public:
  /// Holds references to the parameters' memory: `parameters` may go, the model must stay.
  AdamW(const std::vector<model::NamedParameter>& parameters, const AdamWOptions& options);

  /// One step with the gradients that the parameters hold, clipped to max_norm (0: as they are); the gradients are gone
  /// afterwards. Where the gradient, or the step's `loss` (a scalar on the device), is not finite, parameters, moments
  /// and the count of steps stay as they are; the device decides it, nothing waits. Returns the gradient's norm before
  /// clipping, a scalar on the device, which tells.
  at::Tensor step(double learning_rate, double max_norm, const at::Tensor& loss = {});
  /// Forgets gradients of a step that is not to be.
  void clear_gradients();

  /// Both moments of each parameter, as safetensors. Throws Error.
  void save(const std::filesystem::path& path) const;
  /// Throws Error where the file is damaged or belongs to other parameters.
  void load(const std::filesystem::path& path);

 private:
  struct Group {
    double weight_decay;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters, exp_avgs, exp_avg_sqs;
  };

  void update(Group& group, const std::vector<at::Tensor>& gradients, double learning_rate, const at::Tensor& skip);

  Group groups_[2];  // without and with weight decay
  AdamWOptions options_;
  at::Tensor step_tensor_;  // updates made so far, on the device, as the kernel wants it; exact up to 2^24
};

}  // namespace ktlm::train
