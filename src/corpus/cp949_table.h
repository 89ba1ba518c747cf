// The table behind the decoder of CP949.
#pragma once

#include <string_view>

namespace ktlm::corpus {

/// [first byte - 0xA1][second byte - 0xA1]; a row ends behind its last character.
extern const std::u16string_view kKsX1001[94];

}  // namespace ktlm::corpus
