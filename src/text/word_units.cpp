// One pass over the bytes: the lead byte alone tells a letter from a mark in all but a few blocks, and the last
// syllable of a word leads to the few suffixes that end in it.
#include "ktlm/text/word_units.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::text {
namespace {

constexpr size_t kSyllableBytes = 3;
constexpr char32_t kFirstSyllable = 0xAC00;
constexpr size_t kNumSyllables = 0xD7A3 - kFirstSyllable + 1;

// The syllable that three bytes, 1110xxxx 10xxxxxx 10xxxxxx, make; 0 where they make none.
constexpr uint32_t syllable_at(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[position + i])); };
  const uint32_t code_point = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return byte(0) >= 0xE0 && is_hangul_syllable(code_point) ? code_point : 0;
}

// The last three syllables, 16 bits each, the last one lowest: suffixes are compared by one instruction.
constexpr uint64_t tail_of(std::string_view word) {
  uint64_t tail = 0;
  for (size_t i = 0; i < 3 && word.size() >= (i + 1) * kSyllableBytes; ++i)
    tail |= uint64_t{syllable_at(word, word.size() - (i + 1) * kSyllableBytes)} << (16 * i);
  return tail;
}

struct Suffix {
  uint64_t tail = 0, mask = 0;
  size_t size = 0;  // bytes
};

constexpr uint32_t last_syllable(const Suffix& suffix) { return suffix.tail & 0xFFFF; }

// The commonest in news, encyclopedia and statutes. By their last syllable, then longer before shorter, so that the
// first that fits is the longest.
constexpr auto kSuffixes = [] {
  constexpr auto kTexts = std::to_array<std::string_view>(
      {"은",   "는",     "이",   "가",   "을",   "를",   "의",   "에",     "와",     "과",     "도",
       "만",   "로",     "으로", "에서", "에게", "에는", "에도", "까지",   "부터",   "보다",   "처럼",
       "라고", "이라고", "라는", "한",   "된",   "하는", "되는", "있는",   "하고",   "이고",   "고",
       "하여", "되어",   "해서", "하며", "이며", "지만", "면서", "다",     "했다",   "한다",   "하다",
       "된다", "됐다",   "되다", "이다", "있다", "없다", "니다", "습니다", "입니다", "합니다", "됩니다"});
  std::array<Suffix, kTexts.size()> suffixes;
  for (size_t i = 0; i < kTexts.size(); ++i) {
    const size_t num_syllables = kTexts[i].size() / kSyllableBytes;
    suffixes[i] = {tail_of(kTexts[i]), (uint64_t{1} << (16 * num_syllables)) - 1, kTexts[i].size()};
  }
  std::sort(suffixes.begin(), suffixes.end(), [](const Suffix& a, const Suffix& b) {
    return last_syllable(a) != last_syllable(b) ? last_syllable(a) < last_syllable(b) : a.size > b.size;
  });
  return suffixes;
}();

// By last syllable: 1 + where its suffixes begin, 0 where there are none.
constexpr auto kFirstSuffix = [] {
  std::array<uint8_t, kNumSyllables> first{};
  for (size_t i = kSuffixes.size(); i-- > 0;)
    first[last_syllable(kSuffixes[i]) - kFirstSyllable] = static_cast<uint8_t>(i + 1);
  return first;
}();

// The longest suffix, of more than `shorter_bytes`, that `word` ends in; else empty.
std::string_view suffix_of(std::string_view word, size_t shorter_bytes) {
  if (word.size() < kSyllableBytes) return {};
  const uint32_t last = syllable_at(word, word.size() - kSyllableBytes);
  if (last == 0) return {};
  const size_t first = kFirstSuffix[last - kFirstSyllable];
  if (first == 0) return {};
  const uint64_t tail = tail_of(word);
  for (size_t i = first - 1; i < kSuffixes.size() && last_syllable(kSuffixes[i]) == last; ++i) {
    const Suffix& suffix = kSuffixes[i];
    if (suffix.size > shorter_bytes && (tail & suffix.mask) == suffix.tail)
      return word.substr(word.size() - suffix.size);
  }
  return {};
}

void append_word(std::string_view word, std::vector<std::string_view>& units) {
  const std::string_view outer = suffix_of(word, 0);
  if (outer.empty() || outer.size() == word.size()) return units.push_back(word);
  word.remove_suffix(outer.size());
  // 서울에서|는: a second one, but of two syllables or more, for nouns end in 이, 도, 의 as well.
  const std::string_view inner = suffix_of(word, kSyllableBytes);
  if (inner.size() < word.size()) {
    word.remove_suffix(inner.size());
    units.push_back(word);
  }
  if (!inner.empty()) units.push_back(inner);
  units.push_back(outer);
}

enum class Kind : uint8_t { kLetter, kHangul, kDigit, kSpace, kMark, kMixedBlock };

// By lead byte; kMixedBlock asks for the whole character.
constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (size_t byte = 0; byte < 0x80; ++byte) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool digit = byte >= '0' && byte <= '9';
    kinds[byte] = letter ? Kind::kLetter : digit ? Kind::kDigit : byte <= ' ' ? Kind::kSpace : Kind::kMark;
  }
  for (const size_t byte : {0xC2, 0xC3, 0xE2, 0xE3, 0xEF}) kinds[byte] = Kind::kMixedBlock;
  for (const size_t byte : {0xEA, 0xEB, 0xEC, 0xED}) kinds[byte] = Kind::kHangul;
  return kinds;
}();

constexpr size_t length_by_lead(unsigned char lead) { return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

Kind kind_in_mixed_block(std::string_view text, size_t position) {
  const char32_t c = decode_utf8(text, position);
  switch (script_of(c)) {
    case Script::kSpace:
      return Kind::kSpace;
    case Script::kPunctuation:
      return Kind::kMark;
    default:
      // Currency signs, arrows, operators, boxes, pictures.
      return (c >= 0x20A0 && c <= 0x20CF) || (c >= 0x2190 && c <= 0x2BFF) ? Kind::kMark : Kind::kLetter;
  }
}

// 1,234 and 3.5 are one unit. The character before is a digit.
bool is_inside_number(std::string_view text, size_t position) {
  if (text[position] != ',' && text[position] != '.') return false;
  return position + 1 < text.size() && text[position + 1] >= '0' && text[position + 1] <= '9';
}

}  // namespace

void split_word_units(std::string_view text, std::vector<std::string_view>& units) {
  size_t begin = 0;  // of the word at `position`; the same where none has begun
  Kind before = Kind::kSpace;
  for (size_t position = 0; position < text.size();) {
    const auto lead = static_cast<unsigned char>(text[position]);
    size_t next = std::min(position + length_by_lead(lead), text.size());
    Kind kind = kKinds[lead];
    if (kind == Kind::kMixedBlock) kind = kind_in_mixed_block(text, position);
    if (kind == Kind::kMark && before == Kind::kDigit && is_inside_number(text, position)) kind = Kind::kDigit;
    if (kind == Kind::kSpace || kind == Kind::kMark) {
      if (begin < position) append_word(text.substr(begin, position - begin), units);
      if (kind == Kind::kMark) {
        const std::string_view mark = text.substr(position, next - position);
        while (next < text.size() && text[next] == text[position] && text.substr(next).starts_with(mark))
          next += mark.size();
        units.push_back(text.substr(position, next - position));
      }
      begin = next;
    } else if (kind == Kind::kHangul && before == Kind::kDigit) {
      units.push_back(text.substr(begin, position - begin));
      begin = position;
    }
    if (kind == Kind::kHangul) {
      while (next < text.size() && kKinds[static_cast<unsigned char>(text[next])] == Kind::kHangul)
        next = std::min(next + kSyllableBytes, text.size());
    }
    before = kind;
    position = next;
  }
  if (begin < text.size()) append_word(text.substr(begin), units);
}

}  // namespace ktlm::text
