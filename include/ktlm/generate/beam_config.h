// Whether and how a beam search goes on with a text: options of generate.
#pragma once

#include <cstdint>

#include "ktlm/core/config.h"

namespace ktlm::generate {

struct BeamConfig {
  int64_t beams = 1;
  double length_penalty = 1;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("beams", &BeamConfig::beams, at_least(1),
      "texts that a beam search keeps side by side, to find a likely one; nothing is drawn then; 1 is no beam search");
    v("length_penalty", &BeamConfig::length_penalty, any_value(),
      "of beams: a text's log-probability is divided by its tokens to this power; more favours longer texts");
  }

  friend bool operator==(const BeamConfig&, const BeamConfig&) = default;
};

}  // namespace ktlm::generate
