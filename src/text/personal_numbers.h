// Resident registration numbers, telephone numbers and card numbers in a text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "ktlm/text/personal_data.h"

namespace ktlm::text {

struct PersonalMatch {
  PersonalData kind = PersonalData::kEmail;
  size_t begin = 0, end = 0;
};

/// The first number at or behind `from`, which is the text's start or the end of the number found before.
std::optional<PersonalMatch> find_personal_number(std::string_view text, size_t from);

}  // namespace ktlm::text
