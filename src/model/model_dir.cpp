#include "ktlm/model/model_dir.h"

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/safetensors.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::model {
namespace {

constexpr const char* kTokenizerFiles[] = {"tokenizer.model", "tokenizer.json", "tokenizer_config.json",
                                           "special_tokens_map.json", "chat_template.jinja"};

void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* name : kTokenizerFiles) {
    if (std::filesystem::exists(from / name)) write_file_atomically(to / name, read_file(from / name));
  }
}

}  // namespace

void save_model_files(const LanguageModel& model, const std::filesystem::path& tokenizer_directory,
                      const std::filesystem::path& directory) {
  const SpecialIds ids{tokenizer::kBosId, tokenizer::kEosId, tokenizer::kPadId};
  write_file_atomically(directory / "config.json", config_to_hf_json(model.config(), ids, model.dtype()));
  const Json generation{{"bos_token_id", ids.bos}, {"eos_token_id", ids.eos}, {"pad_token_id", ids.pad}};
  write_file_atomically(directory / "generation_config.json", generation.dump(2) + "\n");
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : model.parameters()) tensors.emplace_back(name, tensor);
  save_safetensors(directory / "model.safetensors", tensors, {{"format", "pt"}});  // transformers looks for "format"
  if (!tokenizer_directory.empty()) copy_tokenizer_files(tokenizer_directory, directory);
}

ModelConfig load_model_config(const std::filesystem::path& directory) {
  const auto path = directory / "config.json";
  return config_from_hf_json(read_file(path), path.string());
}

LanguageModel load_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype) {
  const auto config = load_model_config(directory);
  const auto path = directory / "model.safetensors";
  if (!std::filesystem::exists(path) && std::filesystem::exists(directory / "model.safetensors.index.json")) {
    throw Error(directory.string() +
                ": the weights are split over several files (model.safetensors.index.json); ktlm " +
                "reads one, so save them again with save_pretrained(..., max_shard_size=\"100GB\")");
  }
  auto tensors = load_safetensors(path);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(device, dtype);
  return LanguageModel(config, std::move(tensors), path.string());
}

}  // namespace ktlm::model
