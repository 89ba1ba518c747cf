// A model's weights, packed: what CpuModel reads for each token.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/cpu_model/cpu_model.h"
#include "packing.h"
#include "page_memory.h"
#include "thread_team.h"

namespace ktlm::cpu_model {

/// Widths in memory, padded with zeros: heads to whole vectors, what a product sums over to whole blocks.
struct Widths {
  explicit Widths(const model::ModelConfig& config)
      : channels(round_up(config.d_model, kBlockCols)),
        head(round_up(config.resolved_head_dim(), kGroupRows)),
        qkv((config.n_heads + 2 * config.n_kv_heads) * head),
        mixed(round_up(config.n_heads * head, kBlockCols)),
        hidden(round_up(config.d_ff, kBlockCols)),
        vocab(round_up(config.vocab_size, kGroupRows)) {}

  int64_t channels;  // of the residual stream
  int64_t head;      // of a head
  int64_t qkv;       // queries, keys and values of all heads, one after the other
  int64_t mixed;     // what attention gives to the output projection
  int64_t hidden;    // of the feed-forward layer; its product gives gates and, behind them, as many ups
  int64_t vocab;
};

struct LayerWeights {
  std::vector<float> attention_norm, feed_forward_norm;  // (channels)
  std::vector<float> q_norm, k_norm;                     // (head); empty without QK-norm
  PackedView qkv, o, gate_up, down;
};

struct Weights {
  std::vector<LayerWeights> layers;
  std::vector<float> final_norm;  // (channels)
  PackedView head;                // (vocab, channels)
  PageMemory memory;              // of the packed ones
};

/// The tensors have been checked against the configuration. Throws Error, opening with `where`, for a dtype that is no
/// number of 16 or 32 bits, and numbers that are not finite.
Weights pack_weights(const model::ModelConfig& config, const CpuModel::Tensors& tensors, WeightFormat format,
                     ThreadTeam& team, const std::string& where);

/// Row `index` of the tensor, (rows, cols) or (cols), as fp32.
void read_row(const model::SafetensorsFile::Tensor& tensor, int64_t index, float* to);

}  // namespace ktlm::cpu_model
