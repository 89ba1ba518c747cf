#include "ktlm/generate/chat_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::generate {

namespace {

using corpus::ChatMessage;
using tokenizer::TokenId;

bool starts_with_system(const std::vector<ChatMessage>& messages) {
  return !messages.empty() && messages.front().role == "system";
}

}  // namespace

std::vector<ChatMessage> parse_messages(const Json& document, const std::string& where) {
  if (!document.is_object() || !document.contains("messages") || !document.at("messages").is_array())
    throw Error(where + ": no dialogue: expected {\"messages\": [{\"role\": ..., \"content\": ...}, ...]}");
  std::vector<ChatMessage> messages;
  for (const Json& item : document.at("messages")) {
    const std::string place = where + ": message " + std::to_string(messages.size() + 1);
    ChatMessage message{json_get<std::string>(item, "role", place), json_get<std::string>(item, "content", place)};
    const bool known =
        message.role == "user" || message.role == "assistant" || (message.role == "system" && messages.empty());
    if (!known)
      throw Error(place + ": role \"" + message.role +
                  "\"; expected \"user\" or \"assistant\" (or \"system\", as the first)");
    messages.push_back(std::move(message));
  }
  return messages;
}

std::vector<ChatMessage> load_messages(const std::string& path) { return parse_messages(read_json_file(path), path); }

ChatSession::ChatSession(const TokenModel& model, const tokenizer::Tokenizer& tokenizer)
    : context_(model.make_context(1, model.config().max_seq_len)), tokenizer_(tokenizer) {
  check_vocabulary(model.config(), tokenizer, tokenizer.directory().string());
  tokenizer::encode_chat(tokenizer, {}, true);  // throws where there are no chat markers
}

Generation ChatSession::ask(const std::string& text, const SamplingConfig& sampling,
                            const std::function<bool(std::string_view)>& on_text) {
  messages_.push_back({"user", text});
  try {
    return answer(sampling, on_text);
  } catch (...) {
    messages_.pop_back();
    throw;
  }
}

Generation ChatSession::regenerate(const SamplingConfig& sampling,
                                   const std::function<bool(std::string_view)>& on_text) {
  if (messages_.empty() || messages_.back().role != "assistant") throw Error("there is no answer to give again");
  if (messages_.size() < 2 || messages_[messages_.size() - 2].role != "user")
    throw Error("the last answer follows no message of yours, so it can't be given again; say something first");
  ChatMessage former = std::move(messages_.back());
  messages_.pop_back();
  try {
    return answer(sampling, on_text);
  } catch (...) {
    messages_.push_back(std::move(former));
    throw;
  }
}

// The ids of what the context has room for: the system message, and of the dialogue as many of the last turns as leave
// a quarter of the context, or max_new_tokens, to the answer. A turn is a user's message and what follows it.
std::vector<TokenId> ChatSession::fit_context(int64_t max_new_tokens) {
  const int64_t max_seq_len = context_->max_len();
  const int64_t reserve = max_new_tokens > 0 ? std::min(max_new_tokens, max_seq_len / 4) : max_seq_len / 4;
  const auto first = messages_.begin() + (starts_with_system(messages_) ? 1 : 0);
  auto num_tokens = static_cast<int64_t>(tokenizer::encode_chat(tokenizer_, messages_, true).size());
  auto kept = first;
  while (kept != messages_.end() && num_tokens + reserve > max_seq_len) {
    const auto next = std::find_if(kept + 1, messages_.end(), [](const ChatMessage& m) { return m.role == "user"; });
    if (next == messages_.end()) break;
    for (; kept != next; ++kept)
      num_tokens -= static_cast<int64_t>(tokenizer::encode_message(tokenizer_, *kept).size());
  }
  if (num_tokens >= max_seq_len)
    throw Error("the message makes " + std::to_string(num_tokens) +
                " tokens with the system message, but the model's context holds " + std::to_string(max_seq_len) +
                "; shorten it");
  stats_.dropped_messages = kept - first;
  std::vector<ChatMessage> context(messages_.begin(), first);
  context.insert(context.end(), kept, messages_.end());
  return tokenizer::encode_chat(tokenizer_, context, true);
}

Generation ChatSession::answer(const SamplingConfig& sampling, const std::function<bool(std::string_view)>& on_text) {
  const std::vector<TokenId> ids = fit_context(sampling.max_new_tokens);
  if (!random_ || sampling.seed != seed_) {
    random_.emplace(resolve_seed(sampling));
    seed_ = sampling.seed;
  }

  // At least the last token goes through the model again: its logits are not kept.
  const auto common = std::mismatch(cached_ids_.begin(), cached_ids_.end(), ids.begin(), ids.end()).first;
  const auto reused = std::min(common - cached_ids_.begin(), static_cast<std::ptrdiff_t>(ids.size()) - 1);
  cached_ids_.resize(static_cast<size_t>(reused));
  context_->truncate(reused);
  const std::vector<TokenId> new_ids(ids.begin() + reused, ids.end());
  GenerationStats turn;
  const auto start = std::chrono::steady_clock::now();
  NextLogits logits = context_->prefill({&new_ids, 1});
  turn.prefill_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  turn.prefill_tokens = static_cast<int64_t>(new_ids.size());
  cached_ids_ = ids;

  const GenerationOptions options{.sampling = sampling};
  const DecodeRow row{ids, &options, &*random_};
  const TextCallback on_row_text = [&](size_t, std::string_view piece) { return on_text(piece); };
  Generation generation =
      decode(*context_, tokenizer_, {&row, 1}, std::move(logits), on_text ? on_row_text : TextCallback(), turn).front();
  cached_ids_.insert(cached_ids_.end(), generation.ids.begin(), generation.ids.end());
  cached_ids_.resize(static_cast<size_t>(context_->length()));  // the last one drawn did not go through the model
  messages_.push_back({"assistant", generation.text});

  ++stats_.num_answers;
  stats_.context_tokens = context_->length();
  stats_.reused_tokens = reused;
  stats_.last = turn;
  stats_.total.prefill_tokens += turn.prefill_tokens;
  stats_.total.prefill_seconds += turn.prefill_seconds;
  stats_.total.decode_tokens += turn.decode_tokens;
  stats_.total.decode_seconds += turn.decode_seconds;
  return generation;
}

void ChatSession::undo() {
  const auto question =
      std::find_if(messages_.rbegin(), messages_.rend(), [](const auto& m) { return m.role == "user"; });
  if (question == messages_.rend()) throw Error("there is no question to take back");
  messages_.erase(question.base() - 1, messages_.end());
}

void ChatSession::set_system(const std::string& text) {
  if (starts_with_system(messages_)) messages_.erase(messages_.begin());
  if (!text.empty()) messages_.insert(messages_.begin(), {"system", text});
}

void ChatSession::clear() { messages_.resize(starts_with_system(messages_) ? 1 : 0); }

void ChatSession::save(const std::string& path, const std::string& model) const {
  Json document;
  document["messages"] = Json::array();
  for (const ChatMessage& message : messages_)
    document["messages"].push_back({{"role", message.role}, {"content", message.content}});
  if (!model.empty()) document["model"] = model;
  write_file_atomically(path, to_json_line(document) + "\n");
}

}  // namespace ktlm::generate
