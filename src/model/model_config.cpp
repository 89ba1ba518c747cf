#include "ktlm/model/model_config.h"

#include <numeric>
#include <string_view>

#include "ktlm/core/error.h"
#include "ktlm/model/parameter_specs.h"

namespace ktlm::model {

int64_t ModelConfig::num_parameters() const {
  int64_t total = 0;
  for (const auto& spec : parameter_specs(*this)) {
    total += std::accumulate(spec.shape.begin(), spec.shape.end(), int64_t{1}, std::multiplies<>());
  }
  return total;
}

void ModelConfig::validate() const {
  const auto number = [](int64_t value) { return std::to_string(value); };
  if (head_dim == 0 && d_model % n_heads != 0) {
    throw ConfigError("model: d_model " + number(d_model) + " does not divide by n_heads " + number(n_heads) +
                      "; choose another of the two, or set head_dim");
  }
  if (n_heads % n_kv_heads != 0) {
    throw ConfigError("model: n_heads " + number(n_heads) + " does not divide by n_kv_heads " + number(n_kv_heads) +
                      "; choose an n_kv_heads that divides n_heads");
  }
  if (resolved_head_dim() % 2 != 0) {
    throw ConfigError("model: head_dim is " + number(resolved_head_dim()) +
                      (head_dim == 0 ? " (d_model / n_heads)" : "") +
                      ", an odd number; rotary positions turn channels in pairs, so choose an even one");
  }
  if (rope_scaling == "llama3" && rope_high_freq_factor <= rope_low_freq_factor) {
    throw ConfigError("model: rope_high_freq_factor is not above rope_low_freq_factor; Llama 3's are 4 and 1");
  }
}

bool operator==(const ModelConfig& a, const ModelConfig& b) {
  bool equal = a.resolved_head_dim() == b.resolved_head_dim();
  ModelConfig::visit_fields([&](std::string_view name, auto member, const Limit&, const char*) {
    if (name != "head_dim") equal = equal && a.*member == b.*member;
  });
  return equal;
}

}  // namespace ktlm::model
