#include "ktlm/generate/penalties.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace ktlm::generate {

namespace {

std::map<int32_t, int64_t> count_tokens(std::span<const int32_t> ids) {
  std::map<int32_t, int64_t> counts;
  for (const int32_t id : ids) ++counts[id];
  return counts;
}

// Of each place of `text` how many tokens from there on are those that it begins with; of the first place 0. The
// Z-algorithm: what is known of the last match that reaches furthest spares comparing its tokens again, so that the
// work grows with the length, also of a text that repeats one token.
std::vector<size_t> prefix_lengths(std::span<const int32_t> text) {
  std::vector<size_t> lengths(text.size(), 0);
  size_t begin = 0, end = 0;  // that match
  for (size_t i = 1; i < text.size(); ++i) {
    size_t length = i < end ? std::min(lengths[i - begin], end - i) : 0;
    while (i + length < text.size() && text[length] == text[i + length]) ++length;
    lengths[i] = length;
    if (i + length > end) {
      begin = i;
      end = i + length;
    }
  }
  return lengths;
}

}  // namespace

void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> recent, double penalty) {
  if (penalty == 1) return;
  for (const auto& [id, count] : count_tokens(recent)) {
    float& logit = logits[static_cast<size_t>(id)];
    logit = static_cast<float>(logit > 0 ? logit / penalty : logit * penalty);
  }
}

void apply_count_penalties(std::span<float> logits, std::span<const int32_t> recent, double frequency,
                           double presence) {
  if (frequency == 0 && presence == 0) return;
  for (const auto& [id, count] : count_tokens(recent)) {
    float& logit = logits[static_cast<size_t>(id)];
    logit = static_cast<float>(logit - static_cast<double>(count) * frequency - presence);
  }
}

void apply_dry_penalty(std::span<float> logits, std::span<const int32_t> recent, const DryPenalty& dry,
                       const std::function<bool(int32_t)>& is_breaker) {
  if (dry.multiplier == 0) return;
  // From the end on, so that the text's last tokens come first.
  const std::vector<int32_t> reversed(recent.rbegin(), recent.rend());
  const auto breaker = std::find_if(reversed.begin(), reversed.end(), is_breaker);
  const auto longest = breaker - reversed.begin();  // that a repetition may be
  if (longest < dry.allowed_length) return;
  const std::vector<size_t> matches = prefix_lengths(reversed);
  std::map<int32_t, int64_t> repeated;  // token: the longest repetition that it would go on with
  for (size_t i = 1; i < reversed.size(); ++i) {
    const auto length = std::min<int64_t>(static_cast<int64_t>(matches[i]), longest);
    if (length < dry.allowed_length) continue;
    int64_t& known = repeated[reversed[i - 1]];
    known = std::max(known, length);
  }
  // Beyond this no softmax tells the difference, and a float stays finite.
  constexpr double kMost = 1e30;
  for (const auto& [id, length] : repeated) {
    if (is_breaker(id)) continue;
    const double penalty = dry.multiplier * std::pow(dry.base, static_cast<double>(length - dry.allowed_length));
    float& logit = logits[static_cast<size_t>(id)];
    logit = static_cast<float>(logit - std::min(penalty, kMost));
  }
}

}  // namespace ktlm::generate
