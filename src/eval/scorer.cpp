#include "ktlm/eval/scorer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ktlm/core/error.h"

namespace ktlm::eval {

LogLikelihoods Scorer::log_likelihoods(std::span<const Prompt> prompts, const ProgressCallback& progress,
                                       const StopFlag& stop) {
  LogLikelihoods all = compute(prompts, progress, stop);
  for (const auto& of_prompt : all)
    for (const double value : of_prompt)
      if (!std::isfinite(value)) throw Error("the model gives a text no finite probability" + reason_of_no_number());
  return all;
}

std::string Scorer::reason_of_no_number() const {
  return "; its weights are damaged or training broke down: take another checkpoint";
}

std::vector<size_t> longest_first(std::span<const Prompt> prompts) {
  const auto longest = [&](size_t i) {
    size_t tokens = 0;
    for (const Ids& continuation : prompts[i].continuations) tokens = std::max(tokens, continuation.size());
    return prompts[i].context.size() + tokens;
  };
  std::vector<size_t> order(prompts.size()), tokens(prompts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::transform(order.begin(), order.end(), tokens.begin(), longest);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tokens[a] > tokens[b]; });
  return order;
}

}  // namespace ktlm::eval
