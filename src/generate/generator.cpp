#include "ktlm/generate/generator.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "ktlm/core/error.h"
#include "ktlm/generate/beam_search.h"
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

bool is_beam_search(const GenerationRequest& request) { return request.options.beam.beams > 1; }

// Tokens that the context of a text has to hold; `max_new_tokens` 0: all that the model's holds.
int64_t room_for(int64_t prompt_tokens, int64_t max_new_tokens, int64_t max_seq_len) {
  return max_new_tokens > 0 ? std::min(max_seq_len, prompt_tokens + max_new_tokens) : max_seq_len;
}

// Some requests that run together: by their numbers, those with one prompt side by side.
struct Batch {
  std::vector<size_t> requests;
  int64_t longest_prompt = 0;
  int64_t max_new_tokens = 0;  // the most of any; 0: until the context is full
};

// Rows of a batch share their columns, so padding eats into a short prompt's room. Where the room would run out,
// prompts run with others of their own length only: a row never ends earlier than it would alone.
std::vector<Batch> plan_batches(std::span<const std::vector<TokenId>> prompts,
                                std::span<const GenerationRequest> requests, int64_t max_seq_len) {
  std::vector<size_t> order;
  for (size_t i = 0; i < requests.size(); ++i)
    if (!is_beam_search(requests[i])) order.push_back(i);
  if (order.empty()) return {};
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return prompts[a].size() != prompts[b].size() ? prompts[a].size() < prompts[b].size() : prompts[a] < prompts[b];
  });
  bool endless = false;
  int64_t most_new = 0;
  for (const size_t i : order) {
    endless |= requests[i].options.sampling.max_new_tokens == 0;
    most_new = std::max(most_new, requests[i].options.sampling.max_new_tokens);
  }
  const auto length = [&](size_t i) { return static_cast<int64_t>(prompts[i].size()); };
  const bool together = !endless && length(order.back()) + most_new <= max_seq_len;
  std::vector<Batch> batches;
  for (const size_t i : order) {
    if (batches.empty() || (!together && batches.back().longest_prompt != length(i))) batches.emplace_back();
    batches.back().requests.push_back(i);
    batches.back().longest_prompt = length(i);
    batches.back().max_new_tokens = endless ? 0 : most_new;
  }
  return batches;
}

// Takes each prompt in once; rows that share one get copies, and their logits.
NextLogits prefill_batch(TokenContext& context, const Batch& batch, std::span<const std::vector<TokenId>> prompts,
                         GenerationStats& stats) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::vector<TokenId>> distinct;
  std::vector<size_t> source;  // of each row, in `distinct`
  for (const size_t i : batch.requests) {
    if (distinct.empty() || distinct.back() != prompts[i]) {
      distinct.push_back(prompts[i]);
      stats.prefill_tokens += static_cast<int64_t>(prompts[i].size());
    }
    source.push_back(distinct.size() - 1);
  }
  const NextLogits first = context.prefill(distinct);
  // From the last row on, for no row stands before the one that it copies, nor is one copied that has been overwritten.
  NextLogits logits(source.size());
  for (size_t row = source.size(); row-- > 0;) {
    logits[row] = first[source[row]];
    if (source[row] != row) context.copy_text(static_cast<int64_t>(source[row]), static_cast<int64_t>(row));
  }
  stats.prefill_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return logits;
}

}  // namespace

std::vector<TokenId> encode_prompt(const Tokenizer& tokenizer, std::string_view prompt) {
  std::vector<TokenId> ids = tokenizer.encode(prompt);
  if (tokenizer.begin_id() >= 0) ids.insert(ids.begin(), tokenizer.begin_id());
  return ids;
}

void check_vocabulary(const model::ModelConfig& config, const Tokenizer& tokenizer, const std::string& where) {
  if (config.vocab_size < tokenizer.vocab_size())
    throw Error(where + ": the model knows " + std::to_string(config.vocab_size) + " tokens, the tokenizer " +
                std::to_string(tokenizer.vocab_size()) + "; use the tokenizer that the model was trained with");
}

std::vector<Generation> generate(const TokenModel& model, const Tokenizer& tokenizer,
                                 std::span<const GenerationRequest> requests, const TextCallback& on_text,
                                 GenerationStats* stats) {
  check_vocabulary(model.config(), tokenizer, tokenizer.directory().string());
  if (requests.empty()) return {};
  const int64_t max_seq_len = model.config().max_seq_len;
  std::vector<std::vector<TokenId>> prompts;
  for (size_t i = 0; i < requests.size(); ++i) {
    const GenerationRequest& request = requests[i];
    prompts.push_back(request.prompt_ids.empty() ? encode_prompt(tokenizer, request.prompt) : request.prompt_ids);
    if (prompts.back().empty()) throw Error("the prompt is empty, and the tokenizer has no token to begin a text with");
    check_length(static_cast<int64_t>(prompts.back().size()), max_seq_len,
                 requests.size() == 1 ? "the prompt" : "prompt " + std::to_string(i + 1));
    parse_logit_bias(requests[i].options.sampling.logit_bias, tokenizer);  // throws before the model has any work
  }

  GenerationStats total;
  std::vector<Generation> generations(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!is_beam_search(requests[i])) continue;
    const int64_t room =
        room_for(static_cast<int64_t>(prompts[i].size()), requests[i].options.sampling.max_new_tokens, max_seq_len);
    const auto context = model.make_context(requests[i].options.beam.beams, room);
    generations[i] = beam_search(*context, tokenizer, prompts[i], requests[i].options, on_text, i, total);
  }
  for (const Batch& batch : plan_batches(prompts, requests, max_seq_len)) {
    std::vector<Random> randoms;
    std::vector<DecodeRow> rows;
    randoms.reserve(batch.requests.size());
    for (const size_t i : batch.requests) {
      randoms.emplace_back(resolve_seed(requests[i].options.sampling));
      rows.push_back({prompts[i], &requests[i].options, &randoms.back()});
    }

    const int64_t room = room_for(batch.longest_prompt, batch.max_new_tokens, max_seq_len);
    const auto context = model.make_context(static_cast<int64_t>(rows.size()), room);
    NextLogits logits = prefill_batch(*context, batch, prompts, total);
    const TextCallback on_row_text = [&](size_t row, std::string_view piece) {
      return on_text(batch.requests[row], piece);
    };
    std::vector<Generation> finished =
        decode(*context, tokenizer, rows, std::move(logits), on_text ? on_row_text : TextCallback(), total);
    for (size_t row = 0; row < rows.size(); ++row) generations[batch.requests[row]] = std::move(finished[row]);
  }
  if (stats != nullptr) *stats = total;
  return generations;
}

std::vector<Generation> generate(const TokenModel& model, const Tokenizer& tokenizer,
                                 std::span<const std::string> prompts, const GenerationOptions& options,
                                 const TextCallback& on_text, GenerationStats* stats) {
  const uint64_t first_seed = resolve_seed(options.sampling);
  std::vector<GenerationRequest> requests;
  for (size_t i = 0; i < prompts.size(); ++i) {
    requests.push_back({prompts[i], options});
    requests.back().options.sampling.seed = static_cast<int64_t>((first_seed + i) & INT64_MAX);
  }
  return generate(model, tokenizer, requests, on_text, stats);
}

std::string generate_text(const TokenModel& model, const Tokenizer& tokenizer, const std::string& prompt,
                          const SamplingConfig& sampling) {
  return generate(model, tokenizer, {&prompt, 1}, {.sampling = sampling}).front().text;
}

}  // namespace ktlm::generate
