#include "ktlm/eval/evaluation.h"

#include <cmath>
#include <numbers>

namespace ktlm::eval {

Evaluation make_evaluation(double nats, int64_t num_tokens, int64_t num_bytes) {
  if (num_tokens == 0) return {};
  const double loss = nats / static_cast<double>(num_tokens);
  const double bits_per_byte = num_bytes == 0 ? 0 : nats / std::numbers::ln2 / static_cast<double>(num_bytes);
  return {loss, std::exp(loss), bits_per_byte, num_tokens, num_bytes};
}

}  // namespace ktlm::eval
