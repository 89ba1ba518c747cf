// In what numbers the weights stand in memory. A token reads them all, so fewer bits are more tokens per second.
#pragma once

#include <string>
#include <string_view>

namespace ktlm::cpu_model {

enum class WeightFormat {
  kBf16,  // multiplied with fp32 activations
  kInt8,  // blocks of 32 with a scale; activations in 8 bits as well
  kInt4,  // blocks of 32 with a scale, 16 levels; activations and the output layer in 8 bits
};

/// "bf16", "int8", "int4".
std::string_view to_string(WeightFormat format);
/// And back. Throws ConfigError for another name.
WeightFormat parse_weight_format(const std::string& name);

}  // namespace ktlm::cpu_model
