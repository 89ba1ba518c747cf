// What stands between the products: RMSNorm, SwiGLU, rotary positions, and attention over the cache.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.h"

// Highway compiles the rest once for each kind of vector unit; foreach_target.h includes it again by this name.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "row_kernels.cpp"
// clang-format off
#include "highway_targets.h"
#include <hwy/foreach_target.h>
// clang-format on
#include "vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ktlm::cpu_model::HWY_NAMESPACE {
namespace {

using Fp16 = hn::Rebind<hwy::float16_t, Floats>;

HWY_INLINE F load_fp16(const uint16_t* p) {
  return hn::PromoteTo(df, hn::LoadU(Fp16(), reinterpret_cast<const hwy::float16_t*>(p)));
}
HWY_INLINE void store_fp16(F v, uint16_t* p) {
  const F most = hn::Set(df, 65504);  // beyond stands infinity
  const F within = hn::Max(hn::Min(v, most), hn::Neg(most));
  hn::StoreU(hn::DemoteTo(Fp16(), within), Fp16(), reinterpret_cast<hwy::float16_t*>(p));
}

// Scores of kCount queries with all positions up to `blocks` times 16. Each sum runs over the channels in order.
template <int kCount>
void scores_of(const Query* queries, const uint16_t* keys, int64_t head_dim, int64_t blocks, float scale,
               float* scores) {
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t lane = 0; lane < kGroupRows; lane += kLanes) {
      F sums[kCount];
      for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(df);
      const uint16_t* key = keys + block * head_dim * kGroupRows + lane;
      for (int64_t channel = 0; channel < head_dim; ++channel, key += kGroupRows) {
        const F k = load_fp16(key);
        for (int i = 0; i < kCount; ++i) sums[i] = hn::MulAdd(k, hn::Set(df, queries[i].q[channel]), sums[i]);
      }
      for (int i = 0; i < kCount; ++i)
        store(hn::Mul(sums[i], hn::Set(df, scale)), scores + (i * blocks + block) * kGroupRows + lane);
    }
  }
}

// exp(score - largest), 0 behind the query's length; the sum of them.
HWY_INLINE float exponentials(float* scores, int64_t length, int64_t size) {
  std::fill(scores + length, scores + size, -1e30F);
  F largest = load(scores);
  for (int64_t i = 0; i < size; i += kLanes) largest = hn::Max(largest, load(scores + i));
  const F max = hn::MaxOfLanes(df, largest);
  F total = hn::Zero(df);
  for (int64_t i = 0; i < size; i += kLanes) {
    const F e = hn::Exp(df, hn::Sub(load(scores + i), max));
    total = hn::Add(total, e);
    store(e, scores + i);
  }
  return sum(total);
}

template <int kCount, int kParts>
HWY_INLINE void mix_part(const Query* queries, const uint16_t* values, int64_t head_dim, int64_t length, int64_t stride,
                         const float* weights, const float* factors, int64_t channel) {
  F sums[kCount][kParts];
  for (int i = 0; i < kCount; ++i)
    for (int part = 0; part < kParts; ++part) sums[i][part] = hn::Zero(df);
  const uint16_t* value = values + channel;
  for (int64_t position = 0; position < length; ++position, value += head_dim) {
    for (int part = 0; part < kParts; ++part) {
      const F v = load_fp16(value + part * kLanes);
      for (int i = 0; i < kCount; ++i)
        sums[i][part] = hn::MulAdd(v, hn::Set(df, weights[i * stride + position]), sums[i][part]);
    }
  }
  for (int i = 0; i < kCount; ++i)
    for (int part = 0; part < kParts; ++part)
      store(hn::Mul(sums[i][part], hn::Set(df, factors[i])), queries[i].out + channel + part * kLanes);
}

// out = sum of weight * value, over the longest length: behind its own a query's weights are 0.
template <int kCount>
void mix(const Query* queries, const uint16_t* values, int64_t head_dim, int64_t length, int64_t stride,
         const float* weights, const float* factors) {
  constexpr int kParts = 4;
  int64_t channel = 0;
  for (; channel + kParts * kLanes <= head_dim; channel += kParts * kLanes)
    mix_part<kCount, kParts>(queries, values, head_dim, length, stride, weights, factors, channel);
  for (; channel < head_dim; channel += kLanes)
    mix_part<kCount, 1>(queries, values, head_dim, length, stride, weights, factors, channel);
}

template <int kCount>
void attend_some(const Query* queries, const uint16_t* keys, const uint16_t* values, int64_t head_dim, float scale,
                 float* scores) {
  int64_t longest = 0;
  for (int i = 0; i < kCount; ++i) longest = std::max(longest, queries[i].length);
  const int64_t blocks = (longest + kGroupRows - 1) / kGroupRows, size = blocks * kGroupRows;
  scores_of<kCount>(queries, keys, head_dim, blocks, scale, scores);
  float factors[kCount];
  for (int i = 0; i < kCount; ++i) factors[i] = 1 / exponentials(scores + i * size, queries[i].length, size);
  constexpr int kHalf = kCount > 4 ? 4 : kCount;  // as many sums as there are registers
  for (int i = 0; i < kCount; i += kHalf)
    mix<kHalf>(queries + i, values, head_dim, longest, size, scores + i * size, factors + i);
}

}  // namespace

void rms_norm_row(const float* x, const float* weight, int64_t size, float eps, float* y) {
  F squares = hn::Zero(df);
  for (int64_t i = 0; i < size; i += kLanes) squares = hn::MulAdd(load(x + i), load(x + i), squares);
  const F factor = hn::Set(df, 1 / std::sqrt(sum(squares) / static_cast<float>(size) + eps));
  for (int64_t i = 0; i < size; i += kLanes) store(hn::Mul(hn::Mul(load(x + i), factor), load(weight + i)), y + i);
}

void swiglu_row(const float* gate, const float* up, int64_t size, float* y) {
  const F one = hn::Set(df, 1), most = hn::Set(df, 88);  // the exponential of more is infinite
  for (int64_t i = 0; i < size; i += kLanes) {
    const F g = load(gate + i);
    const F sigmoid = hn::Div(one, hn::Add(one, hn::Exp(df, hn::Min(hn::Neg(g), most))));
    store(hn::Mul(hn::Mul(g, sigmoid), load(up + i)), y + i);
  }
}

void rotate_head(float* x, const float* cos, const float* sin, int64_t half) {
  int64_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const F first = load(x + i), second = load(x + half + i), c = load(cos + i), s = load(sin + i);
    store(hn::NegMulAdd(second, s, hn::Mul(first, c)), x + i);
    store(hn::MulAdd(first, s, hn::Mul(second, c)), x + half + i);
  }
  for (; i < half; ++i) {
    const float first = x[i], second = x[half + i];
    x[i] = first * cos[i] - second * sin[i];
    x[half + i] = first * sin[i] + second * cos[i];
  }
}

void widen_numbers(const std::byte* from, Source source, int64_t count, float* to) {
  if (source == Source::kFp32) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  constexpr int kSome = 16;
  for (int64_t i = 0; i < count; i += kSome) {
    uint16_t halves[kSome] = {};  // aligned, and whole vectors at the end too
    float floats[kSome];
    const int64_t rest = std::min<int64_t>(kSome, count - i);
    std::memcpy(halves, from + i * 2, static_cast<size_t>(rest) * 2);
    for (int lane = 0; lane < kSome; lane += kLanes)
      store(source == Source::kBf16 ? load_bf16(halves + lane) : load_fp16(halves + lane), floats + lane);
    std::memcpy(to + i, floats, static_cast<size_t>(rest) * sizeof(float));
  }
}

void store_fp16_row(const float* x, int64_t size, uint16_t* y) {
  for (int64_t i = 0; i < size; i += kLanes) store_fp16(load(x + i), y + i);
}

void attend_all(const Query* queries, int64_t num_queries, const uint16_t* keys, const uint16_t* values,
                int64_t head_dim, float scale, float* scores) {
  for (; num_queries >= 8; num_queries -= 8, queries += 8)
    attend_some<8>(queries, keys, values, head_dim, scale, scores);
  for (; num_queries >= 4; num_queries -= 4, queries += 4)
    attend_some<4>(queries, keys, values, head_dim, scale, scores);
  for (; num_queries >= 1; --num_queries, ++queries) attend_some<1>(queries, keys, values, head_dim, scale, scores);
}

}  // namespace ktlm::cpu_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ktlm::cpu_model {

HWY_EXPORT(rms_norm_row);
HWY_EXPORT(swiglu_row);
HWY_EXPORT(rotate_head);
HWY_EXPORT(widen_numbers);
HWY_EXPORT(store_fp16_row);
HWY_EXPORT(attend_all);

void rms_norm(const float* x, const float* weight, int64_t size, float eps, float* y) {
  HWY_DYNAMIC_DISPATCH(rms_norm_row)(x, weight, size, eps, y);
}

void swiglu(const float* gate, const float* up, int64_t size, float* y) {
  HWY_DYNAMIC_DISPATCH(swiglu_row)(gate, up, size, y);
}

void rotate(float* x, const float* cos, const float* sin, int64_t half) {
  HWY_DYNAMIC_DISPATCH(rotate_head)(x, cos, sin, half);
}

void widen(const std::byte* from, Source source, int64_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(widen_numbers)(from, source, count, to);
}

void store_key(const float* key, int64_t head_dim, int64_t position, uint16_t* keys) {
  thread_local std::vector<uint16_t> row;
  row.resize(static_cast<size_t>(head_dim));
  HWY_DYNAMIC_DISPATCH(store_fp16_row)(key, head_dim, row.data());
  uint16_t* const out = keys + position / kGroupRows * kGroupRows * head_dim + position % kGroupRows;
  for (int64_t channel = 0; channel < head_dim; ++channel)
    out[channel * kGroupRows] = row[static_cast<size_t>(channel)];
}

void store_value(const float* value, int64_t head_dim, int64_t position, uint16_t* values) {
  HWY_DYNAMIC_DISPATCH(store_fp16_row)(value, head_dim, values + position * head_dim);
}

void attend(const Query* queries, int64_t num_queries, const uint16_t* keys, const uint16_t* values, int64_t head_dim,
            float scale, float* scores) {
  HWY_DYNAMIC_DISPATCH(attend_all)(queries, num_queries, keys, values, head_dim, scale, scores);
}

}  // namespace ktlm::cpu_model
#endif  // HWY_ONCE
