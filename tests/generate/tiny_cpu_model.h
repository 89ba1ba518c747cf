// A model of random weights over the tiny tokenizer, for ktlm's own engine: its text is nonsense, but each token
// depends on all before it. Needs no libtorch.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "generate/tiny_tokenizer.h"
#include "ktlm/core/random.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/generate/cpu_token_model.h"
#include "ktlm/model/parameter_specs.h"

namespace ktlm::test {

inline model::ModelConfig tiny_model_config(int64_t vocab_size, int64_t max_seq_len = 128) {
  model::ModelConfig config;
  config.vocab_size = vocab_size;
  config.d_model = 32;
  config.n_layers = 2;
  config.n_heads = 4;
  config.n_kv_heads = 2;
  config.d_ff = 48;
  config.max_seq_len = max_seq_len;
  return config;
}

class TinyCpuModel {
 public:
  explicit TinyCpuModel(int64_t vocab_size, int64_t num_threads = 1)
      : config_(tiny_model_config(vocab_size)),
        model_(config_, make_tensors(), cpu_model::WeightFormat::kInt8, num_threads, "tiny"),
        token_model_(model_) {}

  const generate::TokenModel& get() const { return token_model_; }

 private:
  cpu_model::CpuModel::Tensors make_tensors() {
    cpu_model::CpuModel::Tensors tensors;
    Random random(3);
    for (const model::ParameterSpec& spec : model::parameter_specs(config_)) {
      int64_t size = 1;
      for (const int64_t dimension : spec.shape) size *= dimension;
      std::vector<float>& values = values_[spec.name];
      // Of matrices uniform, wide enough for attention to be sharp and logits to differ.
      for (int64_t i = 0; i < size; ++i)
        values.push_back(spec.shape.size() < 2 ? 1 : static_cast<float>(1.2 * random.uniform() - 0.6));
      tensors[spec.name] = {"F32", spec.shape, std::as_bytes(std::span(values))};
    }
    return tensors;
  }

  model::ModelConfig config_;
  std::map<std::string, std::vector<float>> values_;
  cpu_model::CpuModel model_;
  generate::CpuTokenModel token_model_;
};

}  // namespace ktlm::test
