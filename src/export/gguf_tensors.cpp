#include "gguf_tensors.h"

#include <array>
#include <string_view>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::formats {

namespace {

constexpr std::string_view kLayers = "model.layers.", kWeight = ".weight";

using Names = std::pair<std::string_view, std::string_view>;
constexpr std::array<Names, 3> kModelNames{{{"model.embed_tokens.weight", "token_embd.weight"},
                                            {"model.norm.weight", "output_norm.weight"},
                                            {"lm_head.weight", "output.weight"}}};
constexpr std::array<Names, 11> kLayerNames{{{"input_layernorm", "attn_norm"},
                                             {"self_attn.q_proj", "attn_q"},
                                             {"self_attn.k_proj", "attn_k"},
                                             {"self_attn.v_proj", "attn_v"},
                                             {"self_attn.q_norm", "attn_q_norm"},
                                             {"self_attn.k_norm", "attn_k_norm"},
                                             {"self_attn.o_proj", "attn_output"},
                                             {"post_attention_layernorm", "ffn_norm"},
                                             {"mlp.gate_proj", "ffn_gate"},
                                             {"mlp.up_proj", "ffn_up"},
                                             {"mlp.down_proj", "ffn_down"}}};

bool is_turned(const model::ModelConfig& config, const std::string& parameter) {
  return !config.qk_norm && (parameter.ends_with("q_proj.weight") || parameter.ends_with("k_proj.weight"));
}

}  // namespace

const char* architecture_of(const model::ModelConfig& config) { return config.qk_norm ? "qwen3" : "llama"; }

std::string gguf_name(const std::string& parameter) {
  for (const auto& [ours, theirs] : kModelNames)
    if (parameter == ours) return std::string(theirs);
  const size_t dot = parameter.find('.', kLayers.size());
  if (parameter.starts_with(kLayers) && dot != std::string::npos && parameter.ends_with(kWeight)) {
    const std::string_view name =
        std::string_view(parameter).substr(dot + 1, parameter.size() - dot - 1 - kWeight.size());
    for (const auto& [ours, theirs] : kLayerNames)
      if (name == ours)
        return "blk." + parameter.substr(kLayers.size(), dot - kLayers.size()) + "." + std::string(theirs) + ".weight";
  }
  throw Error("GGUF has no name for the tensor \"" + parameter + "\"");
}

int64_t row_in_directory(const model::ModelConfig& config, const std::string& parameter, int64_t row) {
  if (!is_turned(config, parameter)) return row;
  const int64_t head_dim = config.resolved_head_dim(), channel = row % head_dim;
  return row - channel + channel % 2 * (head_dim / 2) + channel / 2;
}

int64_t row_in_gguf(const model::ModelConfig& config, const std::string& parameter, int64_t row) {
  if (!is_turned(config, parameter)) return row;
  const int64_t head_dim = config.resolved_head_dim(), channel = row % head_dim;
  return row - channel + channel % (head_dim / 2) * 2 + channel / (head_dim / 2);
}

}  // namespace ktlm::formats
