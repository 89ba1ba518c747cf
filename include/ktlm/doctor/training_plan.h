// What the shape of a model and the size of its batches say about a training run, before it starts: the memory that it
// needs, and the time.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/doctor/speed.h"
#include "ktlm/model/model_config.h"
#include "ktlm/train/train_config.h"

namespace ktlm::doctor {

struct TrainingPlan {
  std::string name;
  model::ModelConfig model;  // with its vocabulary
  train::TrainConfig train;
  int64_t processes = 1;       // each with train.micro_batch_size * train.grad_accum_steps windows of a step
  int64_t processes_here = 1;  // of them on this machine: they share the CPU's memory
};

/// The plans of configs/tiny.yaml, small.yaml, base.yaml and large.yaml with the vocabularies that they are meant for;
/// a test compares shape, steps and batch with the files. Built in, so that the program finds them wherever it stands.
std::vector<TrainingPlan> shipped_plans();

/// Bytes that a training step's tensors have at most in each process, by what holds them:
///   weights, gradients and two moments (of what Muon takes, one): 4 + 4 + 8 bytes a parameter; gradients stand beside
///   all activations only where
///     several micro-batches are added up, else they grow as the activations go;
///   buckets, of several processes: all gradients once more (4 bytes a parameter), of the Reducer that exchanges them
///     (c10d's reducer.cpp: initialize_buckets() makes them for the whole run; with gradient_as_bucket_view a gradient
///     that was exchanged stands in its bucket alone, one that is still being added up beside it);
///   activations, per token and layer: residual stream twice in fp32 (8 C), and in the dtype of the products, of e
///     bytes, both normalised inputs (2 e C), q and what attention gives (2 e H D), k and v (2 e K D), gate, up and
///     their product (3 e F); with gradient checkpointing a layer keeps its input alone (4 C) and one layer at a time
///     has the rest;
///   copies of the weights in the dtype of the products, where that is not fp32 (e bytes a parameter; with gradient
///     checkpointing those of one layer and of the output layer);
///   the loss: a chunk of logits (at most 2^24, else all) in the products' dtype, where the CPU's row kernels do not
///   take
///     it twice in fp32 as well, and the gradient of the output layer (two of 4 V C).
struct TrainingMemory {
  int64_t weights_bytes, gradients_bytes, moments_bytes;
  int64_t bucket_bytes;  // 0 of a process on its own
  int64_t weight_copies_bytes;
  int64_t activation_bytes_per_token;
  int64_t working_bytes_per_token;  // of the layer whose backward pass runs
  int64_t logits_bytes_per_token, largest_logits_bytes;
  int64_t output_gradient_bytes;
  bool accumulates, recomputes;  // adds up micro-batches; gradient checkpointing

  /// The most that a step with so many tokens in a micro-batch has at once. A test holds it against counted bytes.
  int64_t tensor_bytes(int64_t num_tokens) const;
  /// What the process is to have for it: two fifths more for activations, with gradient checkpointing twice as much,
  /// which glibc's heap was seen to lose between blocks that come and go (docs/benchmarks.md), and 250 MB for the
  /// program and libtorch.
  int64_t process_bytes(int64_t num_tokens) const;

 private:
  int64_t bytes_with(int64_t num_tokens, double heap_factor) const;
};

TrainingMemory training_memory(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device);

/// Windows of max_seq_len that fit into `bytes` and that the device computes rightly; 0 where not even one does.
int64_t largest_micro_batch(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device, int64_t bytes);

/// The device's memory, in bytes: of the CPU the machine's, of MPS what Metal recommends as the most, of CUDA the
/// card's.
int64_t device_memory_bytes(at::Device device);
/// What a training run may take of it: four fifths on the CPU and CUDA, where the system and libtorch itself need some,
/// all of what Metal recommends.
int64_t usable_memory_bytes(at::Device device);

struct TrainingTime {
  at::ScalarType dtype;  // of the products
  double seconds_per_step, tokens_per_second;
  double total_seconds;  // max_steps of them, without validation
  bool steady;           // false: other programs disturbed the measurement (is_steady)
};

/// Whether the seconds of several steps with one and with two layers (two of each at least) tell of the machine and not
/// of what else it does: the two fastest of each are alike, within 15 %, and the second layer took a quarter of its
/// share of the work at least. Else the extrapolation to all layers means nothing.
bool is_steady(const std::vector<double>& one_layer_seconds, const std::vector<double>& two_layers_seconds,
               model::ModelConfig config);

/// Whether the steps in `time` multiply no faster than the device was measured to (by a quarter at most, for the shapes
/// differ; true where `speed` lacks the dtype). Else other programs disturbed the time of fewer layers more than that
/// of more.
bool is_possible(const TrainingTime& time, const model::ModelConfig& config, const MachineSpeed& speed);

/// Extrapolates to the plan's layers, micro-batch and accumulation from real steps of its shape with one and with two
/// layers and about two thousand tokens, measured here. Throws Error where even those need more memory than
/// usable_memory_bytes: the system would swap, or end the process.
TrainingTime measure_training_time(const TrainingPlan& plan, at::Device device);

}  // namespace ktlm::doctor
