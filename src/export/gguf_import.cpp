#include "ktlm/export/gguf_import.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <set>
#include <span>
#include <sstream>

#include "block_formats.h"
#include "gguf_file.h"
#include "gguf_tensors.h"
#include "gguf_vocabulary.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/parameter_specs.h"
#include "ktlm/model/safetensors_file.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/vocabulary.h"

namespace ktlm::formats {

namespace fs = std::filesystem;
using model::ModelConfig;
using model::ParameterSpec;

namespace {

[[noreturn]] void fail(const GgufFile& file, const std::string& what) { throw Error(file.where() + ": " + what); }

std::string architecture(const GgufFile& file) {
  const std::string name = file.text(keys::kArchitecture);
  if (name != "llama" && name != "qwen3")
    fail(file, "a model of the architecture " + to_json_line(name) +
                   ", which ktlm does not compute; it knows \"llama\" and \"qwen3\"");
  return name;
}

// GGUF holds such numbers in 32 bits: 1e-05 comes back as that, and not as 9.999999747378752e-06. JSON holds finite
// numbers alone: of another one config.json would say nothing.
double in_fewest_digits(const GgufFile& file, const std::string& key) {
  const double value = file.number(key);
  if (!std::isfinite(static_cast<float>(value))) fail(file, key + " is no finite number (damaged?)");
  for (int precision = 1; precision <= 9; ++precision) {
    std::stringstream stream;
    stream.imbue(std::locale::classic());
    stream.precision(precision);
    stream << value;
    double decimal = 0;
    if (stream >> decimal && static_cast<float>(decimal) == static_cast<float>(value)) return decimal;
  }
  return value;
}

// Keys that change the arithmetic, and the only value that is computed here.
void check_switches(const GgufFile& file, const std::string& prefix, const ModelConfig& config) {
  const auto require = [&](const std::string& key, int64_t wanted) {
    if (file.has(prefix + key) && file.integer(prefix + key) != wanted)
      fail(file, prefix + key + " is " + std::to_string(file.integer(prefix + key)) + "; ktlm computes with " +
                     std::to_string(wanted));
  };
  require(".expert_count", 0);
  require(".attention.sliding_window", 0);
  require(keys::kValueLength, config.head_dim);
  require(keys::kRopeDimensions, config.head_dim);
}

// What stretched the context, where it was.
void read_rope_scaling(const GgufFile& file, const std::string& prefix, ModelConfig& config) {
  const std::string key = prefix + ".rope.scaling.type";
  if (!file.has(key) || file.text(key) == "none") return;
  config.rope_scaling = file.text(key);
  if (config.rope_scaling != "linear")
    fail(file, key + " is " + to_json_line(config.rope_scaling) +
                   ", which ktlm does not import; it knows \"none\" and \"linear\"");
  config.rope_factor = in_fewest_digits(file, prefix + keys::kRopeScalingFactor);
}

ModelConfig read_config(const GgufFile& file) {
  const std::string prefix = architecture(file);
  const auto integer = [&](const char* key) {
    const int64_t value = file.integer(prefix + key);
    if (value < 0 || value > std::numeric_limits<int32_t>::max())  // so that products of two are numbers too
      fail(file, prefix + key + " is " + std::to_string(value) + ", which fits no model (damaged?)");
    return value;
  };
  ModelConfig config;
  config.vocab_size = static_cast<int64_t>(file.texts(keys::kTokens).size());
  config.d_model = integer(keys::kEmbeddingLength);
  config.n_layers = integer(keys::kBlockCount);
  config.n_heads = integer(keys::kHeadCount);
  config.n_kv_heads = file.has(prefix + keys::kKvHeadCount) ? integer(keys::kKvHeadCount) : config.n_heads;
  config.d_ff = integer(keys::kFeedForwardLength);
  config.max_seq_len = integer(keys::kContextLength);
  config.norm_eps = in_fewest_digits(file, prefix + keys::kNormEpsilon);
  if (file.has(prefix + keys::kRopeBase)) config.rope_theta = in_fewest_digits(file, prefix + keys::kRopeBase);
  config.tie_embeddings = !file.tensors().contains("output.weight");
  config.qk_norm = prefix == "qwen3";
  // Each layer has nine tensors: a damaged number is not to fill the memory with names.
  if (config.n_layers < 1 || config.n_layers > static_cast<int64_t>(file.tensors().size()) || config.n_heads < 1)
    fail(file, "describes " + std::to_string(config.n_layers) + " layers of " + std::to_string(config.n_heads) +
                   " heads, but holds " + std::to_string(file.tensors().size()) + " tensors (damaged?)");
  config.head_dim = file.has(prefix + keys::kKeyLength) ? integer(keys::kKeyLength) : config.d_model / config.n_heads;
  check_switches(file, prefix, config);
  read_rope_scaling(file, prefix, config);
  return config;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

void check_tensors(const GgufFile& file, const std::vector<ParameterSpec>& specs) {
  std::set<std::string> unexpected;
  for (const auto& [name, tensor] : file.tensors()) unexpected.insert(name);
  for (const ParameterSpec& spec : specs) {
    const std::string name = gguf_name(spec.name);
    const auto found = file.tensors().find(name);
    if (found == file.tensors().end())
      fail(file, "tensor \"" + name + "\" is missing (damaged, or a part of several?)");
    if (found->second.shape != spec.shape)
      fail(file, "tensor \"" + name + "\" has shape " + shape_text(found->second.shape) +
                     ", but its metadata asks for " + shape_text(spec.shape));
    if (!is_known_type(found->second.type))
      fail(file, "tensor \"" + name + "\" is of type " + tensor_type_name(found->second.type) +
                     "; ktlm imports F32, F16, BF16, Q8_0, Q6_K, Q4_K and Q4_0: take the model in one of these");
    unexpected.erase(name);
  }
  if (!unexpected.empty())
    fail(file, "tensor " + to_json_line(*unexpected.begin()) + " belongs to no model that ktlm computes");
}

const char* safetensors_dtype(TensorType type) {
  return type == TensorType::kF16 ? "F16" : type == TensorType::kBf16 ? "BF16" : "F32";
}

const char* hf_dtype(TensorType type) {
  return type == TensorType::kF16 ? "float16" : type == TensorType::kBf16 ? "bfloat16" : "float32";
}

TensorType type_of(const GgufFile& file, const std::string& name) {
  return static_cast<TensorType>(file.tensors().at(name).type);
}

// False where `stop` was requested.
bool write_tensor(AtomicFile& out, const GgufFile& file, const ParameterSpec& spec, const ModelConfig& config,
                  const StopFlag& stop) {
  const std::string name = gguf_name(spec.name);
  const TensorType from = type_of(file, name);
  const std::span<const std::byte> bytes = file.bytes_of(name);
  const int64_t cols = spec.shape.back(), rows = spec.shape.size() == 1 ? 1 : spec.shape.front(),
                step = row_bytes(from, cols);
  std::vector<float> values(static_cast<size_t>(cols));
  for (int64_t row = 0; row < rows; ++row) {
    if (stop.requested()) return false;
    const std::byte* source = bytes.data() + row_in_gguf(config, spec.name, row) * step;
    if (block_layout(from).values == 1) {
      out.write(source, static_cast<size_t>(step));
    } else {
      decode_row(source, cols, from, values.data());
      out.write(values.data(), values.size() * sizeof(float));
    }
  }
  return true;
}

bool write_weights(const fs::path& path, const GgufFile& file, const std::vector<ParameterSpec>& specs,
                   const ModelConfig& config, const StopFlag& stop) {
  std::vector<model::SafetensorsEntry> entries;
  for (const ParameterSpec& spec : specs) {
    file.bytes_of(gguf_name(spec.name));  // all are there before the first is written
    entries.push_back({spec.name, safetensors_dtype(type_of(file, gguf_name(spec.name))), spec.shape});
  }
  AtomicFile out(path);
  out.write(model::safetensors_header(entries, {{"format", "pt"}}));
  for (const ParameterSpec& spec : specs)
    if (!write_tensor(out, file, spec, config, stop)) return false;
  out.commit();
  return true;
}

std::string generation_config(const GgufFile& file, const tokenizer::Vocabulary& vocabulary,
                              const model::SpecialIds& ids) {
  Json ends = Json::array();
  for (const int64_t end : {ids.eos, read_gguf_eot_id(file, vocabulary), control_id(vocabulary, tokenizer::kImEnd)})
    if (end >= 0 && std::ranges::find(ends, Json(end)) == ends.end()) ends.push_back(end);
  Json json;
  if (ids.bos >= 0) json["bos_token_id"] = ids.bos;
  if (!ends.empty()) json["eos_token_id"] = std::move(ends);
  if (ids.pad >= 0) json["pad_token_id"] = ids.pad;
  return json.dump(2) + "\n";
}

void require_free(const fs::path& directory) {
  if (fs::exists(directory) && !(fs::is_directory(directory) && fs::is_empty(directory)))
    throw Error(directory.string() + ": is there already and is left as it is; remove it or choose another --out");
}

}  // namespace

std::optional<GgufImport> import_gguf(const fs::path& path, const fs::path& directory, const StopFlag& stop) {
  const GgufFile file(path);
  const ModelConfig config = read_config(file);
  GgufImport result{.architecture = architecture_of(config)};
  const tokenizer::Vocabulary vocabulary = read_gguf_vocabulary(file);
  const model::SpecialIds ids{vocabulary.bos_id, vocabulary.eos_id, vocabulary.pad_id};
  const std::vector<ParameterSpec> specs = model::parameter_specs(config);
  check_tensors(file, specs);
  const std::string generation_json = generation_config(file, vocabulary, ids);
  const std::string config_json = model::config_to_hf_json(config, ids, hf_dtype(type_of(file, "token_embd.weight")));
  model::config_from_hf_json(config_json, file.where());  // within the limits that ktlm sets to every model
  require_free(directory);

  AtomicDirectory out(directory);
  write_file_atomically(out.path() / "config.json", config_json);
  write_file_atomically(out.path() / "generation_config.json", generation_json);
  tokenizer::write_vocabulary(out.path(), vocabulary, file.where());
  if (!write_weights(out.path() / "model.safetensors", file, specs, config, stop)) return std::nullopt;
  out.commit();
  result.num_tensors = specs.size();
  return result;
}

}  // namespace ktlm::formats
