// How the next token is drawn from the model's distribution: section `sampling` of a configuration, and the options of
// generate and chat. Defaults as llama.cpp's, but for the repetition penalty: models of this size loop without one; and
// for DRY's breakers: ends of sentences.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/core/config.h"

namespace ktlm::generate {

struct SamplingConfig {
  double temperature = 0.8;
  double top_n_sigma = 0;
  int64_t top_k = 40;
  double typical_p = 1;
  double top_p = 0.95;
  double min_p = 0.05;
  double xtc_probability = 0;
  double xtc_threshold = 0.1;
  double repetition_penalty = 1.1;
  int64_t repetition_window = 64;
  double frequency_penalty = 0;
  double presence_penalty = 0;
  double dry_multiplier = 0;
  double dry_base = 1.75;
  int64_t dry_allowed_length = 2;
  int64_t dry_penalty_last_n = -1;
  std::vector<std::string> dry_sequence_breakers = {"\n", ".", "?", "!", ":", "\""};
  std::vector<std::string> logit_bias = {};
  int64_t max_new_tokens = 256;
  int64_t seed = -1;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("temperature", &SamplingConfig::temperature, at_least(0),
      "flattens (> 1) or sharpens (< 1) the distribution; 0 is greedy: the likeliest token, whatever else is set but "
      "logit_bias, frequency_penalty, presence_penalty and DRY");
    v("top_n_sigma", &SamplingConfig::top_n_sigma, at_least(0),
      "keeps tokens whose logit is at most n standard deviations below the largest; 0 keeps all");
    v("top_k", &SamplingConfig::top_k, at_least(0), "keeps the k likeliest tokens; 0 keeps all");
    v("typical_p", &SamplingConfig::typical_p, between(0, 1),
      "keeps the tokens that tell about as much as is usual here, until they reach probability p; 1 keeps all");
    v("top_p", &SamplingConfig::top_p, between(0, 1),
      "keeps the likeliest tokens that together reach probability p; 1 keeps all");
    v("min_p", &SamplingConfig::min_p, between(0, 1),
      "keeps tokens at least p times as probable as the likeliest; 0 keeps all");
    v("xtc_probability", &SamplingConfig::xtc_probability, between(0, 1),
      "how often the likeliest tokens are left out, all with at least xtc_threshold but the last of them; 0 is never");
    v("xtc_threshold", &SamplingConfig::xtc_threshold, between(0, 0.5),
      "probability from which on xtc_probability leaves tokens out");
    v("repetition_penalty", &SamplingConfig::repetition_penalty, greater_than(0),
      "makes tokens of the last repetition_window less likely; 1 is none");
    v("repetition_window", &SamplingConfig::repetition_window, at_least(0),
      "tokens back, prompt included, that the repetition, frequency and presence penalties look at");
    v("frequency_penalty", &SamplingConfig::frequency_penalty, between(-2, 2),
      "taken from a token's logit for each time that it stands in repetition_window");
    v("presence_penalty", &SamplingConfig::presence_penalty, between(-2, 2),
      "taken once from the logit of each token in repetition_window");
    v("dry_multiplier", &SamplingConfig::dry_multiplier, at_least(0),
      "strength of DRY, which lowers tokens that would go on with a repetition, the more the longer it is; 0 is none");
    v("dry_base", &SamplingConfig::dry_base, at_least(1), "growth of DRY's penalty with each repeated token");
    v("dry_allowed_length", &SamplingConfig::dry_allowed_length, at_least(1),
      "tokens that may repeat before DRY lowers the next one");
    v("dry_penalty_last_n", &SamplingConfig::dry_penalty_last_n, at_least(-1),
      "tokens back, prompt included, that DRY looks at; -1 is all");
    v("dry_sequence_breakers", &SamplingConfig::dry_sequence_breakers, any_value(),
      "texts that end a repetition for DRY: tokens that hold one");
    v("logit_bias", &SamplingConfig::logit_bias, any_value(),
      "TOKEN=NUMBER, added to the logit of a token, by its id or piece; -inf: it never comes");
    v("max_new_tokens", &SamplingConfig::max_new_tokens, at_least(0),
      "longest continuation or answer, in tokens; 0 goes on until the context is full");
    v("seed", &SamplingConfig::seed, at_least(-1), "the same seed draws the same text; -1 takes a new one each time");
  }

  friend bool operator==(const SamplingConfig&, const SamplingConfig&) = default;
};

}  // namespace ktlm::generate
