// Word units as numbers: their kind and their hash, which the quality filters and the search for near-duplicates share,
// so that a text is cut and hashed once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/word_units.h"

namespace ktlm::corpus {

enum class UnitKind : uint8_t { kHangul, kLetters, kDigits, kMark, kMixedBlock };

inline constexpr auto kUnitKinds = [] {
  std::array<UnitKind, 256> kinds{};
  for (size_t lead = 0; lead < 256; ++lead) {
    const bool letter = lead >= 0x80 || (lead >= 'a' && lead <= 'z') || (lead >= 'A' && lead <= 'Z');
    const bool digit = lead >= '0' && lead <= '9';
    kinds[lead] = letter ? UnitKind::kLetters : digit ? UnitKind::kDigits : UnitKind::kMark;
  }
  for (const size_t lead : {0xEA, 0xEB, 0xEC, 0xED}) kinds[lead] = UnitKind::kHangul;
  for (const size_t lead : {0xC2, 0xC3, 0xE1, 0xE2, 0xE3, 0xEF, 0xF0}) kinds[lead] = UnitKind::kMixedBlock;
  return kinds;
}();

inline UnitKind kind_in_mixed_block(std::string_view unit) {
  size_t position = 0;
  switch (text::script_of(text::decode_utf8(unit, position))) {
    case text::Script::kHangulJamo:
      return UnitKind::kHangul;
    case text::Script::kHanja:
    case text::Script::kLatin:
    case text::Script::kKana:
      return UnitKind::kLetters;
    default:
      return UnitKind::kMark;  // and pictures: ☆, 😀
  }
}

inline UnitKind kind_of(std::string_view unit) {
  const UnitKind kind = kUnitKinds[static_cast<unsigned char>(unit.front())];
  if (kind == UnitKind::kMixedBlock) return kind_in_mixed_block(unit);
  if (kind != UnitKind::kDigits) return kind;
  const bool letter = std::ranges::any_of(unit, [](char c) { return (c & 0x80) != 0 || (c >= 'A' && c <= 'z'); });
  return letter ? UnitKind::kLetters : kind;  // 3D
}

// Characters that begin in the eight bytes: all bytes but 10xxxxxx. (std::popcount is a call where no CPU is assumed.)
inline uint32_t count_chars(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t continuations = (bytes >> 7) & ~(bytes >> 6) & kOnes;
  return 8 - static_cast<uint32_t>((continuations * kOnes) >> 56);
}

inline uint64_t mixed(uint64_t hash, uint64_t bytes) {
  hash = (hash ^ bytes) * 0xD6E8FEB86659FD93;
  return hash ^ (hash >> 32);
}

struct HashedUnit {
  uint64_t hash = 0;
  uint32_t chars = 0;
};

// Eight bytes at a time; `text_end` bounds what may be read.
inline HashedUnit hash_unit(std::string_view unit, const char* text_end) {
  HashedUnit out{.hash = unit.size()};
  const char* at = unit.data();
  for (size_t left = unit.size(); left > 0;) {
    const size_t size = std::min<size_t>(left, 8);
    uint64_t bytes = 0;
    if (text_end - at >= 8) {
      std::memcpy(&bytes, at, 8);
      if (size < 8) bytes &= (uint64_t{1} << (8 * size)) - 1;
    } else {
      std::memcpy(&bytes, at, size);
    }
    out.chars += count_chars(bytes) - static_cast<uint32_t>(8 - size);
    out.hash = mixed(out.hash, bytes);
    at += size;
    left -= size;
  }
  out.hash = mixed(out.hash, 0);
  return out;
}

/// The hashes of a text's words in order: of all its units but marks.
inline void hash_words(std::string_view text, std::vector<uint64_t>& hashes) {
  std::vector<std::string_view> units;
  text::split_word_units(text, units);
  for (const std::string_view unit : units) {
    if (kind_of(unit) != UnitKind::kMark) hashes.push_back(hash_unit(unit, text.data() + text.size()).hash);
  }
}

}  // namespace ktlm::corpus
