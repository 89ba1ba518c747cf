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

// Some requests that share a context: by their numbers, those with one prompt side by side. No more than its rows, or
// all of one prompt, which take their turns in it.
struct Batch {
  std::vector<size_t> requests;
  int64_t longest_prompt = 0;
  int64_t max_new_tokens = 0;  // the most of any; 0: until the context is full
};

// Rows of a batch share their columns, so padding eats into a short prompt's room. Where the room would run out,
// prompts run with others of their own length only: a row never ends earlier than it would alone. A prompt's requests
// stay together, so that it goes through the model once.
std::vector<Batch> plan_batches(std::span<const std::vector<TokenId>> prompts,
                                std::span<const GenerationRequest> requests, int64_t max_seq_len, size_t most_rows) {
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
  for (auto begin = order.begin(); begin != order.end();) {
    const auto end = std::find_if(begin, order.end(), [&](size_t i) { return prompts[i] != prompts[*begin]; });
    if (batches.empty() || (!together && batches.back().longest_prompt != length(*begin)) ||
        batches.back().requests.size() + static_cast<size_t>(end - begin) > most_rows)
      batches.emplace_back();
    batches.back().requests.insert(batches.back().requests.end(), begin, end);
    batches.back().longest_prompt = length(*begin);
    batches.back().max_new_tokens = endless ? 0 : most_new;
    begin = end;
  }
  return batches;
}

// Takes each prompt of these requests in once; rows that share one get copies, and their logits.
NextLogits prefill_rows(TokenContext& context, std::span<const size_t> requests,
                        std::span<const std::vector<TokenId>> prompts, GenerationStats& stats) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::vector<TokenId>> distinct;
  std::vector<size_t> source;  // of each row, in `distinct`
  for (const size_t i : requests) {
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

// Makes the texts of a batch, at most `most_rows` at a time.
class BatchRun {
 public:
  BatchRun(const TokenModel& model, const Tokenizer& tokenizer, std::span<const GenerationRequest> requests,
           std::span<const std::vector<TokenId>> prompts, size_t most_rows, const TextCallback& on_text,
           GenerationStats& stats)
      : model_(model),
        tokenizer_(tokenizer),
        requests_(requests),
        prompts_(prompts),
        most_rows_(most_rows),
        on_text_(on_text),
        stats_(stats) {}

  void run(const Batch& batch, std::vector<Generation>& generations) {
    const size_t num_rows = std::min(batch.requests.size(), most_rows_);
    std::unique_ptr<TokenContext> context;
    std::vector<float> prompt_logits;  // of the one prompt whose requests take turns
    for (size_t begin = 0; begin < batch.requests.size(); begin += num_rows) {
      const size_t end = std::min(begin + num_rows, batch.requests.size());
      const std::vector<size_t> wave = without_unwanted({batch.requests.begin() + static_cast<std::ptrdiff_t>(begin),
                                                         batch.requests.begin() + static_cast<std::ptrdiff_t>(end)},
                                                        generations);
      if (wave.empty()) continue;
      NextLogits logits;
      if (context == nullptr) {
        context =
            model_.make_context(static_cast<int64_t>(num_rows),
                                room_for(batch.longest_prompt, batch.max_new_tokens, model_.config().max_seq_len));
        logits = prefill_rows(*context, wave, prompts_, stats_);
        if (end < batch.requests.size()) prompt_logits.assign(logits[0].begin(), logits[0].end());
      } else {
        context->truncate(batch.longest_prompt);
        for (size_t row = 1; row < wave.size(); ++row) context->copy_text(0, static_cast<int64_t>(row));
        logits.assign(wave.size(), prompt_logits);
      }
      decode_rows(*context, wave, std::move(logits), generations);
    }
  }

 private:
  // What waited for others is begun only where it is still wanted.
  std::vector<size_t> without_unwanted(std::vector<size_t> wave, std::vector<Generation>& generations) {
    if (on_text_ && !is_first_)
      std::erase_if(wave, [&](size_t i) {
        if (on_text_(i, {})) return false;
        generations[i].finish = FinishReason::kInterrupted;
        if (const auto& constraint = requests_[i].options.constraint)
          generations[i].is_whole = is_whole_text(*constraint, "");
        return true;
      });
    is_first_ = false;
    return wave;
  }

  void decode_rows(TokenContext& context, const std::vector<size_t>& wave, NextLogits logits,
                   std::vector<Generation>& generations) {
    std::vector<Random> randoms;
    std::vector<DecodeRow> rows;
    randoms.reserve(wave.size());
    for (const size_t i : wave) {
      randoms.emplace_back(resolve_seed(requests_[i].options.sampling));
      rows.push_back({prompts_[i], &requests_[i].options, &randoms.back()});
    }
    const TextCallback on_row_text = [&](size_t row, std::string_view piece) { return on_text_(wave[row], piece); };
    std::vector<Generation> finished =
        decode(context, tokenizer_, rows, std::move(logits), on_text_ ? on_row_text : TextCallback(), stats_);
    for (size_t row = 0; row < wave.size(); ++row) generations[wave[row]] = std::move(finished[row]);
  }

  const TokenModel& model_;
  const Tokenizer& tokenizer_;
  std::span<const GenerationRequest> requests_;
  std::span<const std::vector<TokenId>> prompts_;
  const size_t most_rows_;
  const TextCallback& on_text_;
  GenerationStats& stats_;
  bool is_first_ = true;
};

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
                                 GenerationStats* stats, int64_t most_rows) {
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
  const size_t rows = most_rows > 0 ? static_cast<size_t>(most_rows) : requests.size();
  BatchRun batch_run(model, tokenizer, requests, prompts, rows, on_text, total);
  for (const Batch& batch : plan_batches(prompts, requests, max_seq_len, rows)) batch_run.run(batch, generations);
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
