// The vocabulary as a list of pieces, in the order of their ids: unknown, control tokens, 256 bytes, then what training
// found: merged pieces, the earliest merge first, and single characters. BPE's merges follow from that list alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/vocabulary.h"

namespace ktlm::tokenizer {

// A space, as it stands in a piece: U+2581.
inline constexpr char32_t kSpaceMark = 0x2581;
inline constexpr std::string_view kSpaceMarkUtf8 = "\xE2\x96\x81";
// As SentencePiece's max_sentencepiece_length.
inline constexpr int kMaxPieceCharacters = 16;

/// The pieces that every tokenizer of ktlm starts with: <unk> <s> </s> <pad>, ChatML's markers, reserved tokens, bytes.
std::vector<Piece> fixed_pieces();

/// "<0x0A>" for 10.
std::string byte_piece(unsigned byte);

/// Two adjacent pieces become one. BPE applies, again and again, the rule with the smallest `merged` that applies
/// anywhere, leftmost first.
struct MergeRule {
  TokenId left, right, merged;
};

/// Every way to put a normal piece together from two: all of them are rules, since SentencePiece merges whatever gives
/// a piece. Sorted by merged, left, right.
std::vector<MergeRule> list_merge_rules(const std::vector<Piece>& pieces);

}  // namespace ktlm::tokenizer
