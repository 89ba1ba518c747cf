#include "part_lines.h"

#include <algorithm>
#include <utility>

#include "duplicates.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

std::string_view FrameLines::next(bool val) {
  std::string_view& rest = rest_[val];
  if (!std::exchange(is_read_[val], true)) rest = pieces_[val] = parts_.text(frame_, val);
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

std::string without_repeated_lines(const std::string& text, const std::vector<uint64_t>& repeated, int64_t min_chars,
                                   int64_t& num_removed) {
  std::string kept;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    uint64_t hash = 0;
    if (hash_line(line, min_chars, hash) && std::ranges::binary_search(repeated, hash)) {
      ++num_removed;
    } else if (!line.empty() || !(kept.empty() || kept.ends_with("\n\n"))) {  // what is gone leaves no hole
      kept.append(line).push_back('\n');
    }
    begin = end + 1;
  }
  while (kept.ends_with('\n')) kept.pop_back();
  return kept;
}

bool is_too_little(std::string_view text, const PrepareConfig& config) {
  return text.empty() || text::count_code_points(text) < static_cast<size_t>(config.min_chars);
}

}  // namespace ktlm::corpus
