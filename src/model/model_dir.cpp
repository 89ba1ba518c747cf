#include "ktlm/model/model_dir.h"

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/safetensors.h"
#include "ktlm/model/weight_files.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_files.h"

namespace ktlm::model {
namespace {

const char* hf_dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kBFloat16:
      return "bfloat16";
    case at::kHalf:
      return "float16";
    default:
      return "float32";
  }
}

struct Vocabulary {
  SpecialIds ids{tokenizer::kBosId, tokenizer::kEosId, tokenizer::kPadId};
  std::vector<tokenizer::TokenId> end_ids{tokenizer::kEosId};
};

Vocabulary read_vocabulary(const std::filesystem::path& tokenizer_directory) {
  if (tokenizer_directory.empty()) return {};
  const auto tokenizer = tokenizer::Tokenizer::load(tokenizer_directory);
  return {{tokenizer.bos_id(), tokenizer.eos_id(), tokenizer.pad_id()}, tokenizer.end_ids()};
}

std::string generation_config_json(const Vocabulary& vocabulary) {
  Json json;
  if (vocabulary.ids.bos >= 0) json["bos_token_id"] = vocabulary.ids.bos;
  json["eos_token_id"] = vocabulary.end_ids;
  if (vocabulary.ids.pad >= 0) json["pad_token_id"] = vocabulary.ids.pad;
  return json.dump(2) + "\n";
}

}  // namespace

void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* name : tokenizer::kTokenizerFiles) {
    if (std::filesystem::exists(from / name)) write_file_atomically(to / name, read_file(from / name));
  }
}

void save_model_files(const LanguageModel& model, const std::filesystem::path& tokenizer_directory,
                      const std::filesystem::path& directory) {
  const auto vocabulary = read_vocabulary(tokenizer_directory);
  if (!tokenizer_directory.empty()) copy_tokenizer_files(tokenizer_directory, directory);
  write_file_atomically(directory / "config.json",
                        config_to_hf_json(model.config(), vocabulary.ids, hf_dtype_name(model.dtype())));
  write_file_atomically(directory / "generation_config.json", generation_config_json(vocabulary));
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& [name, tensor] : model.parameters()) tensors.emplace_back(name, tensor);
  save_safetensors(directory / "model.safetensors", tensors, {{"format", "pt"}});  // transformers looks for "format"
}

LanguageModel load_model(const std::filesystem::path& directory, at::Device device, at::ScalarType dtype) {
  const auto config = load_model_config(directory);
  const WeightFiles files(directory, config);
  std::map<std::string, at::Tensor> parameters;
  for (const auto& [name, tensor] : files.tensors()) parameters.emplace(name, to_torch(tensor).to(device, dtype));
  return LanguageModel(config, std::move(parameters), files.where());
}

}  // namespace ktlm::model
