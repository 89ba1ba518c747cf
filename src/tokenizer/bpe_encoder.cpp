#include "bpe_encoder.h"

#include <algorithm>
#include <bit>
#include <queue>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {
namespace {

constexpr uint64_t kEmptySlot = ~uint64_t{0};
// Up to here a scan for the best pair beats a queue.
constexpr size_t kShortWord = 32;

uint64_t pair_of(TokenId left, TokenId right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

BpeEncoder::BpeEncoder(const std::vector<Piece>& pieces) : basic_plane_(0x10000, kNone) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const Piece& piece = pieces[i];
    if (piece.type == PieceType::kNormal) {
      size_t end = 0;
      const char32_t character = text::decode_utf8(piece.text, end);
      if (end < piece.text.size()) continue;
      if (character < basic_plane_.size())
        basic_plane_[character] = id;
      else
        beyond_.emplace(character, id);
    }
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto found = std::ranges::find(pieces, byte_piece(byte), &Piece::text);
    byte_ids_[byte] = static_cast<TokenId>(found - pieces.begin());
  }
  // A "▁" in the text is no space: its three bytes bring it back as it was, where the piece would give a space.
  basic_plane_[' '] = std::exchange(basic_plane_[kSpaceMark], kNone);

  const auto rules = list_merge_rules(pieces);
  slots_.assign(std::bit_ceil(std::max<size_t>(16, 2 * rules.size())), Slot{kEmptySlot, kNone});
  for (const MergeRule& rule : rules) {
    const uint64_t pair = pair_of(rule.left, rule.right);
    size_t slot = mix64(pair) & (slots_.size() - 1);
    while (slots_[slot].pair != kEmptySlot) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = {pair, rule.merged};
  }
}

TokenId BpeEncoder::character_id(char32_t character) const {
  if (character < basic_plane_.size()) return basic_plane_[character];
  const auto found = beyond_.find(character);
  return found == beyond_.end() ? kNone : found->second;
}

TokenId BpeEncoder::merge_of(TokenId left, TokenId right) const {
  const uint64_t pair = pair_of(left, right);
  for (size_t slot = mix64(pair) & (slots_.size() - 1); slots_[slot].pair != kEmptySlot;
       slot = (slot + 1) & (slots_.size() - 1))
    if (slots_[slot].pair == pair) return slots_[slot].merged;
  return kNone;
}

void BpeEncoder::encode(std::string_view text, std::vector<TokenId>& ids) const {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && text[end] != ' ' && text[end] != '\n') ++end;
    encode_word(text.substr(begin, end - begin), ids);
    begin = end;
  }
}

void BpeEncoder::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  const size_t begin = ids.size();
  for (size_t position = 0; position < word.size();) {
    const size_t start = position;
    const TokenId id = character_id(text::decode_utf8(word, position));
    if (id != kNone)
      ids.push_back(id);
    else
      for (const char byte : word.substr(start, position - start))
        ids.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  }
  if (ids.size() - begin <= kShortWord)
    merge_short(ids, begin);
  else
    merge_long(ids, begin);
}

// Scans for the best rule, applies it, and looks up the two pairs that changed.
void BpeEncoder::merge_short(std::vector<TokenId>& ids, size_t begin) const {
  TokenId* const symbols = ids.data() + begin;
  size_t count = ids.size() - begin;
  std::array<TokenId, kShortWord> merges;  // merges[i]: what symbols i and i + 1 become
  for (size_t i = 0; i + 1 < count; ++i) merges[i] = merge_of(symbols[i], symbols[i + 1]);
  while (count > 1) {
    size_t best = 0;
    TokenId best_merge = kNone;
    for (size_t i = 0; i + 1 < count; ++i) {
      if (merges[i] != kNone && (best_merge == kNone || merges[i] < best_merge)) {
        best_merge = merges[i];
        best = i;
      }
    }
    if (best_merge == kNone) break;
    symbols[best] = best_merge;
    for (size_t i = best + 1; i + 1 < count; ++i) {
      symbols[i] = symbols[i + 1];
      merges[i - 1] = merges[i];
    }
    --count;
    if (best > 0) merges[best - 1] = merge_of(symbols[best - 1], symbols[best]);
    if (best + 1 < count) merges[best] = merge_of(symbols[best], symbols[best + 1]);
  }
  ids.resize(begin + count);
}

// The same with a queue of candidates over a linked list, in n log n, for runs without spaces of any length.
void BpeEncoder::merge_long(std::vector<TokenId>& ids, size_t begin) const {
  struct Symbol {
    TokenId id;
    size_t previous, next;
  };
  struct Candidate {
    TokenId merged;
    size_t left, right;
    TokenId left_id, right_id;  // as they were: a candidate is void once either has changed
    bool operator<(const Candidate& other) const {
      return merged != other.merged ? merged > other.merged : left > other.left;
    }
  };
  const size_t count = ids.size() - begin, none = count;
  std::vector<Symbol> symbols(count);
  std::priority_queue<Candidate> queue;
  const auto consider = [&](size_t left, size_t right) {
    if (left == none || right == none) return;
    const TokenId merged = merge_of(symbols[left].id, symbols[right].id);
    if (merged != kNone) queue.push({merged, left, right, symbols[left].id, symbols[right].id});
  };
  for (size_t i = 0; i < count; ++i) symbols[i] = {ids[begin + i], i == 0 ? none : i - 1, i + 1};
  for (size_t i = 0; i + 1 < count; ++i) consider(i, i + 1);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    if (symbols[best.left].id != best.left_id || symbols[best.right].id != best.right_id) continue;
    symbols[best.left].id = best.merged;
    symbols[best.right].id = kNone;
    const size_t next = symbols[best.right].next;
    symbols[best.left].next = next;
    if (next != none) symbols[next].previous = best.left;
    consider(symbols[best.left].previous, best.left);
    consider(best.left, next);
  }
  ids.resize(begin);
  for (size_t i = 0; i < count; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace ktlm::tokenizer
