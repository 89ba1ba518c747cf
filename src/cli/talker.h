// The model that generate and chat talk with, whatever it computes with. Needs no libtorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "ktlm/generate/token_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::cli {

class Console;

struct Talker {
  std::filesystem::path directory;
  tokenizer::Tokenizer tokenizer;
  std::shared_ptr<void> weights;  // what `model` refers to
  std::unique_ptr<generate::TokenModel> model;
  std::string places;                       // "on cpu", "prompts on mps, tokens on cpu"
  std::string prompt_device, token_device;  // "cpu", ...
  std::string dtype;                        // of the weights
};

/// Opens it once the prompts are there. Throws Error.
using OpenTalker = std::function<Talker(Console&)>;

/// Whether these options mean ktlm's own model for the CPU: no GPU asked for, and a dtype that it has. Throws
/// ConfigError for names that no engine knows, and a GPU with a dtype of the CPU's.
bool is_for_own_model(const std::string& device, const std::string& decode_device, const std::string& dtype);

/// Opens ktlm's own model for the CPU; dtype "auto" is int8. `model_dir` empty: the newest run's; a run directory: its
/// model. Throws Error.
Talker open_own_model(const std::string& model_dir, const std::string& dtype, int64_t num_threads);

}  // namespace ktlm::cli
