// Removing markup leaves scars in a line: "베를린 ( , )은", "말했다 .", two spaces in a row. They are mended where
// something was removed and nowhere else, so that what the author wrote stays as it was written.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ktlm::text {

/// Mends `line` at `scars`, byte positions in rising order (repeated ones are fine), and trims its ends. Returns
/// whether nothing is left but a label whose words were removed ("전화:"); whether it introduces other lines, the
/// caller knows.
bool mend_line(std::string& line, const std::vector<size_t>& scars);

}  // namespace ktlm::text
