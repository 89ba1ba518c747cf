// Removing markup leaves scars in a line: "베를린 ( , )은", "말했다 .", two spaces in a row. They are mended where
// something was removed and nowhere else, so that what the author wrote stays as it was written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ktlm::text {

struct Scar {
  size_t position;  // in bytes
  bool had_words;   // a template or a link went, not a note, a comment or a formula
};

/// Mends `line` at `scars`, in rising order (repeated positions are fine), and trims its ends.
void mend_line(std::string& line, const std::vector<Scar>& scars);

/// "전화:", "공식 홈페이지:": a few words that name something, then a colon. "다음과 같다:" is a sentence, "정리하면:"
/// a clause.
bool is_label(std::string_view line);
/// "팩스: 02": a label, and words behind it. "12:30" is a time, "http://" an address.
bool starts_with_label(std::string_view line);

}  // namespace ktlm::text
