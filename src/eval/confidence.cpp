#include "ktlm/eval/confidence.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ktlm/core/random.h"

namespace ktlm::eval {

std::optional<Interval> bootstrap_interval(std::span<const double> numerators, std::span<const double> denominators) {
  constexpr size_t kNumDraws = 1000, kTail = kNumDraws / 40;  // 2.5 % at each end
  const size_t num_documents = numerators.size();
  if (num_documents < 2) return std::nullopt;
  std::vector<double> ratios(kNumDraws);
  Random random(1);
  for (double& ratio : ratios) {
    double numerator = 0, denominator = 0;
    for (size_t i = 0; i < num_documents; ++i) {
      const auto drawn = static_cast<size_t>(random.uniform() * static_cast<double>(num_documents));
      numerator += numerators[drawn];
      denominator += denominators[drawn];
    }
    if (denominator == 0) return std::nullopt;  // documents without a byte
    ratio = numerator / denominator;
  }
  std::sort(ratios.begin(), ratios.end());
  return Interval{ratios[kTail], ratios[kNumDraws - 1 - kTail]};
}

}  // namespace ktlm::eval
