// Encoding with a tokenizer.model of other make: SentencePiece by the model's own rules, between the tokens that were
// added to it. As transformers does, a space goes in front of the text ("dummy prefix"), not of what follows a token.
#pragma once

#include <sentencepiece_processor.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "foreign_settings.h"

namespace ktlm::tokenizer {

/// A SentencePiece model file's content, opened with the prefix that the settings ask for. Null where it is none, and
/// `problem` says why on one line: in SentencePiece's own words, or by the size of what is no such file at all.
std::unique_ptr<sentencepiece::SentencePieceProcessor> open_sentencepiece(const std::string& content,
                                                                          const ForeignSettings& settings,
                                                                          std::string& problem);

class ForeignEncoder {
 public:
  /// `model` is what open_sentencepiece gave for `content` and `settings`; `where` opens messages.
  ForeignEncoder(std::unique_ptr<sentencepiece::SentencePieceProcessor> model, const std::string& content,
                 const ForeignSettings& settings, std::string where);

  /// Appends the ids. `is_beginning`: else the text goes on behind a control token. Safe to call from several threads.
  void encode(std::string_view text, bool is_beginning, std::vector<TokenId>& ids) const;

  const sentencepiece::SentencePieceProcessor& sentencepiece() const { return *beginning_; }
  /// Whether a space is put in front of a text, which decoding takes off again.
  bool has_prefix() const { return has_prefix_; }

 private:
  const AddedToken* token_at(std::string_view text) const;
  void encode_part(std::string_view text, bool is_beginning, std::vector<TokenId>& ids) const;

  std::string where_;
  bool has_prefix_ = false;
  bool prefixes_each_part_, spares_leading_space_;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> beginning_;
  std::unique_ptr<sentencepiece::SentencePieceProcessor> inside_;  // without a prefix; null where it is not needed
  std::array<std::vector<AddedToken>, 256> text_tokens_;           // by first byte, the longest first
};

}  // namespace ktlm::tokenizer
