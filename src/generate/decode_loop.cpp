#include "ktlm/generate/decode_loop.h"

#include <algorithm>
#include <chrono>

#include "ktlm/generate/sampling.h"
#include "ktlm/generate/stream_decoder.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

// One row on its way: takes tokens, gives text away, knows when it has ended.
class RowState {
 public:
  RowState(const Tokenizer& tokenizer, const DecodeRow& row, size_t index, const GenerationOptions& options,
           const TextCallback& on_text)
      : tokenizer_(tokenizer),
        options_(options),
        on_text_(on_text),
        index_(index),
        random_(*row.random),
        history_(row.prompt.begin(), row.prompt.end()),
        message_end_(tokenizer.control_id(tokenizer::kImEnd)),
        stop_filter_(options.stop_strings) {}

  bool ended() const { return ended_; }

  TokenId draw(std::span<float> logits) {
    const TokenId id = sample_token(logits, history_, options_.sampling, random_);
    if (id == tokenizer_.eos_id() || id == message_end_) {
      end(FinishReason::kEndOfText);
      return id;
    }
    history_.push_back(id);
    generation_.ids.push_back(id);
    const bool go_on = emit(stop_filter_.feed(stream_.feed(tokenizer_.token_bytes(id))));
    const int64_t limit = options_.sampling.max_new_tokens;
    if (stop_filter_.found()) {
      end(FinishReason::kStopString);
    } else if (!go_on) {
      end(FinishReason::kInterrupted);
    } else if (limit > 0 && static_cast<int64_t>(generation_.ids.size()) >= limit) {
      end(FinishReason::kLength);
    }
    return id;
  }

  void end(FinishReason reason) {
    ended_ = true;
    emit(stop_filter_.feed(stream_.finish()));
    emit(stop_filter_.finish());
    generation_.finish = stop_filter_.found() ? FinishReason::kStopString : reason;
  }

  Generation take_generation() { return std::move(generation_); }

 private:
  bool emit(const std::string& piece) {
    generation_.text += piece;
    return piece.empty() || !on_text_ || on_text_(index_, piece);
  }

  const Tokenizer& tokenizer_;
  const GenerationOptions& options_;
  const TextCallback& on_text_;
  size_t index_;
  Random& random_;
  std::vector<TokenId> history_;
  TokenId message_end_;
  StreamDecoder stream_;
  StopStringFilter stop_filter_;
  Generation generation_;
  bool ended_ = false;
};

}  // namespace

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kEndOfText:
      return "eos";
    case FinishReason::kStopString:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kContextFull:
      return "context";
    case FinishReason::kInterrupted:
      return "interrupted";
  }
  return "";
}

std::vector<Generation> decode(TokenContext& context, const Tokenizer& tokenizer, std::span<const DecodeRow> rows,
                               NextLogits logits, const GenerationOptions& options, const TextCallback& on_text,
                               GenerationStats& stats) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<RowState> states;
  states.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) states.emplace_back(tokenizer, rows[i], i, options, on_text);

  std::vector<TokenId> ids(rows.size());
  while (true) {
    for (size_t i = 0; i < states.size(); ++i) {
      if (!states[i].ended()) ids[i] = states[i].draw(logits[i]);
    }
    if (context.length() == context.max_len()) {
      for (RowState& state : states)
        if (!state.ended()) state.end(FinishReason::kContextFull);
    }
    int64_t going = 0;
    for (size_t i = 0; i < states.size(); ++i) {
      if (states[i].ended())
        ids[i] = TokenContext::kNoToken;
      else
        ++going;
    }
    if (going == 0) break;
    logits = context.step(ids);
    stats.decode_tokens += going;
  }
  stats.decode_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  std::vector<Generation> generations;
  for (RowState& state : states) generations.push_back(state.take_generation());
  return generations;
}

}  // namespace ktlm::generate
