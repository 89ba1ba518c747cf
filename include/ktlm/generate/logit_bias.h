// Tokens that a person makes more or less likely by hand.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

struct LogitBias {
  tokenizer::TokenId id;
  double bias;  // added to the logit; minus infinity: never drawn
};

/// Each of `texts` is TOKEN=NUMBER, of "15043=+1", "대한=-2.5" and "</s>=-inf": a token by its id or by its piece,
/// where spaces stand for the vocabulary's ▁. Throws ConfigError that names the text.
std::vector<LogitBias> parse_logit_bias(const std::vector<std::string>& texts, const tokenizer::Tokenizer& tokenizer);

void apply_logit_bias(std::span<float> logits, std::span<const LogitBias> biases);

}  // namespace ktlm::generate
