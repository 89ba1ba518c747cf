#include "ktlm/cpu_model/weight_format.h"

#include "ktlm/core/error.h"

namespace ktlm::cpu_model {

std::string_view to_string(WeightFormat format) {
  switch (format) {
    case WeightFormat::kBf16:
      return "bf16";
    case WeightFormat::kInt8:
      return "int8";
    case WeightFormat::kInt4:
      return "int4";
  }
  return "";
}

WeightFormat parse_weight_format(const std::string& name) {
  for (const WeightFormat format : {WeightFormat::kBf16, WeightFormat::kInt8, WeightFormat::kInt4})
    if (name == to_string(format)) return format;
  throw ConfigError("dtype \"" + name + "\" is unknown; choose bf16, int8 or int4");
}

}  // namespace ktlm::cpu_model
