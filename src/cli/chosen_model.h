// The model that --model and --device choose, opened: one home for the verbs that take a trained model. Brings libtorch
// with it.
#pragma once

#include <filesystem>
#include <string>

#include "ktlm/generate/find_model.h"
#include "ktlm/generate/trained_model.h"
#include "ktlm/model/device.h"

namespace ktlm::cli {

struct ChosenModel {
  std::filesystem::path directory;
  generate::TrainedModel trained;
};

/// `model_dir` empty: the newest run's; a run directory: its model. Throws Error.
inline ChosenModel open_chosen_model(const std::string& model_dir, const std::string& device, at::ScalarType dtype) {
  const std::filesystem::path directory =
      model_dir.empty() ? generate::find_newest_model("runs") : generate::find_model(model_dir);
  return {directory, generate::load_trained_model(directory, model::select_device(device), dtype)};
}

}  // namespace ktlm::cli
