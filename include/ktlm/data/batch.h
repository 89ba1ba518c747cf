// A micro-batch, and where the micro-batches of a run come from. A batch is a pure function of its number, so that
// resuming needs no state.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ktlm::data {

struct Batch {
  at::Tensor ids;               // (B, T) int64
  at::Tensor targets;           // (B, T) int64: the next token of each; -1: no target
  at::Tensor text_starts = {};  // (B, T) int64: where in its row the text of each token begins; undefined: a row is one
};

class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Micro-batch number `index` (0, 1, 2, ... over the whole run), on the CPU; all have the same shape.
  virtual Batch batch(int64_t index) = 0;
  /// Epochs over the data (1.5: one and a half) when micro-batch `index` is reached.
  virtual double epoch_at(int64_t index) const = 0;
};

}  // namespace ktlm::data
