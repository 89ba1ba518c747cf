#include "ktlm/generate/trained_model.h"

#include "ktlm/generate/generator.h"
#include "ktlm/model/model_dir.h"

namespace ktlm::generate {

TrainedModel load_trained_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype) {
  TrainedModel loaded{model::load_model(directory, device, dtype), tokenizer::Tokenizer::load(directory)};
  check_vocabulary(loaded.model.config(), loaded.tokenizer, directory.string());
  return loaded;
}

}  // namespace ktlm::generate
