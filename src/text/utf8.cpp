#include "ktlm/text/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ktlm::text {
namespace {

// One decoding step. `length` counts the bytes of the character, or of the maximal subpart that one U+FFFD stands for;
// `missing` tells that the text ended inside a character that was well-formed so far.
struct Decoded {
  char32_t code_point;
  size_t length;
  bool valid;
  bool missing;
};

// Table 3-7 of the Unicode standard: the lead byte fixes the length and the range of the second byte.
Decoded decode_at(std::string_view text, size_t position) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true, false};
  size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  char32_t c = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    c = lead & 0x1F;
  } else if ((lead & 0xF0) == 0xE0) {
    length = 3;
    c = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;   // overlong
    if (lead == 0xED) high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    c = lead & 0x07;
    if (lead == 0xF0) low = 0x90;   // overlong
    if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
  } else {
    return {kReplacementCharacter, 1, false, false};
  }
  for (size_t i = 1; i < length; ++i) {
    if (position + i == text.size()) return {kReplacementCharacter, i, false, true};
    if (byte(i) < low || byte(i) > high) return {kReplacementCharacter, i, false, false};
    c = (c << 6) | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {c, length, true, false};
}

// Where the ASCII characters from `position` on end, eight at a time.
size_t skip_ascii(std::string_view text, size_t position) {
  while (position + 8 <= text.size()) {
    uint64_t word;
    std::memcpy(&word, text.data() + position, 8);
    if (word & 0x8080808080808080ULL) break;
    position += 8;
  }
  while (position < text.size() && static_cast<unsigned char>(text[position]) < 0x80) ++position;
  return position;
}

constexpr size_t kBlockBytes = 256;

// Whether bytes[0 .. kBlockBytes) go on validly from the three bytes before them. Table 3-7 again, byte by byte and
// without a branch, so that compilers turn it into operations on 16 or 32 bytes at once: a byte continues a character
// exactly where one of the three before it demands so, and some pairs of bytes are never right.
bool block_is_valid(const unsigned char* bytes) {
  unsigned char bad = 0;
  for (std::ptrdiff_t i = 0; i < std::ptrdiff_t{kBlockBytes}; ++i) {  // signed: bytes[-1] is the byte before
    const unsigned char b = bytes[i], before = bytes[i - 1];
    const unsigned char continues = (b & 0xC0) == 0x80;
    const unsigned char must_continue = (before >= 0xC0) | (bytes[i - 2] >= 0xE0) | (bytes[i - 3] >= 0xF0);
    bad |= continues ^ must_continue;
    bad |= (b == 0xC0) | (b == 0xC1) | (b >= 0xF5);
    bad |= ((before == 0xE0) & (b < 0xA0)) | ((before == 0xED) & (b > 0x9F));  // overlong; surrogates
    bad |= ((before == 0xF0) & (b < 0x90)) | ((before == 0xF4) & (b > 0x8F));  // overlong; beyond U+10FFFF
  }
  return bad == 0;
}

// Where the blocks of valid text from `position` on, a character's start, end: again a character's start.
size_t skip_valid_blocks(std::string_view text, size_t position) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  // Behind a malformed byte, which a block takes for the beginning of a character, no stray byte may go on with it.
  if (position < text.size() && (bytes[position] & 0xC0) == 0x80) return position;
  size_t end = position;
  while (end >= 3 && end + kBlockBytes <= text.size() && block_is_valid(bytes + end)) end += kBlockBytes;
  return end - incomplete_utf8_suffix(text.substr(position, end - position));
}

// The first malformed byte at or behind `position`, or the text's size.
size_t find_malformed(std::string_view text, size_t position) {
  while (true) {
    position = skip_valid_blocks(text, position);
    const size_t stop = std::min(text.size(), position + kBlockBytes);
    while (position < stop && (position = skip_ascii(text, position)) < text.size()) {
      const Decoded decoded = decode_at(text, position);
      if (!decoded.valid) return position;
      position += decoded.length;
    }
    if (position >= text.size()) return text.size();
  }
}

}  // namespace

char32_t decode_utf8(std::string_view text, size_t& position) {
  const Decoded decoded = decode_at(text, position);
  position += decoded.length;
  return decoded.code_point;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = kReplacementCharacter;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    const char bytes[] = {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    out.append(bytes, 2);
  } else if (c < 0x10000) {
    const char bytes[] = {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                          static_cast<char>(0x80 | (c & 0x3F))};
    out.append(bytes, 3);
  } else {
    const char bytes[] = {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3F)),
                          static_cast<char>(0x80 | ((c >> 6) & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    out.append(bytes, 4);
  }
}

bool is_valid_utf8(std::string_view text) { return find_malformed(text, 0) == text.size(); }

std::string repair_utf8(std::string_view text, size_t* num_replaced) {
  std::string out;
  out.reserve(text.size());
  size_t replaced = 0;
  for (size_t position = 0; position < text.size();) {
    const size_t malformed = find_malformed(text, position);
    out.append(text, position, malformed - position);
    position = malformed;
    if (position < text.size()) {
      append_utf8(out, decode_utf8(text, position));
      ++replaced;
    }
  }
  if (num_replaced != nullptr) *num_replaced = replaced;
  return out;
}

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

size_t incomplete_utf8_suffix(std::string_view text) {
  for (size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    const size_t position = text.size() - length;
    if ((static_cast<unsigned char>(text[position]) & 0xC0) == 0x80) continue;
    return decode_at(text, position).missing ? length : 0;
  }
  return 0;
}

}  // namespace ktlm::text
