// Where a tokenizer cuts Korean text: tokens per character by script, and whether the place where a particle or ending
// begins is one where a token begins.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/tokenizer/analysis.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

class KoreanCuts {
 public:
  /// `ids` are the tokens of `text`, which is normalised.
  void add(std::string_view text, std::span<const TokenId> ids, const Tokenizer& tokenizer);

  /// The most frequent first.
  std::vector<ScriptUse> scripts() const;
  const BoundaryUse& particles() const { return particles_; }
  const BoundaryUse& endings() const { return endings_; }

 private:
  void add_scripts(std::string_view text, std::span<const TokenId> ids, const Tokenizer& tokenizer);
  void add_word(std::string_view word, size_t offset, const std::vector<bool>& begins_token);

  std::map<std::string_view, ScriptUse> scripts_;
  BoundaryUse particles_, endings_;
};

}  // namespace ktlm::tokenizer
