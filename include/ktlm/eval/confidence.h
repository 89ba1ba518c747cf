// How much a figure would differ on other documents of the same kind.
#pragma once

#include <optional>
#include <span>

namespace ktlm::eval {

struct Interval {
  double low = 0, high = 0;
};

/// Of sum(numerators) / sum(denominators), one of each a document: the middle 95 % of what comes out when as many
/// documents are drawn from these, with replacement, a thousand times (the percentile bootstrap; Efron 1979). With two
/// models' differences as numerators it is the paired bootstrap (Koehn 2004): it tells a difference that the choice of
/// documents can't explain where each model's own interval is too wide to. The same for the same documents. None for
/// fewer than two documents.
std::optional<Interval> bootstrap_interval(std::span<const double> numerators, std::span<const double> denominators);

}  // namespace ktlm::eval
