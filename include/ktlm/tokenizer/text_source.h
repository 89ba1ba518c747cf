// A stream of documents' texts, for whoever reads each once: the trainer, the analysis.
#pragma once

#include <functional>
#include <string_view>

namespace ktlm::tokenizer {

/// Calls its argument for each text, in a fixed order, until that returns false. May be called again, from the start.
using TextSource = std::function<void(const std::function<bool(std::string_view)>& visit)>;

}  // namespace ktlm::tokenizer
