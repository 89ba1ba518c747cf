// What prepare counted, as JSON: in the manifest, in --json, and in a part's state, which is read back.
#pragma once

#include <string>

#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

Json counts_json(const DocumentCounts& counts);
/// The counts that counts_json() wrote. Throws Error "<where>: ...".
DocumentCounts counts_from_json(const Json& json, const std::string& where);

}  // namespace ktlm::corpus
