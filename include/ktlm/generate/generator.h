// Continues prompts with a language model, several at once: one batch, each row drawing in its own way, by its own
// seed, and ending on its own. A row's text is what a run of that prompt alone would give.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/generate/decode_loop.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/generate/token_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

/// BOS and the prompt's ids: what `generate` starts from, as in training.
std::vector<tokenizer::TokenId> encode_prompt(const tokenizer::Tokenizer& tokenizer, std::string_view prompt);

struct GenerationRequest {
  std::string prompt;
  GenerationOptions options = {};
  std::vector<tokenizer::TokenId> prompt_ids = {};  // instead of the prompt, where there are any
};

/// Continues the prompt of each request, by its options and with its seed; a seed of -1 is replaced by a new one
/// (resolve_seed). Several texts of one prompt are several requests with a seed each: a prompt goes through the model
/// once, however many requests of a call have it. With options.beam.beams > 1 a beam search (beam_search.h) finds the
/// text instead, each on its own. `on_text` gets the request's number as `row`; it and `stats` may be null. At most
/// `most_rows` texts are drawn at a time (0: all; a search holds its beams besides), which changes memory and speed
/// alone; a text that waits is begun where `on_text` still agrees to an empty piece. Throws Error where a prompt leaves
/// no room for a new token in max_seq_len, or the tokenizer is not the model's; ConfigError where a logit bias names no
/// token.
std::vector<Generation> generate(const TokenModel& model, const tokenizer::Tokenizer& tokenizer,
                                 std::span<const GenerationRequest> requests, const TextCallback& on_text = nullptr,
                                 GenerationStats* stats = nullptr, int64_t most_rows = 0);

/// The same for prompts with common options. Prompt i draws with the seed sampling.seed + i, so that it can be repeated
/// alone.
std::vector<Generation> generate(const TokenModel& model, const tokenizer::Tokenizer& tokenizer,
                                 std::span<const std::string> prompts, const GenerationOptions& options,
                                 const TextCallback& on_text = nullptr, GenerationStats* stats = nullptr);

/// The continuation of one prompt; for samples while training.
std::string generate_text(const TokenModel& model, const tokenizer::Tokenizer& tokenizer, const std::string& prompt,
                          const SamplingConfig& sampling);

/// Throws Error where the tokenizer has more tokens than the model; `where` opens the message. A model may have more:
/// many embeddings are rounded up, and what has no piece is never drawn.
void check_vocabulary(const model::ModelConfig& config, const tokenizer::Tokenizer& tokenizer,
                      const std::string& where);

}  // namespace ktlm::generate
