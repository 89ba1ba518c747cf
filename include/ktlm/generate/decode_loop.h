// The loop at the heart of generate and chat: draw a token for each row, show what is sure of its text, feed the tokens
// to the model, until every row has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/random.h"
#include "ktlm/generate/beam_config.h"
#include "ktlm/generate/logprobs.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/generate/token_constraint.h"
#include "ktlm/generate/token_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

enum class FinishReason {
  kEndOfText,    // the model ended the text (or, in a dialogue, its message)
  kStopString,   // one of the stop strings came
  kLength,       // max_new_tokens are reached
  kContextFull,  // the model's max_seq_len is reached
  kInterrupted,  // the callback said so
  kConstraint,   // no token may follow by the constraint and the logit bias, though the text is no whole one
};
/// "eos", "stop", "length", "context", "interrupted", "constraint".
std::string_view to_string(FinishReason reason);

struct GenerationOptions {
  SamplingConfig sampling;
  std::vector<std::string> stop_strings = {};  // the text ends before the first of them
  /// What the text has to be, or null. Each text gets a clone; the text ends where nothing can follow, and may end
  /// before where the constraint says so. Not asked about tokens without bytes, which can't come.
  std::shared_ptr<const TokenConstraint> constraint = nullptr;
  /// Set: Generation::logprobs, with this many of the likeliest tokens at each place.
  std::optional<int64_t> top_logprobs = {};
  BeamConfig beam = {};  // for generate() alone
  int64_t num_best = 1;  // of a beam search, at most as many as there are beams
};

struct Generation {
  std::string text;                     // the continuation, without the prompt; valid UTF-8
  std::vector<tokenizer::TokenId> ids;  // the tokens drawn, without the one that ended the text
  FinishReason finish = FinishReason::kLength;
  bool is_whole = true;                 // false: it ended before the form that its constraint wants was there
  std::vector<Logprobs> logprobs = {};  // one for each of `ids`, where they were asked for
  double score = 0;                     // of a beam search: log-probability by length; the more the better
  std::vector<Generation> others = {};  // of a beam search: the next best, the best first
};

/// Tokens that went through the model, and the time they took. The padding of a batch does not count.
struct GenerationStats {
  int64_t prefill_tokens = 0, decode_tokens = 0;
  double prefill_seconds = 0, decode_seconds = 0;
};

/// Gets each piece of a row's text as soon as it is sure; whole characters, together Generation::text. False ends the
/// row.
using TextCallback = std::function<bool(size_t row, std::string_view piece)>;

/// What the loop needs of a row: all of its ids so far, which the repetition penalty looks at, how to draw, and its
/// random numbers.
struct DecodeRow {
  std::span<const tokenizer::TokenId> prompt;
  const GenerationOptions* options;
  Random* random;
};

/// `context` holds the prompts of all rows, and `logits` are what the model said behind them; rows may share them.
/// Where it returns, the context holds the prompts and all tokens drawn but the last. Adds to the decode part of
/// `stats`; `on_text` may be null.
std::vector<Generation> decode(TokenContext& context, const tokenizer::Tokenizer& tokenizer,
                               std::span<const DecodeRow> rows, NextLogits logits, const TextCallback& on_text,
                               GenerationStats& stats);

}  // namespace ktlm::generate
