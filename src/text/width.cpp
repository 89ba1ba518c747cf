#include "ktlm/text/width.h"

#include <utf8proc.h>

#include "ktlm/text/utf8.h"

namespace ktlm::text {

int column_width(char32_t code_point) {
  // Vowels and final consonants of conjoining jamo stand in their syllable, which its first one makes two columns wide.
  const bool joins = (code_point >= 0x1160 && code_point <= 0x11FF) || (code_point >= 0xD7B0 && code_point <= 0xD7FF);
  if (joins) return 0;
  return utf8proc_charwidth(static_cast<utf8proc_int32_t>(code_point));
}

size_t column_width(std::string_view text) {
  size_t width = 0;
  for (size_t position = 0; position < text.size();)
    width += static_cast<size_t>(column_width(decode_utf8(text, position)));
  return width;
}

std::string cut_to_width(std::string_view text, size_t columns) {
  size_t position = 0, width = 0;
  while (position < text.size()) {
    size_t next = position;
    width += static_cast<size_t>(column_width(decode_utf8(text, next)));
    if (width > columns) break;
    position = next;
  }
  return std::string(text.substr(0, position));
}

}  // namespace ktlm::text
