// The codes under which Wikipedia's flag templates name countries: {{KOR}}, {{국기|USA}}.
#pragma once

#include <string_view>

namespace ktlm::text {

/// "KOR" -> "대한민국"; empty for what is no code. Capitals only.
std::string_view country_name(std::string_view code);

}  // namespace ktlm::text
