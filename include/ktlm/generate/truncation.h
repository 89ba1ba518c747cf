// Which of the likeliest tokens may be drawn: rules that cut tokens off a sorted list, one function each.
#pragma once

#include <cstdint>
#include <vector>

namespace ktlm::generate {

struct TokenProbability {
  int32_t id;
  double probability;
};

/// The likeliest first. Each rule takes probabilities that sum to 1 and leaves those of the kept tokens, which are at
/// least one and again sum to 1.
using Candidates = std::vector<TokenProbability>;

/// Locally typical sampling (Meister et al. 2022): the tokens whose information, -log p, lies nearest to the
/// distribution's entropy, until together they reach probability `p`. 1 keeps all.
void keep_typical(Candidates& candidates, double p);
/// Nucleus sampling (Holtzman et al. 2020): the likeliest tokens, until together they reach probability `p`. 1 keeps
/// all.
void keep_top_p(Candidates& candidates, double p);
/// Min-p (Nguyen et al. 2024): the tokens at least `p` times as probable as the likeliest. 0 keeps all.
void keep_min_p(Candidates& candidates, double p);
/// Exclude top choices (p-e-w, text-generation-webui, 2024): of the tokens with at least probability `threshold` the
/// least likely stays and the others go; where there are not two of them all stay.
void exclude_top_choices(Candidates& candidates, double threshold);

}  // namespace ktlm::generate
