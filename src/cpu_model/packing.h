// How weights lie in memory for the products: sixteen rows side by side, so that a vector holds the same columns of
// several rows. One load of an activation then serves them all, no sum ever crosses a vector, and a result is the same
// bits in batches of any size, and on vectors of any width that multiply and add in one step.
//
// A group of 16 rows, columns padded with zeros to whole blocks of 32:
//   bf16   for each pair of columns 16 times two bf16: 64 bytes
//   int8   the blocks' scales, 16 bf16 each; then for each four columns 16 times four bytes: 64 bytes
//   int4   the blocks' scales likewise; then for each block 4 times 64 bytes, in whose low halves stand the numbers of
//          columns 0 to 15 in int8's order, in the high ones those of columns 16 to 31
// A weight is scale * byte, or scale * kLevels[number].
#pragma once

#include <cstddef>
#include <cstdint>

#include "ktlm/cpu_model/weight_format.h"

namespace ktlm::cpu_model {

inline constexpr int64_t kGroupRows = 16;
inline constexpr int64_t kBlockCols = 32;

constexpr int64_t round_up(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

struct GroupBytes {
  int64_t scales, values;
  int64_t total() const { return scales + values; }
};

constexpr GroupBytes group_bytes(WeightFormat format, int64_t padded_cols) {
  const int64_t scales = round_up(padded_cols / kBlockCols * kGroupRows * 2, 64);
  switch (format) {
    case WeightFormat::kBf16:
      return {0, padded_cols * kGroupRows * 2};
    case WeightFormat::kInt8:
      return {scales, padded_cols * kGroupRows};
    case WeightFormat::kInt4:
      return {scales, padded_cols * kGroupRows / 2};
  }
  return {};
}

/// A packed matrix of `groups` times 16 rows.
struct PackedView {
  WeightFormat format = WeightFormat::kBf16;
  int64_t groups = 0, cols = 0;  // cols is padded
  std::byte* data = nullptr;     // 64-byte aligned

  std::byte* group(int64_t index) const { return data + index * group_bytes(format, cols).total(); }
};

}  // namespace ktlm::cpu_model
