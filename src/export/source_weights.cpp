#include "source_weights.h"

#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/parameter_specs.h"

namespace ktlm::formats {

void check_tensors(const model::WeightFiles& files, const model::ModelConfig& config) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : files.tensors()) shapes.emplace(name, tensor.shape);
  model::check_shapes(model::parameter_specs(config), shapes, files.where());
}

TensorType source_type(const model::SafetensorsFile::Tensor& tensor) {
  return tensor.dtype == "F32" ? TensorType::kF32 : tensor.dtype == "F16" ? TensorType::kF16 : TensorType::kBf16;
}

void check_values(std::span<const float> values, TensorType to, const std::string& where, const std::string& name) {
  constexpr float kLargestHalf = 65504;
  for (const float value : values) {
    if (!std::isfinite(value))
      throw Error(where + ": tensor \"" + name +
                  "\" holds what is no finite number; the file is damaged, or training broke down: take another copy "
                  "or checkpoint");
    if (to == TensorType::kF16 && std::fabs(value) > kLargestHalf)
      throw Error(where + ": tensor \"" + name + "\" holds " + format_double(double{value}) +
                  ", more than 16 bits can, 65504; export the model in 32 bits");
  }
}

}  // namespace ktlm::formats
