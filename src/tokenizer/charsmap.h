// The table of replacements in a SentencePiece model (normalizer_spec.precompiled_charsmap): a length, a double array
// of the texts that are replaced (Darts-clone), and the replacements, each ended by a zero. SentencePiece follows the
// array unchecked, so that a damaged one crashes it; hence it is gone through first.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::tokenizer {

/// Throws Error, beginning with `where` and ending with `way_out`, where following the table of `content`, a
/// SentencePiece model file, would leave it. False for what ProtobufReader can't read to its end: SentencePiece takes
/// more (groups, fields of another wire type), and so might meet a table that was not gone through.
[[nodiscard]] bool check_charsmap(std::string_view content, const std::string& where, const std::string& way_out);

}  // namespace ktlm::tokenizer
