#include "source_weights.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/parameter_specs.h"

namespace ktlm::formats {

namespace {

// That a form holds; of a block the scale is a half, and the largest integer 127 or 8.
float largest_weight(TensorType type) {
  constexpr float kLargestHalf = 65504;
  return type == TensorType::kF16    ? kLargestHalf
         : type == TensorType::kQ8_0 ? kLargestHalf * 127
         : type == TensorType::kQ4_0 ? kLargestHalf * 8
                                     : std::numeric_limits<float>::max();
}

}  // namespace

void check_tensors(const model::WeightFiles& files, const model::ModelConfig& config) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const auto& [name, tensor] : files.tensors()) shapes.emplace(name, tensor.shape);
  model::check_shapes(model::parameter_specs(config), shapes, files.where());
}

TensorType source_type(const model::SafetensorsFile::Tensor& tensor) {
  return tensor.dtype == "F32" ? TensorType::kF32 : tensor.dtype == "F16" ? TensorType::kF16 : TensorType::kBf16;
}

void check_values(std::span<const float> values, const model::SafetensorsFile::Tensor& source, TensorType to,
                  const std::string& where, const std::string& name) {
  const float largest = largest_weight(to);
  for (const float value : values) {
    if (!std::isfinite(value)) model::refuse_not_finite(where, name, source.dtype);
    if (std::fabs(value) > largest)
      throw Error(where + ": tensor \"" + name + "\" holds " + format_double(double{value}) +
                  ", more than its form can, " + format_double(double{largest}) + "; export the model in 32 bits");
  }
}

}  // namespace ktlm::formats
