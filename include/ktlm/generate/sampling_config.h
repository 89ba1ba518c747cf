// How the next token is drawn from the model's distribution: section `sampling` of a configuration, and the options of
// generate and chat. Defaults as llama.cpp's, but for the repetition penalty: models of this size loop without one.
#pragma once

#include <cstdint>

#include "ktlm/core/config.h"

namespace ktlm::generate {

struct SamplingConfig {
  double temperature = 0.8;
  int64_t top_k = 40;
  double top_p = 0.95;
  double min_p = 0.05;
  double repetition_penalty = 1.1;
  int64_t repetition_window = 64;
  int64_t max_new_tokens = 256;
  int64_t seed = -1;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("temperature", &SamplingConfig::temperature, at_least(0),
      "flattens (> 1) or sharpens (< 1) the distribution; 0 is greedy: the likeliest token, whatever else is set");
    v("top_k", &SamplingConfig::top_k, at_least(0), "keeps the k likeliest tokens; 0 keeps all");
    v("top_p", &SamplingConfig::top_p, between(0, 1),
      "keeps the likeliest tokens that together reach probability p; 1 keeps all");
    v("min_p", &SamplingConfig::min_p, between(0, 1),
      "keeps tokens at least p times as probable as the likeliest; 0 keeps all");
    v("repetition_penalty", &SamplingConfig::repetition_penalty, greater_than(0),
      "makes tokens of the last repetition_window less likely; 1 is none");
    v("repetition_window", &SamplingConfig::repetition_window, at_least(0),
      "tokens back, prompt included, that the repetition penalty looks at");
    v("max_new_tokens", &SamplingConfig::max_new_tokens, at_least(0),
      "longest continuation or answer, in tokens; 0 goes on until the context is full");
    v("seed", &SamplingConfig::seed, at_least(-1), "the same seed draws the same text; -1 takes a new one each time");
  }

  friend bool operator==(const SamplingConfig&, const SamplingConfig&) = default;
};

}  // namespace ktlm::generate
