#include "ktlm/model/rotary_scaling.h"

#include <numbers>

namespace ktlm::model {

float scaled_frequency(float frequency, const ModelConfig& config) {
  if (config.rope_scaling == "none") return frequency;
  const auto factor = static_cast<float>(config.rope_factor);
  if (config.rope_scaling == "linear") return frequency / factor;
  // Llama 3: by how often the pair goes round in the first context. Seldom: squeezed; often: as it was; between: mixed.
  const auto low = static_cast<float>(config.rope_low_freq_factor);
  const auto high = static_cast<float>(config.rope_high_freq_factor);
  const float turns = static_cast<float>(config.rope_original_seq_len) / (2 * std::numbers::pi_v<float> / frequency);
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const float smooth = (turns - low) / (high - low);
  return (1 - smooth) * frequency / factor + smooth * frequency;
}

}  // namespace ktlm::model
