// The arithmetic of the CPU model on plain memory, in Google Highway: products with packed weights, what stands between
// them, attention over the cache. Each result is computed alike whatever thread takes it and however many tokens come
// at once, so that neither changes a bit of it.
#pragma once

#include <cstdint>
#include <vector>

#include "packing.h"

namespace ktlm::cpu_model {

/// What a product multiplies with: some tokens' rows of `cols` values (a multiple of kBlockCols), in the form that the
/// weights' format wants.
class Activations {
 public:
  Activations(WeightFormat format, int64_t max_tokens, int64_t cols);

  int64_t cols() const { return cols_; }
  /// The row to fill before take_in; columns beyond what is ever written stay zero.
  float* row(int64_t token) { return values_.data() + token * cols_; }
  const float* row(int64_t token) const { return values_.data() + token * cols_; }
  /// Makes the row ready for products.
  void take_in(int64_t token);

  // Of the formats int8 and int4: value = scale of its block * byte, and what a sum over a block starts from.
  const int8_t* bytes(int64_t token) const { return bytes_.data() + token * cols_; }
  const float* scales(int64_t token) const { return scales_.data() + token * (cols_ / kBlockCols); }
  const int32_t* starts(int64_t token) const { return starts_.data() + token * (cols_ / kBlockCols); }

 private:
  WeightFormat format_;
  int64_t cols_;
  std::vector<float> values_, scales_;
  std::vector<int8_t> bytes_;
  std::vector<int32_t> starts_;
};

/// In what numbers a file holds its weights.
enum class Source { kFp32, kBf16, kFp16 };
/// `count` numbers of a file, at any address, as fp32.
void widen(const std::byte* from, Source source, int64_t count, float* to);

/// Packs 16 rows of `cols` (padded) values each into group `group`.
void pack_group(const float* const rows[kGroupRows], const PackedView& weights, int64_t group);

enum class Output { kReplace, kAdd };

/// y[t][16 g .. 16 g + 15] = (or +=) weights x[t], for the groups g of [begin, end) and the first `tokens` rows of x;
/// y has rows of `y_cols`.
void multiply(const PackedView& weights, int64_t begin, int64_t end, const Activations& x, int64_t tokens, float* y,
              int64_t y_cols, Output output);

/// y = x / rms(x) * weight over `size` values; all three go on with zeros to a multiple of 16.
void rms_norm(const float* x, const float* weight, int64_t size, float eps, float* y);
/// y = silu(gate) * up over a multiple of 16 values.
void swiglu(const float* gate, const float* up, int64_t size, float* y);
/// Turns the pairs (x[i], x[i + half]) by the angles whose cosines and sines are given.
void rotate(float* x, const float* cos, const float* sin, int64_t half);

/// fp16 in memory, in the cache: keys of 16 positions side by side, (len/16, D, 16); values (len, D). D is a multiple
/// of 16.
void store_key(const float* key, int64_t head_dim, int64_t position, uint16_t* keys);
void store_value(const float* value, int64_t head_dim, int64_t position, uint16_t* values);

/// A query's head and how many positions it sees, from 0 on; `out` takes head_dim values.
struct Query {
  const float* q;
  int64_t length;
  float* out;
};
inline constexpr int64_t kMaxQueries = 8;

/// out = softmax(q keys * scale) values, for at most kMaxQueries queries of one key head. `scores` has room for
/// kMaxQueries * round_up(longest length, 16) values.
void attend(const Query* queries, int64_t num_queries, const uint16_t* keys, const uint16_t* values, int64_t head_dim,
            float scale, float* scores);

}  // namespace ktlm::cpu_model
