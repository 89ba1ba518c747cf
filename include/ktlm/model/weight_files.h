// The weights of a model directory, mapped into memory: one model.safetensors, or the several files ("shards") that
// transformers splits a large model into, listed in model.safetensors.index.json. Needs no libtorch.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ktlm/model/model_config.h"
#include "ktlm/model/safetensors_file.h"

namespace ktlm::model {

class WeightFiles {
 public:
  /// Those of the model that `config` describes. Left out is what transformers leaves out as well: an output layer that
  /// is stored although it is the embedding, and the angles that Llama's first checkpoints hold. Throws Error: missing
  /// or damaged files; an index that does not fit its files (a file or a tensor missing, a tensor twice, unlisted, or
  /// looked for outside of the directory); a tied output layer that differs from the embedding; a tensor that is not
  /// F32, BF16 or F16; sizes in `config`, or more layers than tensors, that only a damaged config.json has. Shapes are
  /// the reader's to check (check_shapes).
  WeightFiles(const std::filesystem::path& directory, const ModelConfig& config);

  /// Their memory is this object's.
  const std::map<std::string, SafetensorsFile::Tensor>& tensors() const { return tensors_; }
  /// What opens a message about them: the path of the one file, or of the index.
  const std::string& where() const { return where_; }

 private:
  void open_shards(const std::filesystem::path& directory);
  void leave_out_what_is_no_parameter(const ModelConfig& config);

  std::vector<SafetensorsFile> files_;
  std::map<std::string, SafetensorsFile::Tensor> tensors_;
  std::string where_;
};

/// Throws Error about a tensor that holds NaN or infinity, with what may have brought that about, by its dtype.
[[noreturn]] void refuse_not_finite(const std::string& where, const std::string& name, const std::string& dtype);

}  // namespace ktlm::model
