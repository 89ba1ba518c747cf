// config.json as transformers writes it. Versions 4 and 5 differ in where rope_theta and the dtype stand: both forms
// are written (src/model/model_files.cpp reads either).
#include "ktlm/core/json.h"
#include "ktlm/model/model_files.h"

namespace ktlm::model {

namespace {

// Under the keys of both versions.
Json rope_scaling(const ModelConfig& config) {
  Json rope = {{"rope_type", config.rope_scaling == "none" ? "default" : config.rope_scaling}};
  if (config.rope_scaling != "none") rope["factor"] = config.rope_factor;
  if (config.rope_scaling == "llama3") {
    rope["low_freq_factor"] = config.rope_low_freq_factor;
    rope["high_freq_factor"] = config.rope_high_freq_factor;
    rope["original_max_position_embeddings"] = config.rope_original_seq_len;
  }
  return rope;
}

// A tokenizer of other make may have no such token.
Json id_or_null(int64_t id) { return id < 0 ? Json() : Json(id); }

}  // namespace

std::string config_to_hf_json(const ModelConfig& config, const SpecialIds& ids, const std::string& dtype) {
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
  json["rope_parameters"] = rope_scaling(config);
  if (config.rope_scaling != "none") json["rope_scaling"] = json["rope_parameters"];
  json["rope_parameters"]["rope_theta"] = config.rope_theta;
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
  json["bos_token_id"] = id_or_null(ids.bos);
  json["eos_token_id"] = id_or_null(ids.eos);
  json["pad_token_id"] = id_or_null(ids.pad);
  json["dtype"] = dtype;
  json["torch_dtype"] = dtype;
  return json.dump(2) + "\n";
}

}  // namespace ktlm::model
