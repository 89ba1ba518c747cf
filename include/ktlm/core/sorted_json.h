// JSON with objects of many thousand keys, such as a vocabulary: Json keeps the order of its keys and looks through all
// of them for each one, which here would take seconds.
#pragma once

#include <string>
#include <string_view>

#include "ktlm/core/json.h"

namespace ktlm {

using SortedJson = nlohmann::json;

/// As parse_json. Throws Error "<where>: not valid JSON: ... (at byte 17)".
SortedJson parse_sorted_json(std::string_view text, const std::string& where);

}  // namespace ktlm
