// What `ktlm bench` measures: section `bench` of a configuration, beside `model` and `train`.
#pragma once

#include <cstdint>

#include "ktlm/core/config.h"
#include "ktlm/model/model_config.h"
#include "ktlm/train/train_config.h"

namespace ktlm::cli {

struct BenchConfig {
  int64_t warmup_steps = 2;
  int64_t measured_steps = 7;
  int64_t prompt_tokens = 0;
  int64_t decode_tokens = 128;
  int64_t decode_texts = 1;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("warmup_steps", &BenchConfig::warmup_steps, at_least(0),
      "training steps, prefills or tokens before the measured ones");
    v("measured_steps", &BenchConfig::measured_steps, at_least(1),
      "training steps or prefills that count; the result is their median");
    v("prompt_tokens", &BenchConfig::prompt_tokens, at_least(0), "length of the prefill; 0 is the model's max_seq_len");
    v("decode_tokens", &BenchConfig::decode_tokens, at_least(1),
      "tokens decoded one by one from an empty context; the result is their median");
    v("decode_texts", &BenchConfig::decode_texts, at_least(1),
      "texts that are decoded side by side, a token of each at a time; tokens/s counts them all");
  }
};

struct BenchSettings {
  model::ModelConfig model;
  train::TrainConfig train;
  BenchConfig bench;
};

/// The values of configs/bench.yaml, which a test compares: the program measures without that file at hand.
inline BenchSettings default_bench_settings() {
  BenchSettings settings;
  settings.model.vocab_size = 32000;
  settings.model.d_ff = 1536;
  settings.train.micro_batch_size = 4;
  return settings;
}

}  // namespace ktlm::cli
