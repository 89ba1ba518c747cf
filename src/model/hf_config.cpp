// config.json as transformers writes it. Versions 4 and 5 differ in where rope_theta and the dtype stand: both forms
// are written, either is read.
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/model/model_dir.h"

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

std::string config_to_hf_json(const ModelConfig& config, const SpecialIds& ids, at::ScalarType dtype) {
  Json json;
  json["architectures"] = {config.qk_norm ? "Qwen3ForCausalLM" : "LlamaForCausalLM"};
  json["model_type"] = config.qk_norm ? "qwen3" : "llama";
  json["vocab_size"] = config.vocab_size;
  json["hidden_size"] = config.d_model;
  json["intermediate_size"] = config.d_ff;
  json["num_hidden_layers"] = config.n_layers;
  json["num_attention_heads"] = config.n_heads;
  json["num_key_value_heads"] = config.n_kv_heads;
  json["head_dim"] = config.resolved_head_dim();
  json["hidden_act"] = "silu";
  json["max_position_embeddings"] = config.max_seq_len;
  json["rms_norm_eps"] = config.norm_eps;
  json["rope_theta"] = config.rope_theta;
  json["rope_parameters"] = {{"rope_theta", config.rope_theta}, {"rope_type", "default"}};
  json["tie_word_embeddings"] = config.tie_embeddings;
  json["attention_bias"] = false;
  json["attention_dropout"] = 0.0;
  if (config.qk_norm) {
    json["use_sliding_window"] = false;
  } else {
    json["mlp_bias"] = false;
  }
  json["initializer_range"] = 0.02;
  json["use_cache"] = true;
  json["bos_token_id"] = ids.bos;
  json["eos_token_id"] = ids.eos;
  json["pad_token_id"] = ids.pad;
  json["dtype"] = hf_dtype_name(dtype);
  json["torch_dtype"] = hf_dtype_name(dtype);
  return json.dump(2) + "\n";
}

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

}  // namespace ktlm::model
