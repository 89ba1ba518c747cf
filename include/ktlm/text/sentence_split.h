// Cuts Korean text into sentences.
#pragma once

#include <string_view>
#include <vector>

namespace ktlm::text {

/// The sentences in order, without surrounding white space, as views into `text`. A newline always ends a sentence.
std::vector<std::string_view> split_sentences(std::string_view text);

}  // namespace ktlm::text
