// A JSON schema (json-schema.org) as a regular expression, so that what is drawn under it parses and validates. JSON is
// written as Python's json.dumps does: a space behind ":" and ",", no line ends; the properties in the schema's order.
#pragma once

#include <string>

#include "ktlm/core/json.h"

namespace ktlm::generate {

/// Known are type, properties, required, additionalProperties, items, minItems, maxItems, enum, const, minLength,
/// maxLength, minimum, maximum (of integers), format (date, time, date-time, uuid), anyOf, oneOf (whose branches are
/// taken to exclude each other), $ref within the schema, and annotations. What refers to itself nests a few levels
/// deep. Throws ConfigError "<where>: #/properties/age: ..." for all else, and for a schema that nothing fits.
std::string json_schema_regex(const Json& schema, const std::string& where);

}  // namespace ktlm::generate
