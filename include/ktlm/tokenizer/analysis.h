// What a tokenizer is worth on Korean text, in the numbers that decide about it: how much text a token carries, how
// often it falls back on bytes, what its vocabulary was spent on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/tokenizer/text_source.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

struct TokenizerAnalysis {
  int64_t vocab_size = 0;
  std::vector<std::pair<std::string, int64_t>>
      pieces_by_script;                     // text::script_name, "byte", "control"; the largest first
  std::vector<std::string> longest_pieces;  // of Hangul (runs of dots and dashes would win), with a space for "▁"

  // Of the text it was measured on.
  std::string measured_on;  // "val" or "train"
  int64_t documents = 0, bytes = 0, characters = 0;
  int64_t words = 0;  // 어절: what stands between white space
  int64_t tokens = 0;
  int64_t fallback_tokens = 0;    // byte tokens for characters that are not in the vocabulary
  int64_t whitespace_tokens = 0;  // byte tokens that stand for a newline or a tab, which have no piece of their own

  double characters_per_token() const;
  double bytes_per_token() const;
  double tokens_per_word() const;  // without whitespace_tokens
  double fallback_rate() const;    // of all tokens
  double whitespace_rate() const;
};

TokenizerAnalysis analyze(const Tokenizer& tokenizer, const TextSource& texts, std::string measured_on);

/// As analysis.json holds it.
Json to_json(const TokenizerAnalysis& analysis);
/// A table for people, several lines, without a newline at the end.
std::string to_table(const TokenizerAnalysis& analysis);

}  // namespace ktlm::tokenizer
