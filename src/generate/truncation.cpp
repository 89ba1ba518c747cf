#include "ktlm/generate/truncation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace ktlm::generate {

namespace {

void renormalize(Candidates& candidates) {
  double sum = 0;
  for (const TokenProbability& token : candidates) sum += token.probability;
  for (TokenProbability& token : candidates) token.probability /= sum;
}

}  // namespace

void keep_typical(Candidates& candidates, double p) {
  if (p >= 1) return;
  double entropy = 0;
  for (const auto& [id, probability] : candidates)
    if (probability > 0) entropy -= probability * std::log(probability);
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto distance = [&](size_t i) { return std::abs(-std::log(candidates[i].probability) - entropy); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return distance(a) < distance(b); });
  size_t count = 0;
  double reached = 0;
  while (count < order.size() && (count == 0 || reached < p)) reached += candidates[order[count++]].probability;
  order.resize(count);
  std::sort(order.begin(), order.end());  // the likeliest first again
  Candidates kept;
  for (const size_t i : order) kept.push_back(candidates[i]);
  candidates = std::move(kept);
  renormalize(candidates);
}

void keep_top_p(Candidates& candidates, double p) {
  if (p >= 1) return;
  size_t count = 0;
  double reached = 0;
  while (count < candidates.size() && (count == 0 || reached < p)) reached += candidates[count++].probability;
  candidates.resize(count);
  renormalize(candidates);
}

void keep_min_p(Candidates& candidates, double p) {
  while (candidates.size() > 1 && candidates.back().probability < p * candidates.front().probability)
    candidates.pop_back();
  renormalize(candidates);
}

void exclude_top_choices(Candidates& candidates, double threshold) {
  const auto below = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const TokenProbability& token) { return token.probability < threshold; });
  if (below - candidates.begin() < 2) return;
  candidates.erase(candidates.begin(), below - 1);
  renormalize(candidates);
}

}  // namespace ktlm::generate
