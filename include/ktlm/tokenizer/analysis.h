// What a tokenizer is worth on Korean text, in the numbers that decide about it: how much text a token carries, how
// often it falls back on bytes, where it cuts words, what its vocabulary was spent on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/tokenizer/text_source.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

/// What the tokens of one script's characters are.
struct ScriptUse {
  std::string script;  // text::script_name, or "emoji"
  int64_t characters = 0;
  int64_t tokens = 0;       // those whose first character, behind a space, is of the script
  int64_t byte_tokens = 0;  // among them

  double tokens_per_character() const;
  double byte_rate() const;  // of the tokens
};

/// Words with a particle (or ending) that the rules of word_ends.h see.
struct BoundaryUse {
  int64_t words = 0;
  int64_t cut = 0;  // where a token begins with the particle

  double share() const;
};

/// Pieces that occur fewer times than this in the text that they were learned from are rare: a model sees them too
/// seldom to learn what they mean.
inline constexpr int64_t kRarePieceCount = 100;

struct TokenizerAnalysis {
  int64_t vocab_size = 0;
  std::vector<std::pair<std::string, int64_t>>
      pieces_by_script;                     // text::script_name, "byte", "control"; the largest first
  std::vector<std::string> longest_pieces;  // of Hangul (runs of dots and dashes would win), with a space for "▁"

  // Of the text it was trained on; nothing where that is not at hand.
  int64_t learned_pieces = 0;  // all but control tokens and bytes
  int64_t rare_pieces = 0;     // of these, by kRarePieceCount

  // Of the text it was measured on.
  std::string measured_on;  // "val" or "train"
  int64_t documents = 0, bytes = 0, characters = 0;
  int64_t words = 0;      // 어절: what stands between white space
  int64_t sentences = 0;  // as text::split_sentences cuts
  int64_t tokens = 0;
  int64_t fallback_tokens = 0;    // byte tokens for characters that are not in the vocabulary
  int64_t whitespace_tokens = 0;  // byte tokens that stand for a newline or a tab, which have no piece of their own

  std::vector<ScriptUse> scripts;  // the most frequent first
  BoundaryUse particles, endings;
  /// What a model would pay that knew nothing but how frequent each piece is in the training text: the cross-entropy of
  /// the measured tokens (but newlines and tabs) in bits, over the bytes of the text. A vocabulary's own share in the
  /// work of prediction, no forecast of a trained model's bits per byte.
  double unigram_bits_per_byte = 0;

  double characters_per_token() const;
  double bytes_per_token() const;
  double tokens_per_word() const;      // without whitespace_tokens
  double tokens_per_sentence() const;  // likewise
  double rare_share() const;           // of the pieces learned
  double fallback_rate() const;        // of all tokens
  double whitespace_rate() const;
};

struct MeasuredTokenizer {
  const Tokenizer* tokenizer;
  /// How often each piece occurs in the text that the tokenizer was trained on, by id; may be empty.
  std::span<const int64_t> training_counts;
};

/// An analysis of each, in their order. The texts are gone through once.
std::vector<TokenizerAnalysis> analyze(std::span<const MeasuredTokenizer> tokenizers, const TextSource& texts,
                                       const std::string& measured_on);

/// Of one alone.
TokenizerAnalysis analyze(const Tokenizer& tokenizer, const TextSource& texts, const std::string& measured_on,
                          std::span<const int64_t> training_counts = {});

/// As analysis.json holds it.
Json to_json(const TokenizerAnalysis& analysis);

}  // namespace ktlm::tokenizer
