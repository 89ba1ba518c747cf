#include "terminal_output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "ktlm/text/utf8.h"

namespace ktlm::cli {

size_t terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) return 0;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0); }

std::string without_controls(std::string_view text) {
  std::string shown;
  for (size_t position = 0; position < text.size();) {
    const size_t begin = position;
    const char32_t c = text::decode_utf8(text, position);
    if (is_control(c) && c != '\n' && c != '\t')
      text::append_utf8(shown, text::kReplacementCharacter);
    else
      shown += text.substr(begin, position - begin);
  }
  return shown;
}

std::string on_one_line(std::string_view text) {
  std::string line = without_controls(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

}  // namespace ktlm::cli
