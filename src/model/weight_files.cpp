#include "ktlm/model/weight_files.h"

#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"

namespace ktlm::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";
constexpr const char* kEmbedding = "model.embed_tokens.weight";
constexpr const char* kOutputLayer = "lm_head.weight";

// Tensor to file, as the index's "weight_map" says. The index comes from elsewhere: a name may lead nowhere else than
// into the directory.
std::map<std::string, std::string> read_index(const std::string& where) {
  const Json index = read_json_file(where);
  const Json listed = json_get<Json>(index, "weight_map", where);
  std::map<std::string, std::string> files;
  for (const auto& [tensor, file] : listed.items()) {
    if (!listed.is_object() || !file.is_string())
      throw Error(where + ": weight_map should name a file for each tensor; copy the index again");
    const auto name = file.get<std::string>();
    if (name.find_first_of("/\\") != std::string::npos || !name.ends_with(".safetensors"))
      throw Error(where + ": tensor \"" + tensor + "\" is looked for in \"" + name +
                  "\", which is no safetensors file of this directory; copy the index again");
    files.emplace(tensor, name);
  }
  if (files.empty()) throw Error(where + ": lists no tensors; copy the index again");
  return files;
}

[[noreturn]] void refuse_other_weights(const fs::path& directory) {
  const bool has_pickle =
      fs::exists(directory / "pytorch_model.bin") || fs::exists(directory / "pytorch_model.bin.index.json");
  if (has_pickle)
    throw Error(directory.string() +
                ": the weights are in pytorch_model.bin, which ktlm does not read; save them with " +
                "transformers as safetensors: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW_DIR)");
  throw Error((directory / kWeightsFile).string() + ": no such file, nor " + kIndexFile +
              "; the model's directory is not complete, copy it again");
}

// Products of two of a model's sizes are then far from overflow.
constexpr int64_t kLargestSize = int64_t{1} << 24;

// Before a list of all the tensors that a damaged config.json asks for fills the memory.
void check_sizes(const ModelConfig& config, size_t num_tensors, const std::string& where) {
  for (const int64_t size :
       {config.d_model, config.n_heads, config.n_kv_heads, config.resolved_head_dim(), config.d_ff})
    if (size > kLargestSize)
      throw Error(where + ": a size of " + std::to_string(size) + " in config.json, where at most " +
                  std::to_string(kLargestSize) + " makes sense; the file is damaged");
  if (config.n_layers > static_cast<int64_t>(num_tensors))
    throw Error(where + ": " + std::to_string(config.n_layers) + " layers by config.json, but only " +
                std::to_string(num_tensors) + " tensors; the two files belong to different models");
}

void check_dtypes(const std::map<std::string, SafetensorsFile::Tensor>& tensors, const std::string& where) {
  for (const auto& [name, tensor] : tensors)
    if (tensor.dtype != "F32" && tensor.dtype != "BF16" && tensor.dtype != "F16")
      throw Error(where + ": tensor \"" + name + "\" has dtype " + tensor.dtype +
                  "; ktlm computes with F32, BF16 and F16");
}

bool is_same(const SafetensorsFile::Tensor& a, const SafetensorsFile::Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && std::ranges::equal(a.bytes, b.bytes);
}

}  // namespace

WeightFiles::WeightFiles(const fs::path& directory, const ModelConfig& config) {
  if (fs::exists(directory / kWeightsFile)) {
    where_ = (directory / kWeightsFile).string();
    files_.emplace_back(where_);
    tensors_ = files_.front().tensors();
  } else if (fs::exists(directory / kIndexFile)) {
    where_ = (directory / kIndexFile).string();
    open_shards(directory);
  } else {
    refuse_other_weights(directory);
  }
  leave_out_what_is_no_parameter(config);
  check_sizes(config, tensors_.size(), where_);
  check_dtypes(tensors_, where_);
}

void WeightFiles::open_shards(const fs::path& directory) {
  const auto listed = read_index(where_);
  std::map<std::string, const SafetensorsFile*> shards;
  for (const auto& [tensor, file] : listed) shards.emplace(file, nullptr);
  files_.reserve(shards.size());
  for (auto& [file, shard] : shards) {
    if (!fs::exists(directory / file))
      throw Error((directory / file).string() + ": no such file, but " + kIndexFile + " lists it; copy it as well");
    files_.emplace_back(directory / file);
    shard = &files_.back();
  }
  for (const auto& [name, file] : listed) {
    const auto& held = shards.at(file)->tensors();
    const auto found = held.find(name);
    if (found == held.end())
      throw Error((directory / file).string() + ": tensor \"" + name + "\" is missing, but " + kIndexFile +
                  " lists it here; do the files belong to one model?");
    tensors_.insert(*found);
  }
  for (const auto& [file, shard] : shards) {
    for (const auto& [name, tensor] : shard->tensors()) {
      const auto place = listed.find(name);
      if (place == listed.end())
        throw Error((directory / file).string() + ": tensor \"" + name + "\" is not listed in " + kIndexFile +
                    "; do the files belong to one model?");
      if (place->second != file)
        throw Error((directory / file).string() + ": tensor \"" + name + "\" stands here and in " + place->second +
                    "; do the files belong to one model?");
    }
  }
}

void WeightFiles::leave_out_what_is_no_parameter(const ModelConfig& config) {
  std::erase_if(tensors_, [](const auto& entry) { return entry.first.ends_with(".self_attn.rotary_emb.inv_freq"); });
  const auto output = tensors_.find(kOutputLayer), embedding = tensors_.find(kEmbedding);
  if (!config.tie_embeddings || output == tensors_.end() || embedding == tensors_.end()) return;
  if (!is_same(output->second, embedding->second))
    throw Error(where_ + ": config.json says that the output layer is the embedding (tie_word_embeddings), but \"" +
                kOutputLayer + "\" is another tensor than \"" + kEmbedding + "\"; set tie_word_embeddings to false");
  tensors_.erase(output);
}

void refuse_not_finite(const std::string& where, const std::string& name, const std::string& dtype) {
  const std::string tensor = where + ": tensor \"" + name + "\"";
  if (dtype == "F16")  // to which a model of another dtype is often converted
    throw Error(tensor +
                ", in F16, holds what is no finite number; the file is damaged, training broke down, or a number was "
                "beyond F16's largest, 65504: take another copy or checkpoint, or one in BF16 or F32");
  throw Error(tensor +
              " holds what is no finite number; the file is damaged, or training broke down: take another copy or "
              "checkpoint");
}

}  // namespace ktlm::model
