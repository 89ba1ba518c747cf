// Character references of HTML, "&amp;" and "&#44032;", to UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ktlm::text {

/// Appends the character that the reference at `position` (an '&') stands for, moves `position` behind it and returns
/// true. Otherwise, for an unknown name or a missing semicolon, changes nothing and returns false.
bool decode_html_entity(std::string_view text, size_t& position, std::string& out);

}  // namespace ktlm::text
