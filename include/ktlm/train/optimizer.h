// How a step changes the weights. The matrices of the blocks go by AdamW (Loshchilov, Hutter 2019; libtorch's fused
// kernel, one call for a whole list) or by Muon (muon.h); the embedding, an output layer of its own and the norms
// always by AdamW. Weight decay pulls on the blocks' matrices and the output layer; norms and the embedding, whose rows
// are seen unequally often, have none.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/model/language_model.h"
#include "ktlm/train/muon.h"
#include "ktlm/train/train_config.h"

namespace ktlm::train {

/// Which of several processes this is that share the optimizer's state out among themselves (ZeRO-1: Rajbhandari et al.
/// 2020). Each keeps the moments of some parameters, about as many as the others, and updates those alone.
struct OptimizerShard {
  int64_t rank = 0, world_size = 1;
};

struct OptimizerOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0.1;
  bool muon = false;
  double muon_momentum = 0.95;
  double embedding_rate = 1, head_rate = 1;  // times the learning rate
  double tied_norm_rate = 1;                 // the last norm's, where the embedding is the output layer
  OptimizerShard shard = {};
};

/// Times the rates that the options give. A step of AdamW goes as far as its rate, however wide the weights are that it
/// moves, so a model that did not begin as the options think needs others.
struct RateFactors {
  double embedding = 1, tied_norm = 1;
};

/// What section `train` of a configuration says of it.
OptimizerOptions make_optimizer_options(const TrainConfig& config);

/// Whether the parameter decays: every matrix but the embedding.
bool has_weight_decay(const model::NamedParameter& parameter);

/// Clips to a total norm of at most `max_norm` (0: leaves the gradients alone), without waiting for the device. Returns
/// the norm before, a scalar on the device.
at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double max_norm);

/// 1 where the gradient's norm or the loss is no finite number, else 0: a float scalar on the device, as the fused
/// kernels want their found_inf. An undefined `loss` does not count.
at::Tensor not_finite(const at::Tensor& norm, const at::Tensor& loss);

/// A tensor of the optimizer's state, as it stands in the file. A shard has those of its own, and for a while, between
/// a file and the other processes, theirs: on the CPU, else undefined.
struct StateTensor {
  std::string name;
  std::vector<int64_t> shape;
  int64_t owner = 0;  // the rank that keeps it
  at::Tensor tensor;
};

class Optimizer {
 public:
  /// Holds references to the parameters' memory: `parameters` may go, the model must stay.
  Optimizer(const std::vector<model::NamedParameter>& parameters, const OptimizerOptions& options);

  /// One step with the gradients that the parameters hold, clipped to max_norm (0: as they are); the gradients are gone
  /// afterwards. Where the gradient, or the step's `loss` (a scalar on the device), is not finite, parameters, moments
  /// and the count of steps stay as they are; the device decides it, nothing waits. `product_dtype` is what Muon
  /// multiplies in. Returns the gradient's norm before clipping, a scalar on the device, which tells.
  at::Tensor step(double learning_rate, double max_norm, const at::Tensor& loss = {},
                  at::ScalarType product_dtype = at::kFloat);
  void set_rate_factors(const RateFactors& factors) { rate_factors_ = factors; }
  /// Forgets gradients of a step that is not to be.
  void clear_gradients();

  /// Both moments of each parameter, or Muon's one, as safetensors. A shard must have those of the others at hand
  /// (gather_state), so that the file is whole. Throws Error.
  void save(const std::filesystem::path& path) const;
  /// A shard holds those of the others afterwards as well, until forget_others. Throws Error where the file is damaged
  /// or belongs to other parameters.
  void load(const std::filesystem::path& path);

  const OptimizerShard& shard() const { return options_.shard; }
  /// In the same order in each process.
  std::vector<StateTensor>& state() { return state_; }
  void forget_others();
  /// The parameters that `rank` updates.
  std::vector<at::Tensor> parameters_of(int64_t rank) const;
  /// Updates made so far; waits for the device.
  int64_t num_steps() const;
  void set_num_steps(int64_t num_steps);

 private:
  // Parameters that AdamW takes at one rate, times a factor if there is one for them.
  struct Group {
    double rate, weight_decay;
    double RateFactors::*factor;
    std::vector<std::string> names;
    std::vector<at::Tensor> parameters, exp_avgs, exp_avg_sqs;
  };

  bool goes_by_muon(const model::NamedParameter& parameter) const;
  void share_out(const std::vector<model::NamedParameter>& parameters);
  void add(const model::NamedParameter& parameter, double rate, double weight_decay,
           double RateFactors::*factor = nullptr);
  void update(Group& group, double learning_rate, const at::Tensor& skip);
  void list_state(const std::vector<model::NamedParameter>& parameters);

  std::vector<at::Tensor> parameters_;
  std::vector<int64_t> owners_;  // of each
  std::vector<StateTensor> state_;
  std::vector<Group> groups_;
  std::optional<Muon> muon_;
  OptimizerOptions options_;
  RateFactors rate_factors_;
  at::Tensor step_tensor_;  // updates made so far, on the device, as the kernel wants it; exact up to 2^24
};

}  // namespace ktlm::train
