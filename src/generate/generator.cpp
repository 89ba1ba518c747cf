#include "ktlm/generate/generator.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>

#include "ktlm/core/error.h"
#include "ktlm/generate/sampling.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

void check_length(int64_t num_tokens, int64_t max_seq_len, const std::string& prompt_name) {
  if (num_tokens > max_seq_len)
    throw Error(prompt_name + " has " + std::to_string(num_tokens) + " tokens, but the model's context holds " +
                std::to_string(max_seq_len) + "; shorten it by at least " + std::to_string(num_tokens - max_seq_len) +
                " tokens");
}

// Rows of a batch share their columns, so padding eats into a short prompt's room. Where the room would run out,
// prompts run with others of their own length only: a row never ends earlier than it would alone.
std::vector<std::vector<size_t>> plan_batches(std::span<const std::vector<TokenId>> prompts, int64_t max_new_tokens,
                                              int64_t max_seq_len) {
  std::map<size_t, std::vector<size_t>> by_length;
  for (size_t i = 0; i < prompts.size(); ++i) by_length[prompts[i].size()].push_back(i);
  std::vector<std::vector<size_t>> batches;
  const auto longest = static_cast<int64_t>(by_length.rbegin()->first);
  if (max_new_tokens > 0 && longest + max_new_tokens <= max_seq_len) {
    batches.emplace_back(prompts.size());
    std::iota(batches.back().begin(), batches.back().end(), size_t{0});
  } else {
    for (auto& [length, rows] : by_length) batches.push_back(std::move(rows));
  }
  return batches;
}

}  // namespace

std::vector<TokenId> encode_prompt(const Tokenizer& tokenizer, std::string_view prompt) {
  std::vector<TokenId> ids = tokenizer.encode(prompt);
  if (tokenizer.bos_id() >= 0) ids.insert(ids.begin(), tokenizer.bos_id());
  return ids;
}

void check_vocabulary(const model::ModelConfig& config, const Tokenizer& tokenizer, const std::string& where) {
  if (config.vocab_size != tokenizer.vocab_size())
    throw Error(where + ": the model knows " + std::to_string(config.vocab_size) + " tokens, the tokenizer " +
                std::to_string(tokenizer.vocab_size()) + "; use the tokenizer that the model was trained with");
}

std::vector<Generation> generate(const TokenModel& model, const Tokenizer& tokenizer,
                                 std::span<const std::string> prompts, const GenerationOptions& options,
                                 const TextCallback& on_text, GenerationStats* stats) {
  check_vocabulary(model.config(), tokenizer, tokenizer.directory().string());
  if (prompts.empty()) return {};
  const int64_t max_seq_len = model.config().max_seq_len;
  std::vector<std::vector<TokenId>> encoded;
  for (size_t i = 0; i < prompts.size(); ++i) {
    encoded.push_back(encode_prompt(tokenizer, prompts[i]));
    if (encoded.back().empty()) throw Error("the prompt is empty, and the tokenizer has no token to begin a text with");
    check_length(static_cast<int64_t>(encoded.back().size()), max_seq_len,
                 prompts.size() == 1 ? "the prompt" : "prompt " + std::to_string(i + 1));
  }

  const uint64_t first_seed = resolve_seed(options.sampling);
  const int64_t max_new_tokens = options.sampling.max_new_tokens;
  GenerationStats total;
  std::vector<Generation> generations(prompts.size());
  for (const std::vector<size_t>& batch : plan_batches(encoded, max_new_tokens, max_seq_len)) {
    int64_t longest = 0, num_prompt_tokens = 0;
    for (const size_t i : batch) {
      longest = std::max(longest, static_cast<int64_t>(encoded[i].size()));
      num_prompt_tokens += static_cast<int64_t>(encoded[i].size());
    }
    std::vector<std::vector<TokenId>> batch_prompts;
    std::vector<Random> randoms;
    std::vector<DecodeRow> rows;
    randoms.reserve(batch.size());
    for (const size_t i : batch) {
      batch_prompts.push_back(encoded[i]);
      randoms.emplace_back(first_seed + i);
      rows.push_back({encoded[i], &randoms.back()});
    }

    const int64_t room = max_new_tokens > 0 ? std::min(max_seq_len, longest + max_new_tokens) : max_seq_len;
    const auto context = model.make_context(static_cast<int64_t>(batch.size()), room);
    const auto start = std::chrono::steady_clock::now();
    NextLogits logits = context->prefill(batch_prompts);
    total.prefill_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    total.prefill_tokens += num_prompt_tokens;

    const TextCallback on_row_text = [&](size_t row, std::string_view piece) { return on_text(batch[row], piece); };
    std::vector<Generation> finished =
        decode(*context, tokenizer, rows, std::move(logits), options, on_text ? on_row_text : TextCallback(), total);
    for (size_t row = 0; row < batch.size(); ++row) generations[batch[row]] = std::move(finished[row]);
  }
  if (stats != nullptr) *stats = total;
  return generations;
}

std::string generate_text(const TokenModel& model, const Tokenizer& tokenizer, const std::string& prompt,
                          const SamplingConfig& sampling) {
  return generate(model, tokenizer, {&prompt, 1}, {.sampling = sampling, .stop_strings = {}}).front().text;
}

}  // namespace ktlm::generate
