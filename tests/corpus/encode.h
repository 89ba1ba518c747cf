// UTF-8 into the other encodings, for tests of their decoders: CP949 by turning the decoder's own mapping around, which
// encoding_test.cpp holds against a hash of another program's.
#pragma once

#include <map>
#include <string>

#include "encoding.h"
#include "ktlm/text/utf8.h"

namespace ktlm::test {

inline std::string decoded(corpus::Encoding encoding, std::string_view bytes, int64_t* num_malformed = nullptr) {
  std::string out;
  int64_t malformed = 0;
  corpus::decode(encoding, bytes, true, out, malformed);
  if (num_malformed != nullptr) *num_malformed = malformed;
  return out;
}

/// '?' for what CP949 lacks.
inline std::string to_cp949(std::string_view utf8) {
  static const std::map<char32_t, std::string> kPairs = [] {
    std::map<char32_t, std::string> pairs;
    for (int lead = 0x81; lead < 0xFF; ++lead) {
      for (int trail = 0x41; trail < 0xFF; ++trail) {
        const std::string pair{static_cast<char>(lead), static_cast<char>(trail)};
        int64_t malformed = 0;
        const std::string character = decoded(corpus::Encoding::kCp949, pair, &malformed);
        size_t position = 0;
        if (malformed == 0) pairs.emplace(text::decode_utf8(character, position), pair);
      }
    }
    return pairs;
  }();
  std::string out;
  for (size_t i = 0; i < utf8.size();) {
    const char32_t character = text::decode_utf8(utf8, i);
    const auto found = kPairs.find(character);
    if (character < 0x80)
      out += static_cast<char>(character);
    else
      out += found == kPairs.end() ? "?" : found->second;
  }
  return out;
}

inline std::string to_utf16(std::string_view utf8, bool big_endian) {
  std::string out;
  const auto append = [&](char32_t unit) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    out += big_endian ? high : low;
    out += big_endian ? low : high;
  };
  for (size_t i = 0; i < utf8.size();) {
    const char32_t character = text::decode_utf8(utf8, i);
    if (character >= 0x10000) {
      append(0xD800 + ((character - 0x10000) >> 10));
      append(0xDC00 + ((character - 0x10000) & 0x3FF));
    } else {
      append(character);
    }
  }
  return out;
}

}  // namespace ktlm::test
