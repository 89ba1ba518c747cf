// A Cache's inside: for each layer, text and key head a block of keys and one of values (kernels.h says how they lie).
#pragma once

#include <vector>

#include "ktlm/cpu_model/cpu_model.h"
#include "packing.h"
#include "page_memory.h"

namespace ktlm::cpu_model {

struct CacheMemory {
  // head_size: values of a position's key, or value; block: of all positions'.
  int64_t num_texts, max_len, num_layers, kv_heads, head_size, block;
  std::vector<int64_t> lengths;
  PageMemory memory;

  uint16_t* keys(int64_t layer, int64_t text, int64_t head) const {
    return reinterpret_cast<uint16_t*>(memory.data()) + ((layer * num_texts + text) * kv_heads + head) * 2 * block;
  }
  uint16_t* values(int64_t layer, int64_t text, int64_t head) const { return keys(layer, text, head) + block; }
};

}  // namespace ktlm::cpu_model
