#include <array>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"
#include "training_text.h"

namespace ktlm::tokenizer {

std::vector<std::string> odd_lines(int count, uint64_t seed) {
  // Ranges of code points; a line takes a few characters from each of several.
  constexpr auto kRanges = std::to_array<std::pair<char32_t, char32_t>>({
      {0xAC00, 0xD7A3},   {0xAC00, 0xAE00},   {0x3131, 0x318E}, {0x1100, 0x11FF}, {0x20, 0x7E},
      {'0', '9'},         {'a', 'c'},         {0x20, 0x21},     {0xFF01, 0xFF5E}, {0xFFA0, 0xFFDC},
      {0x4E00, 0x4E20},   {0xF900, 0xF910},   {0x300, 0x320},   {0xA0, 0x2FF},    {0x2000, 0x206F},
      {0x1F600, 0x1F610}, {0x1F468, 0x1F46A}, {0x200D, 0x200D}, {0, 0x1F},        {0x2580, 0x2580},
  });
  Random random(seed);
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    std::string line;
    for (uint64_t part = 1 + random.below(12); part > 0; --part) {
      const auto [first, last] = kRanges[random.below(kRanges.size())];
      for (uint64_t n = 1 + random.below(6); n > 0; --n)
        text::append_utf8(line, first + static_cast<char32_t>(random.below(last - first + 1)));
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace ktlm::tokenizer
