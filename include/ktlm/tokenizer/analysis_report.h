// Analyses of one or several tokenizers for people: a table for the terminal, a page with pictures.
#pragma once

#include <span>
#include <string>

#include "ktlm/core/json.h"
#include "ktlm/tokenizer/analysis.h"
#include "ktlm/tokenizer/vocabulary_choice.h"

namespace ktlm::tokenizer {

/// A row per figure, a column per vocabulary; of one alone also what its pieces are. With what each costs `models`.
/// Without a newline at the end.
std::string to_table(std::span<const TokenizerAnalysis> analyses, std::span<const ModelShape> models);

/// One file of HTML: `analyses[index]` at length, beside the others. `recommendation` may be empty.
std::string to_page(std::span<const TokenizerAnalysis> analyses, size_t index, std::span<const ModelShape> models,
                    const std::string& recommendation = {});

/// As analysis.json holds it, with "models": what the vocabulary costs each.
Json to_json(const TokenizerAnalysis& analysis, std::span<const ModelShape> models);

}  // namespace ktlm::tokenizer
