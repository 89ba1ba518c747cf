// config.json as transformers writes it. Versions 4 and 5 differ in where rope_theta and the dtype stand: either form
// is read.
#include "ktlm/model/model_files.h"

#include <array>
#include <string_view>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"

namespace ktlm::model {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& key, const Json& value, const char* computed) {
  throw Error(where + ": " + key + " is " + value.dump() + ", which ktlm does not compute; it knows " + computed);
}

// Options that change the arithmetic, and the only value that is computed here.
void check_switches(const Json& config, const std::string& where) {
  const auto require = [&](const char* key, const Json& wanted) {
    if (config.contains(key) && !config[key].is_null() && config[key] != wanted) {
      refuse(where, key, config[key], wanted.dump().c_str());
    }
  };
  require("hidden_act", "silu");
  require("attention_bias", false);
  require("mlp_bias", false);
  require("use_sliding_window", false);
  require("partial_rotary_factor", 1.0);
  for (const char* key : {"num_experts", "num_local_experts"}) require(key, 0);
  if (config.contains("quantization_config")) {
    refuse(where, "quantization_config", config["quantization_config"], "F32, BF16 and F16 weights");
  }
  for (const auto& type : json_get_or<Json>(config, "layer_types", Json::array(), where)) {
    if (type != "full_attention") refuse(where, "layer_types", type, "\"full_attention\"");
  }
}

// transformers 5: rope_parameters {rope_theta, rope_type, ...}; 4: rope_theta beside rope_scaling, which may be null.
void read_rope(const Json& json, const std::string& where, ModelConfig& config) {
  config.rope_theta = json_get_or<double>(json, "rope_theta", 10000.0, where);
  for (const char* section : {"rope_scaling", "rope_parameters"}) {
    if (!json.contains(section) || json[section].is_null()) continue;
    const Json& rope = json[section];
    if (!rope.is_object()) throw_json_key_type(section, "an object or null", rope, where);
    const std::string place = where + ": " + section;
    config.rope_theta = json_get_or<double>(rope, "rope_theta", config.rope_theta, place);
    const char* const type_key = rope.contains("rope_type") && !rope["rope_type"].is_null() ? "rope_type" : "type";
    const auto type = json_get_or<std::string>(rope, type_key, "default", place);
    if (type == "default") continue;
    if (type != "linear" && type != "llama3")
      refuse(where, std::string(section) + "." + type_key, type, "\"default\", \"linear\" and \"llama3\"");
    config.rope_scaling = type;
    config.rope_factor = json_get<double>(rope, "factor", place);
    if (type == "linear") continue;
    config.rope_low_freq_factor = json_get<double>(rope, "low_freq_factor", place);
    config.rope_high_freq_factor = json_get<double>(rope, "high_freq_factor", place);
    config.rope_original_seq_len =
        json_get_or<int64_t>(rope, "original_max_position_embeddings", config.max_seq_len, place);
  }
}

// The file's key for a field of ModelConfig: messages name what the reader finds in the file.
std::string key_of(std::string_view field) {
  constexpr std::array<std::pair<std::string_view, const char*>, 13> kKeys = {{
      {"d_model", "hidden_size"},
      {"n_layers", "num_hidden_layers"},
      {"n_heads", "num_attention_heads"},
      {"n_kv_heads", "num_key_value_heads"},
      {"d_ff", "intermediate_size"},
      {"max_seq_len", "max_position_embeddings"},
      {"rope_scaling", "rope_type"},
      {"rope_factor", "factor"},
      {"rope_low_freq_factor", "low_freq_factor"},
      {"rope_high_freq_factor", "high_freq_factor"},
      {"rope_original_seq_len", "original_max_position_embeddings"},
      {"norm_eps", "rms_norm_eps"},
      {"tie_embeddings", "tie_word_embeddings"},
  }};
  for (const auto& [name, key] : kKeys)
    if (name == field) return key;
  return std::string(field);  // the same in both
}

// The limits of a configuration file's values, and ModelConfig::validate's, under the file's names.
void check_numbers(ModelConfig& config, const std::string& where) {
  try {
    for (const auto& field : list_fields(config))
      field.parse({.scalars = {field.print()}, .where = where}, key_of(field.name));
  } catch (const ConfigError& error) {
    throw Error(error.what());
  }
  const auto number = [](int64_t value) { return std::to_string(value); };
  if (config.head_dim == 0 && config.d_model % config.n_heads != 0)
    throw Error(where + ": hidden_size " + number(config.d_model) + " does not divide by num_attention_heads " +
                number(config.n_heads) + ", and there is no head_dim; the file is damaged");
  if (config.n_heads % config.n_kv_heads != 0)
    throw Error(where + ": num_attention_heads " + number(config.n_heads) + " does not divide by num_key_value_heads " +
                number(config.n_kv_heads) + "; the file is damaged");
  if (config.resolved_head_dim() % 2 != 0)
    throw Error(where + ": head_dim is " + number(config.resolved_head_dim()) +
                (config.head_dim == 0 ? " (hidden_size / num_attention_heads)" : "") +
                ", an odd number, but rotary positions turn channels in pairs; the file is damaged");
  if (config.rope_scaling == "llama3" && config.rope_high_freq_factor <= config.rope_low_freq_factor)
    throw Error(where + ": high_freq_factor is not above low_freq_factor; the file is damaged");
}

}  // namespace

ModelConfig config_from_hf_json(const std::string& json_text, const std::string& where) {
  const Json json = parse_json(json_text, where);
  const auto model_type = json_get<std::string>(json, "model_type", where);
  if (model_type != "llama" && model_type != "qwen3") {
    refuse(where, "model_type", model_type, "\"llama\" and \"qwen3\"");
  }
  check_switches(json, where);
  // Where a key is absent, transformers' default for the model_type.
  const bool is_qwen3 = model_type == "qwen3";
  ModelConfig config;
  config.vocab_size = json_get<int64_t>(json, "vocab_size", where);
  config.d_model = json_get<int64_t>(json, "hidden_size", where);
  config.d_ff = json_get<int64_t>(json, "intermediate_size", where);
  config.n_layers = json_get<int64_t>(json, "num_hidden_layers", where);
  config.n_heads = json_get<int64_t>(json, "num_attention_heads", where);
  config.n_kv_heads = json_get_or<int64_t>(json, "num_key_value_heads", config.n_heads, where);
  config.head_dim = json_get_or<int64_t>(json, "head_dim", is_qwen3 ? 128 : 0, where);
  config.max_seq_len = json_get_or<int64_t>(json, "max_position_embeddings", is_qwen3 ? 32768 : 2048, where);
  config.norm_eps = json_get_or<double>(json, "rms_norm_eps", 1e-6, where);
  read_rope(json, where, config);
  config.tie_embeddings = json_get_or<bool>(json, "tie_word_embeddings", false, where);
  config.qk_norm = is_qwen3;
  check_numbers(config, where);
  return config;
}

ModelConfig load_model_config(const std::filesystem::path& directory) {
  const auto path = directory / "config.json";
  return config_from_hf_json(read_file(path), path.string());
}

}  // namespace ktlm::model
