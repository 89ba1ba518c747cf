// A model's weights on their way into another file: what exports take, and the values that they refuse.
#pragma once

#include <span>
#include <string>

#include "block_formats.h"
#include "ktlm/model/weight_files.h"

namespace ktlm::formats {

/// Throws Error where a parameter of the model is missing, or a tensor is of another shape.
void check_tensors(const model::WeightFiles& files, const model::ModelConfig& config);

/// Of one of the dtypes that model::WeightFiles lets through.
TensorType source_type(const model::SafetensorsFile::Tensor& tensor);

/// Throws Error where a value of `source` is no finite number, or larger than `to` holds. `where` names the model file,
/// `name` the tensor.
void check_values(std::span<const float> values, const model::SafetensorsFile::Tensor& source, TensorType to,
                  const std::string& where, const std::string& name);

}  // namespace ktlm::formats
