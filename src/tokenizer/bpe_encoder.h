// BPE encoding for the vocabularies that ktlm trains: their pieces hold a space only at the start and no newline, so
// that each word can be merged on its own, in a few table look-ups. Gives SentencePiece's ids, several times faster.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pieces.h"

namespace ktlm::tokenizer {

class BpeEncoder {
 public:
  explicit BpeEncoder(const std::vector<Piece>& pieces);

  /// Appends the ids of `text`, valid UTF-8. Safe to call from several threads.
  void encode(std::string_view text, std::vector<TokenId>& ids) const;

 private:
  static constexpr TokenId kNone = -1;

  TokenId character_id(char32_t character) const;
  TokenId merge_of(TokenId left, TokenId right) const;
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;
  void merge_short(std::vector<TokenId>& ids, size_t begin) const;
  void merge_long(std::vector<TokenId>& ids, size_t begin) const;

  // Open addressing, at most half full: one cache line per look-up.
  struct Slot {
    uint64_t pair;
    TokenId merged;
  };
  std::vector<Slot> slots_;
  std::vector<TokenId> basic_plane_;  // of U+0000 .. U+FFFF
  std::unordered_map<char32_t, TokenId> beyond_;
  std::array<TokenId, 256> byte_ids_{};
};

}  // namespace ktlm::tokenizer
