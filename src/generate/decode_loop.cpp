#include "ktlm/generate/decode_loop.h"

#include <algorithm>
#include <chrono>
#include <deque>

#include "ktlm/generate/sampling.h"
#include "ktlm/generate/stream_decoder.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

// One row on its way: takes tokens, gives text away, knows when it has ended.
class RowState {
 public:
  RowState(const Tokenizer& tokenizer, const DecodeRow& row, size_t index, const TextCallback& on_text)
      : tokenizer_(tokenizer),
        options_(*row.options),
        on_text_(on_text),
        index_(index),
        rules_(make_token_rules(row.options->sampling, tokenizer)),
        random_(*row.random),
        history_(row.prompt.begin(), row.prompt.end()),
        stop_filter_(row.options->stop_strings) {
    if (options_.constraint) {
      constraint_ = options_.constraint->clone();
      allowed_ = [this](TokenId id) { return may_draw(id); };
    }
  }
  RowState(const RowState&) = delete;  // allowed_ refers to it
  RowState& operator=(const RowState&) = delete;

  bool ended() const { return ended_; }

  TokenId draw(std::span<const float> all_logits) {
    const auto logits = all_logits.first(static_cast<size_t>(tokenizer_.vocab_size()));  // those with a piece
    scratch_.assign(logits.begin(), logits.end());                                       // a draw changes them
    const TokenId id = sample_token(scratch_, history_, options_.sampling, random_, rules_, allowed_);
    if (id == TokenContext::kNoToken) {
      end(constraint_ && constraint_->may_end() ? FinishReason::kEndOfText : FinishReason::kConstraint);
      return id;
    }
    if (tokenizer_.ends_text(id)) {
      end(FinishReason::kEndOfText);
      return id;
    }
    if (constraint_) constraint_->accept(tokenizer_.token_bytes(id));
    history_.push_back(id);
    generation_.ids.push_back(id);
    if (options_.top_logprobs) generation_.logprobs.push_back(token_logprobs(logits, id, *options_.top_logprobs));
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
    if (options_.constraint) generation_.is_whole = is_whole_text(*options_.constraint, generation_.text);
  }

  Generation take_generation() { return std::move(generation_); }

 private:
  bool may_draw(TokenId id) {
    if (tokenizer_.ends_text(id)) return constraint_->may_end();
    const std::string& bytes = tokenizer_.token_bytes(id);
    return !bytes.empty() && constraint_->allows(bytes);
  }

  bool emit(const std::string& piece) {
    generation_.text += piece;
    return piece.empty() || !on_text_ || on_text_(index_, piece);
  }

  const Tokenizer& tokenizer_;
  const GenerationOptions& options_;
  const TextCallback& on_text_;
  size_t index_;
  TokenRules rules_;
  Random& random_;
  std::vector<TokenId> history_;
  StreamDecoder stream_;
  StopStringFilter stop_filter_;
  std::unique_ptr<TokenConstraint> constraint_;  // null: none
  AllowedToken allowed_;
  std::vector<float> scratch_;
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
    case FinishReason::kConstraint:
      return "constraint";
  }
  return "";
}

std::vector<Generation> decode(TokenContext& context, const Tokenizer& tokenizer, std::span<const DecodeRow> rows,
                               NextLogits logits, const TextCallback& on_text, GenerationStats& stats) {
  const auto start = std::chrono::steady_clock::now();
  std::deque<RowState> states;
  for (size_t i = 0; i < rows.size(); ++i) states.emplace_back(tokenizer, rows[i], i, on_text);

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
