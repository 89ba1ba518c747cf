// A block of tokens' way through the layers, as steps that a team of threads shares.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "cache.h"
#include "kernels.h"
#include "thread_team.h"
#include "weights.h"

namespace ktlm::cpu_model {

/// What stands between the products of a block of at most `capacity` tokens.
struct Workspace {
  Workspace(const model::ModelConfig& config, WeightFormat format, int64_t capacity);

  int64_t capacity;
  std::vector<float> x;         // (capacity, channels), the residual stream
  std::vector<float> qkv;       // (capacity, qkv)
  std::vector<float> gate_up;   // (capacity, 2 hidden)
  std::vector<float> cos, sin;  // (capacity, D/2)
  Activations normed, mixed, gated;
};

/// A token of a block.
struct BlockToken {
  int32_t id;
  int64_t text, position;  // in the cache
};

/// What the threads need of a block; theirs as long as one of them may still be on its way.
struct Block {
  const model::ModelConfig* config;
  const Weights* weights;
  const model::SafetensorsFile::Tensor* embedding;
  WeightFormat format;
  const CacheMemory* cache;
  std::shared_ptr<Workspace> space;
  std::vector<BlockToken> tokens;    // a text's in order, one behind the other
  std::vector<int64_t> last_tokens;  // those whose logits are wanted, ascending
  float* logits;                     // (last_tokens.size(), vocab)
  std::vector<float>* scores;        // of attention, one for each thread
  int64_t num_threads;
};

/// Every thread of the team calls it.
void forward(const Block& block, ThreadTeam::Way& way);

}  // namespace ktlm::cpu_model
