// Where a tokenizer cuts Korean text: tokens per character by script, and whether the place where a particle or ending
// begins is one where a token begins. What the text alone decides is found once, for however many tokenizers are held
// against it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/tokenizer/analysis.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "word_ends.h"

namespace ktlm::tokenizer {

struct TextLandmarks {
  struct Run {
    std::string_view script;  // of all its characters; lives as long as the program
    size_t end = 0;           // in bytes of the text; it begins where the one before ends
    int64_t characters = 0;
  };
  struct Boundary {
    WordEndKind kind;
    size_t position;  // where the particle or ending begins, in bytes of the text
  };
  std::vector<Run> runs;
  std::vector<Boundary> boundaries;  // in the order of the text
};

/// `text` is normalised.
TextLandmarks find_landmarks(std::string_view text);

class KoreanCuts {
 public:
  /// `ids` are the tokens of the text that `landmarks` are of.
  void add(const TextLandmarks& landmarks, std::span<const TokenId> ids, const Tokenizer& tokenizer);

  /// The most frequent first.
  std::vector<ScriptUse> scripts() const;
  const BoundaryUse& particles() const { return particles_; }
  const BoundaryUse& endings() const { return endings_; }

 private:
  void add_scripts(std::span<const TextLandmarks::Run> runs, std::span<const TokenId> ids, const Tokenizer& tokenizer);
  void add_boundaries(std::span<const TextLandmarks::Boundary> boundaries, std::span<const TokenId> ids,
                      const Tokenizer& tokenizer);

  std::map<std::string_view, ScriptUse> scripts_;
  BoundaryUse particles_, endings_;
};

}  // namespace ktlm::tokenizer
