#include "ktlm/generate/beam_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "ktlm/generate/logprobs.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/generate/stream_decoder.h"
#include "ktlm/text/utf8.h"

namespace ktlm::generate {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

struct Beam {
  std::vector<TokenId> history;                 // the prompt too
  std::string bytes;                            // of the tokens behind the prompt
  double logprob = 0;                           // of these tokens together
  std::unique_ptr<TokenConstraint> constraint;  // null: none
  std::vector<Logprobs> logprobs;
};

// A beam and the token that it would go on with.
struct Step {
  size_t beam;
  TokenId id;
  double logprob;  // of the whole text then
};

class Search {
 public:
  Search(const Tokenizer& tokenizer, const std::vector<TokenId>& prompt, const GenerationOptions& options)
      : tokenizer_(tokenizer),
        options_(options),
        prompt_size_(prompt.size()),
        num_beams_(static_cast<size_t>(options.beam.beams)),
        rules_(make_token_rules(options.sampling, tokenizer)) {
    // What is on unless somebody turns it off, such as the repetition penalty, has no place in a search for the
    // likeliest.
    sampling_ = options.sampling;
    sampling_.temperature = 0;
    beams_.resize(num_beams_);
    alive_.assign(num_beams_, false);
    beams_[0].history = prompt;
    if (options.constraint) beams_[0].constraint = options.constraint->clone();
    alive_[0] = true;
  }

  bool ended() const {
    return std::none_of(alive_.begin(), alive_.end(), [](bool alive) { return alive; });
  }

  // One token for each beam: which beams go on with which, where the rows of `context` follow. Gives the tokens.
  std::vector<TokenId> advance(TokenContext& context, const NextLogits& logits) {
    std::vector<Step> steps;
    for (size_t i = 0; i < num_beams_; ++i)
      if (alive_[i]) propose(i, logits[i], steps);
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.logprob > b.logprob; });

    std::vector<Step> chosen;
    for (size_t rank = 0; rank < steps.size() && chosen.size() < num_beams_; ++rank) {
      if (!tokenizer_.ends_text(steps[rank].id))
        chosen.push_back(steps[rank]);
      else if (rank < num_beams_)  // an end behind the best ones would only be there because others go on
        finish(beams_[steps[rank].beam], steps[rank].logprob, 1, FinishReason::kEndOfText);
    }
    std::vector<TokenId> ids = take(context, logits, chosen);
    end_where_due(ids);
    return ids;
  }

  void end_all(FinishReason reason) {
    for (size_t i = 0; i < num_beams_; ++i) {
      if (alive_[i]) finish(beams_[i], beams_[i].logprob, 0, reason);
      alive_[i] = false;
    }
  }

  // The best, with the others behind it.
  Generation take_best() {
    std::stable_sort(finished_.begin(), finished_.end(), is_better);
    finished_.resize(std::min(finished_.size(), static_cast<size_t>(std::max<int64_t>(options_.num_best, 1))));
    Generation best = std::move(finished_.front());
    best.others.assign(std::make_move_iterator(finished_.begin() + 1), std::make_move_iterator(finished_.end()));
    return best;
  }

 private:
  std::span<const float> with_piece(std::span<const float> logits) const {
    return logits.first(static_cast<size_t>(tokenizer_.vocab_size()));
  }

  double score(double logprob, size_t num_tokens) const {
    return logprob / std::pow(static_cast<double>(std::max<size_t>(num_tokens, 1)), options_.beam.length_penalty);
  }

  // The likeliest tokens behind a beam. Twice as many as there are beams, so that enough are left when some end the
  // text.
  void propose(size_t index, std::span<const float> all_logits, std::vector<Step>& steps) {
    Beam& beam = beams_[index];
    const auto logits = with_piece(all_logits);
    scratch_.assign(logits.begin(), logits.end());
    adjust_logits(scratch_, beam.history, sampling_, rules_);
    const double total = log_sum_exp(scratch_);
    AllowedToken allowed;
    if (beam.constraint) allowed = [&](TokenId id) { return may_follow(beam, id); };
    const auto ids = likeliest_tokens(scratch_, 2 * options_.beam.beams, allowed);
    for (const TokenId id : ids)
      steps.push_back({index, id, beam.logprob + static_cast<double>(scratch_[static_cast<size_t>(id)]) - total});
    if (ids.empty())
      finish(beam, beam.logprob, 0,
             beam.constraint && beam.constraint->may_end() ? FinishReason::kEndOfText : FinishReason::kConstraint);
  }

  bool may_follow(Beam& beam, TokenId id) const {
    if (tokenizer_.ends_text(id)) return beam.constraint->may_end();
    const std::string& bytes = tokenizer_.token_bytes(id);
    return !bytes.empty() && beam.constraint->allows(bytes);
  }

  // The first step of a beam stays in its row; others get copies in rows that nobody goes on with.
  std::vector<TokenId> take(TokenContext& context, const NextLogits& logits, const std::vector<Step>& chosen) {
    std::vector<bool> used(num_beams_, false);
    std::vector<size_t> rows(chosen.size());
    std::vector<size_t> copies;  // steps that need another row
    for (size_t i = 0; i < chosen.size(); ++i) {
      rows[i] = chosen[i].beam;
      if (used[rows[i]]) copies.push_back(i);
      used[rows[i]] = true;
    }
    for (const size_t i : copies) {
      rows[i] = static_cast<size_t>(std::find(used.begin(), used.end(), false) - used.begin());
      used[rows[i]] = true;
      context.copy_text(static_cast<int64_t>(chosen[i].beam), static_cast<int64_t>(rows[i]));
    }
    std::vector<Beam> next(num_beams_);
    std::vector<TokenId> ids(num_beams_, TokenContext::kNoToken);
    for (size_t i = 0; i < chosen.size(); ++i) {
      const Beam& parent = beams_[chosen[i].beam];
      const TokenId id = chosen[i].id;
      Beam& child = next[rows[i]];
      child = {parent.history, parent.bytes + tokenizer_.token_bytes(id), chosen[i].logprob,
               parent.constraint ? parent.constraint->clone() : nullptr, parent.logprobs};
      child.history.push_back(id);
      if (child.constraint) child.constraint->accept(tokenizer_.token_bytes(id));
      if (options_.top_logprobs)
        child.logprobs.push_back(token_logprobs(with_piece(logits[chosen[i].beam]), id, *options_.top_logprobs));
      ids[rows[i]] = id;
    }
    beams_ = std::move(next);
    alive_ = used;
    return ids;
  }

  // Beams with a stop string or no room for more tokens; and all, where none can overtake what is finished.
  void end_where_due(std::vector<TokenId>& ids) {
    const auto limit = static_cast<size_t>(options_.sampling.max_new_tokens);
    double best_alive = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < num_beams_; ++i) {
      if (!alive_[i]) continue;
      const size_t num_tokens = beams_[i].history.size() - prompt_size_;
      if (holds_stop_string(beams_[i].bytes)) {
        finish(beams_[i], beams_[i].logprob, 0, FinishReason::kStopString);
      } else if (limit > 0 && num_tokens >= limit) {
        finish(beams_[i], beams_[i].logprob, 0, FinishReason::kLength);
      } else {
        best_alive = std::max(best_alive, score(beams_[i].logprob, num_tokens));
        continue;
      }
      alive_[i] = false;
      ids[i] = TokenContext::kNoToken;
    }
    if (finished_.size() >= num_beams_ && worst_finished() >= best_alive) alive_.assign(num_beams_, false);
  }

  bool holds_stop_string(const std::string& bytes) const {
    return std::any_of(options_.stop_strings.begin(), options_.stop_strings.end(),
                       [&](const std::string& stop) { return !stop.empty() && bytes.find(stop) != std::string::npos; });
  }

  double worst_finished() const {
    double worst = std::numeric_limits<double>::infinity();
    for (const Generation& generation : finished_) worst = std::min(worst, generation.score);
    return worst;
  }

  // A text that was cut before its form was whole is none that was asked for, however likely.
  static bool is_better(const Generation& a, const Generation& b) {
    const auto is_asked_for = [](const Generation& text) {
      return text.is_whole || text.finish == FinishReason::kStopString;
    };
    return is_asked_for(a) != is_asked_for(b) ? is_asked_for(a) : a.score > b.score;
  }

  // Of more than `beams` finished texts the best are kept. `num_end_tokens`: 1 where a token ended it.
  void finish(const Beam& beam, double logprob, size_t num_end_tokens, FinishReason reason) {
    Generation generation;
    StopStringFilter stop_filter(options_.stop_strings);
    generation.text = stop_filter.feed(text::repair_utf8(beam.bytes));
    generation.text += stop_filter.finish();
    generation.ids.assign(beam.history.begin() + static_cast<std::ptrdiff_t>(prompt_size_), beam.history.end());
    generation.finish = reason;
    if (options_.constraint) generation.is_whole = is_whole_text(*options_.constraint, generation.text);
    generation.logprobs = beam.logprobs;
    generation.score = score(logprob, generation.ids.size() + num_end_tokens);
    finished_.push_back(std::move(generation));
    if (finished_.size() <= num_beams_) return;
    finished_.erase(std::max_element(finished_.begin(), finished_.end(), is_better));  // the last in order
  }

  const Tokenizer& tokenizer_;
  const GenerationOptions& options_;
  SamplingConfig sampling_;
  size_t prompt_size_, num_beams_;
  TokenRules rules_;
  std::vector<Beam> beams_;  // by the row of the context
  std::vector<bool> alive_;
  std::vector<Generation> finished_;
  std::vector<float> scratch_;
};

}  // namespace

Generation beam_search(TokenContext& context, const Tokenizer& tokenizer, const std::vector<TokenId>& prompt,
                       const GenerationOptions& options, const TextCallback& on_text, size_t row,
                       GenerationStats& stats) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  auto start = Clock::now();
  NextLogits logits = context.prefill({&prompt, 1});
  stats.prefill_seconds += seconds_since(start);
  stats.prefill_tokens += static_cast<int64_t>(prompt.size());

  start = Clock::now();
  Search search(tokenizer, prompt, options);
  while (true) {
    const std::vector<TokenId> ids = search.advance(context, logits);
    if (search.ended()) break;
    if (context.length() == context.max_len())
      search.end_all(FinishReason::kContextFull);
    else if (on_text && !on_text(row, {}))
      search.end_all(FinishReason::kInterrupted);
    if (search.ended()) break;
    logits = context.step(ids);
    stats.decode_tokens += std::count_if(ids.begin(), ids.end(), [](TokenId id) { return id >= 0; });
  }
  Generation best = search.take_best();
  stats.decode_seconds += seconds_since(start);
  if (on_text && !best.text.empty()) on_text(row, best.text);
  return best;
}

}  // namespace ktlm::generate
