// Beam search: of all ways to go on the `beams` likeliest so far are kept side by side, a token at a time, so that a
// text is found whose tokens are likely together and not only one by one. The rules are those of transformers'
// generate().
#pragma once

#include <vector>

#include "ktlm/generate/decode_loop.h"
#include "ktlm/generate/token_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

/// The best text for a prompt, with options.num_best - 1 others behind it in Generation::others, the best first. Texts
/// that were cut before the form of options.constraint was whole, unless by a stop string, come behind all others.
/// Nothing is random: of `options` temperature, seed and what cuts tokens off have no say. `context` is empty, with
/// options.beam.beams texts. `on_text` gets the best text in one piece, at the end, and before each token an empty one,
/// so that it can end the search. Adds to `stats`, to the decode part a token for each beam. Throws Error.
Generation beam_search(TokenContext& context, const tokenizer::Tokenizer& tokenizer,
                       const std::vector<tokenizer::TokenId>& prompt, const GenerationOptions& options,
                       const TextCallback& on_text, size_t row, GenerationStats& stats);

}  // namespace ktlm::generate
