// config.json as transformers writes it. Versions 4 and 5 differ in where rope_theta and the dtype stand: either form
// is read.
#include "ktlm/model/model_files.h"
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

// transformers 5: rope_parameters {rope_theta, rope_type}; 4: rope_theta beside rope_scaling, null or of type default.
double read_rope_theta(const Json& config, const std::string& where) {
  double theta = json_get_or<double>(config, "rope_theta", 10000.0, where);
  for (const char* section : {"rope_scaling", "rope_parameters"}) {
    if (!config.contains(section) || config[section].is_null()) continue;
    const Json& rope = config[section];
    for (const char* type_key : {"rope_type", "type"}) {
      if (rope.contains(type_key) && rope[type_key] != "default") {
        refuse(where, std::string(section) + "." + type_key, rope[type_key], "\"default\"");
      }
    }
    theta = json_get_or<double>(rope, "rope_theta", theta, where);
  }
  return theta;
}

}  // namespace

ModelConfig config_from_hf_json(const std::string& json_text, const std::string& where) {
  const Json json = parse_json(json_text, where);
  const auto model_type = json_get<std::string>(json, "model_type", where);
  if (model_type != "llama" && model_type != "qwen3") {
    refuse(where, "model_type", model_type, "\"llama\" and \"qwen3\"");
  }
  check_switches(json, where);
  ModelConfig config;
  config.vocab_size = json_get<int64_t>(json, "vocab_size", where);
  config.d_model = json_get<int64_t>(json, "hidden_size", where);
  config.d_ff = json_get<int64_t>(json, "intermediate_size", where);
  config.n_layers = json_get<int64_t>(json, "num_hidden_layers", where);
  config.n_heads = json_get<int64_t>(json, "num_attention_heads", where);
  config.n_kv_heads = json_get_or<int64_t>(json, "num_key_value_heads", config.n_heads, where);
  config.head_dim = json_get_or<int64_t>(json, "head_dim", model_type == "qwen3" ? 128 : 0, where);
  config.max_seq_len = json_get<int64_t>(json, "max_position_embeddings", where);
  config.norm_eps = json_get<double>(json, "rms_norm_eps", where);
  config.rope_theta = read_rope_theta(json, where);
  config.tie_embeddings = json_get_or<bool>(json, "tie_word_embeddings", false, where);
  config.qk_norm = model_type == "qwen3";
  try {
    for (const auto& field : list_fields(config)) {
      // Through the same limits as a configuration file's values.
      field.parse({.scalars = {field.print()}, .where = where}, "model." + field.name);
    }
    config.validate();
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    throw Error(message.starts_with(where) ? message : where + ": " + message);
  }
  return config;
}

ModelConfig load_model_config(const std::filesystem::path& directory) {
  const auto path = directory / "config.json";
  return config_from_hf_json(read_file(path), path.string());
}

std::filesystem::path weights_file(const std::filesystem::path& directory) {
  const auto path = directory / "model.safetensors";
  if (!std::filesystem::exists(path) && std::filesystem::exists(directory / "model.safetensors.index.json")) {
    throw Error(directory.string() +
                ": the weights are split over several files (model.safetensors.index.json); ktlm " +
                "reads one, so save them again with save_pretrained(..., max_shard_size=\"100GB\")");
  }
  return path;
}

}  // namespace ktlm::model
