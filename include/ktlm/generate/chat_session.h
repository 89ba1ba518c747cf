// A dialogue with a model: the messages, and a KV cache that outlives a turn, so that only what is new goes through the
// model. When the context is full the oldest turns leave it; the system message stays.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/corpus/document.h"
#include "ktlm/generate/decode_loop.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/generate/token_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::generate {

/// Of {"messages": [{"role": ..., "content": ...}, ...]}; a system message only as the first. Throws Error, beginning
/// with `where`.
std::vector<corpus::ChatMessage> parse_messages(const Json& document, const std::string& where);
/// The messages of a file that save() wrote. Throws Error where it is no dialogue.
std::vector<corpus::ChatMessage> load_messages(const std::string& path);

struct ChatStats {
  int64_t num_answers = 0;
  int64_t dropped_messages = 0;  // the oldest, which no longer fit into the context
  int64_t context_tokens = 0;    // in the cache; max_seq_len at most
  int64_t reused_tokens = 0;     // of the last turn's prompt, found in the cache
  GenerationStats last;          // the last turn
  GenerationStats total;
};

class ChatSession {
 public:
  /// Keeps references to the tokenizer and what `model` refers to. Throws Error where the tokenizer has no chat markers
  /// or isn't the model's.
  ChatSession(const TokenModel& model, const tokenizer::Tokenizer& tokenizer);

  /// Answers `text`. `on_text` gets the answer in pieces, and stops it by returning false; what came so far then counts
  /// as the answer. Throws Error where the message does not fit into the context, or memory runs out; the dialogue is
  /// then as before.
  Generation ask(const std::string& text, const SamplingConfig& sampling,
                 const std::function<bool(std::string_view)>& on_text = nullptr);
  /// Takes the last answer back and gives another. Throws Error where there is none to a user's message.
  Generation regenerate(const SamplingConfig& sampling, const std::function<bool(std::string_view)>& on_text = nullptr);

  /// Takes the last question and its answer back. Throws Error where there is none.
  void undo();

  /// Replaces the system message, which stands before all others; empty removes it. The dialogue goes on under it.
  void set_system(const std::string& text);
  /// Forgets the dialogue; the system message stays.
  void clear();

  /// All messages, dropped ones too, the system message first.
  const std::vector<corpus::ChatMessage>& messages() const { return messages_; }
  const ChatStats& stats() const { return stats_; }
  int64_t max_context_tokens() const { return context_->max_len(); }

  /// {"messages": [{"role", "content"}, ...]}, one line, as `prepare` reads dialogues, and behind them a "model", which
  /// says what the dialogue was held with, unless that is empty. Throws Error.
  void save(const std::string& path, const std::string& model = "") const;
  /// Replaces the dialogue. Throws Error where the file is no dialogue; the dialogue is then as before.
  void load(const std::string& path) { messages_ = load_messages(path); }

 private:
  Generation answer(const SamplingConfig& sampling, const std::function<bool(std::string_view)>& on_text);
  std::vector<tokenizer::TokenId> fit_context(int64_t max_new_tokens);

  std::unique_ptr<TokenContext> context_;  // of the model's whole max_seq_len
  const tokenizer::Tokenizer& tokenizer_;
  std::vector<corpus::ChatMessage> messages_;
  std::vector<tokenizer::TokenId> cached_ids_;  // what context_ holds
  std::optional<Random> random_;                // goes on from turn to turn
  int64_t seed_ = -1;                           // random_'s, as configured
  ChatStats stats_;
};

}  // namespace ktlm::generate
