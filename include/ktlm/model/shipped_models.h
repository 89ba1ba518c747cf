// The models of configs/tiny.yaml, small.yaml, base.yaml and large.yaml, with the vocabularies that they are meant for.
// Built in, so that the program knows them wherever it stands; a test compares them with the files. Without libtorch.
#pragma once

#include <string>
#include <vector>

#include "ktlm/model/model_config.h"

namespace ktlm::model {

struct NamedModel {
  std::string name;
  ModelConfig config;
};

inline std::vector<NamedModel> shipped_models() {
  return {{"tiny",
           {.vocab_size = 2000,
            .d_model = 192,
            .n_layers = 4,
            .n_heads = 4,
            .n_kv_heads = 2,
            .d_ff = 512,
            .max_seq_len = 128,
            .qk_norm = true}},
          {"small",
           {.vocab_size = 16000,
            .d_model = 512,
            .n_layers = 15,
            .n_heads = 8,
            .n_kv_heads = 2,
            .d_ff = 1408,
            .max_seq_len = 1024,
            .qk_norm = true}},
          {"base",
           {.vocab_size = 32000,
            .d_model = 576,
            .n_layers = 24,
            .n_heads = 9,
            .n_kv_heads = 3,
            .d_ff = 1536,
            .max_seq_len = 1024,
            .qk_norm = true}},
          {"large",
           {.vocab_size = 32000,
            .d_model = 640,
            .n_layers = 30,
            .n_heads = 10,
            .n_kv_heads = 2,
            .d_ff = 1728,
            .max_seq_len = 1024,
            .qk_norm = true}}};
}

}  // namespace ktlm::model
