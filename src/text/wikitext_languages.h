// The codes of languages: what kowiki calls the language, and which links lead to another language's page.
#pragma once

#include <string_view>

namespace ktlm::text {

/// "de" -> "독일어", in any case; empty for a code not listed.
std::string_view language_name(std::string_view code);
/// A code of a language or of a Wikipedia, in small letters.
bool is_language_code(std::string_view code);

}  // namespace ktlm::text
