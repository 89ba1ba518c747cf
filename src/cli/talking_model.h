// The model that generate and chat talk with, opened on the device or the two devices where it does that fastest.
// Brings libtorch with it.
#pragma once

#include <optional>
#include <string>

#include "chosen_model.h"
#include "ktlm/generate/inference_models.h"

namespace ktlm::cli {

class Console;

struct TalkingModel {
  ChosenModel chosen;                              // on --device
  std::optional<model::LanguageModel> token_copy;  // where tokens are made one by one, if that is another device
  int64_t min_prompt_tokens = 1;                   // with a copy: shorter prompts go through it too

  generate::InferenceModels models() const;
  /// "on cpu", "prompts on mps, tokens on cpu".
  std::string places() const;
};

/// `decode_device` "auto": with a --device that is not the CPU, whichever of the two a measurement found faster, made
/// the first time and remembered. Throws Error.
TalkingModel open_talking_model(const std::string& model_dir, const std::string& device,
                                const std::string& decode_device, at::ScalarType dtype, Console& console);

}  // namespace ktlm::cli
