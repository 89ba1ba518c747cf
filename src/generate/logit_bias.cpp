#include "ktlm/generate/logit_bias.h"

#include <cmath>
#include <limits>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

// Far beyond any logit, and far from what a float holds.
constexpr double kMostBias = 1e6;

double parse_bias(const std::string& text, const std::string& where) {
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  double bias = 0;
  if (!parse_double(text, bias) || std::abs(bias) > kMostBias)
    throw ConfigError(where + ": expected TOKEN=NUMBER, such as 15043=+1 or \"</s>=-inf\"");
  return bias;
}

TokenId find_token(const std::string& token, const Tokenizer& tokenizer, const std::string& where) {
  const bool number = !token.empty() && token.size() < 10 && token.find_first_not_of("0123456789") == std::string::npos;
  if (number) {
    const int64_t id = std::stoll(token);
    if (id >= tokenizer.vocab_size())
      throw ConfigError(where + ": token id " + token + ", but the vocabulary ends at " +
                        std::to_string(tokenizer.vocab_size() - 1));
    return static_cast<TokenId>(id);
  }
  std::string piece;
  for (const char c : token) piece += c == ' ' ? std::string("▁") : std::string(1, c);
  const TokenId id = tokenizer.id_of(piece);
  if (id < 0)
    throw ConfigError(where + ": \"" + token +
                      "\" is no piece of the vocabulary; `ktlm tokenize --pieces` shows those of a text");
  return id;
}

}  // namespace

std::vector<LogitBias> parse_logit_bias(const std::vector<std::string>& texts, const Tokenizer& tokenizer) {
  std::vector<LogitBias> biases;
  for (const std::string& text : texts) {
    const std::string where = "logit_bias \"" + text + "\"";
    const size_t equals = text.rfind('=');  // a piece may hold one too
    const std::string bias = equals == std::string::npos ? "" : text.substr(equals + 1);
    biases.push_back({0, parse_bias(bias, where)});
    biases.back().id = find_token(text.substr(0, equals), tokenizer, where);
  }
  return biases;
}

void apply_logit_bias(std::span<float> logits, std::span<const LogitBias> biases) {
  for (const auto& [id, bias] : biases) {
    float& logit = logits[static_cast<size_t>(id)];
    logit = static_cast<float>(logit + bias);
  }
}

}  // namespace ktlm::generate
