// A set of bytes that text is scanned for: one table look-up a byte, where find_first_of makes a call.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ktlm::text {

class ByteSet {
 public:
  constexpr explicit ByteSet(std::string_view bytes) {
    for (const char byte : bytes) members_[static_cast<unsigned char>(byte)] = true;
  }

  bool has(char byte) const { return members_[static_cast<unsigned char>(byte)]; }

  /// The first member at or behind `position`, or `end`.
  size_t find(std::string_view text, size_t position, size_t end) const {
    while (position < end && !has(text[position])) ++position;
    return position;
  }

 private:
  std::array<bool, 256> members_{};
};

}  // namespace ktlm::text
