// What a run is in for, told before its first step: what it lacks, how much it reads, what it takes of memory, disk and
// time, and where its plan is poor. Estimates, and rules of thumb with their sources.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ktlm/doctor/training_plan.h"

namespace ktlm::doctor {

struct Preflight {
  int64_t parameters, embedding_parameters;
  int64_t tokens_per_step, planned_tokens, corpus_tokens;
  double epochs, tokens_per_parameter;

  int64_t memory_sharers;                     // processes that share the memory of the CPU; of another device 1
  int64_t memory_bytes, usable_memory_bytes;  // that each process is to have; its share of usable_memory_bytes()
  int64_t disk_bytes, free_disk_bytes;        // all checkpoints that are kept, the best, one being written, the model;
                                              // less than 0 free: not known
  std::optional<double> seconds;              // about; none where it was not, or could not be measured

  std::vector<std::string> faults;    // a line each: what is wrong with a run of any length
  std::vector<std::string> warnings;  // and what is poor of one that is to teach a model something
  std::string error;                  // missing_room()
};

/// A line where the run surely can't be: weights, gradients and moments are more than the device's memory, or one
/// checkpoint and the model more than the disk of `directory` has left. Else empty. Needs no micro_batch_size.
std::string missing_room(const TrainingPlan& plan, at::Device device, const std::filesystem::path& directory);

/// What is known without running anything, so in no time. `plan.train.micro_batch_size` is at least 1; `corpus_tokens`
/// are those to train on; `directory` is where the run writes, and exists.
Preflight preflight(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device, int64_t corpus_tokens,
                    const std::filesystem::path& directory);

/// Three lines: parameters and text, memory and disk, time.
std::vector<std::string> preflight_lines(const Preflight& preflight);

/// The plan with a micro_batch_size where it leaves it to the run (0): about the one that the run will find.
TrainingPlan with_micro_batch_size(TrainingPlan plan, at::ScalarType product_dtype, at::Device device);

}  // namespace ktlm::doctor
