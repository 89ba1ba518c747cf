// The parts of `ktlm bench` that measure ktlm's own engine for the CPU, and what they share with libtorch's.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "bench_config.h"
#include "bench_report.h"
#include "ktlm/cpu_model/weight_format.h"

namespace ktlm::cli {

/// Operations for each token of a prompt whose last token alone has logits.
double prefill_flops_per_token(const model::ModelConfig& config, int64_t num_tokens);

/// What follows from `seconds` for a token of each text and the bytes that have to be read for them.
void set_decode_figures(const BenchSettings& settings, double seconds, double bytes, at::Device device,
                        BenchResult& result);

/// A prompt into an empty cache. The limit is that of libtorch's products in bf16.
BenchResult bench_own_prefill(const BenchSettings& settings, cpu_model::WeightFormat format, int64_t num_threads);
/// Token by token from an empty context: the model and the draw.
BenchResult bench_own_decode(const BenchSettings& settings, cpu_model::WeightFormat format, int64_t num_threads);

}  // namespace ktlm::cli
