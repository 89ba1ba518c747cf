// Products of packed weights with a few tokens' activations, and the packing of both.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels.h"

// Highway compiles the rest once for each kind of vector unit; foreach_target.h includes it again by this name.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "matrix_kernels.cpp"
// clang-format off
#include "highway_targets.h"
#include <hwy/foreach_target.h>
// clang-format on
#include "vectors-inl.h"

#ifndef KTLM_CPU_MODEL_LEVELS
#define KTLM_CPU_MODEL_LEVELS
namespace ktlm::cpu_model {
namespace {

// The 16 levels of an int4 weight: those of the least squared error (Lloyd 1982) for normal numbers in blocks of 32
// whose largest one stands at the first level. Evenly spaced levels err by a sixth more.
constexpr std::array<int8_t, 16> kLevels{-127, -101, -80, -63, -49, -35, -22, -10, 2, 14, 27, 40, 54, 70, 88, 111};

uint16_t bf16_bits(float value) {  // to the nearest
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
uint16_t bf16_bits_above(float value) { return static_cast<uint16_t>((std::bit_cast<uint32_t>(value) + 0xFFFF) >> 16); }
float from_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

}  // namespace
}  // namespace ktlm::cpu_model
#endif

HWY_BEFORE_NAMESPACE();
namespace ktlm::cpu_model::HWY_NAMESPACE {
namespace {

using Bytes = hn::Rebind<int8_t, Floats>;

// The block's bytes: its values over the scale, to the nearest.
HWY_INLINE void to_bytes(const float* block, float scale, int8_t* bytes) {
  const F inverse = hn::Set(df, scale == 0 ? 0 : 1 / scale);
  for (int i = 0; i < kBlockCols; i += kLanes)
    hn::StoreU(hn::DemoteTo(Bytes(), hn::NearestInt(hn::Mul(load(block + i), inverse))), Bytes(), bytes + i);
}

HWY_INLINE float largest_magnitude(const float* block) {
  F largest = hn::Zero(df);
  for (int i = 0; i < kBlockCols; i += kLanes) largest = hn::Max(largest, hn::Abs(load(block + i)));
  return hn::GetLane(hn::MaxOfLanes(df, largest));
}

template <class Products>
void quantize(const float* row, int64_t cols, int8_t* bytes, float* scales, int32_t* starts) {
  for (int64_t block = 0; block * kBlockCols < cols; ++block) {
    const float* const values = row + block * kBlockCols;
    int8_t* const out = bytes + block * kBlockCols;
    scales[block] = largest_magnitude(values) / 127;
    to_bytes(values, scales[block], out);
    I total = hn::Zero(di);
    for (int i = 0; i < kBlockCols; i += kLanes) total = hn::Add(total, hn::PromoteTo(di, hn::LoadU(Bytes(), out + i)));
    starts[block] = -Products::kOffset * hn::GetLane(hn::SumOfLanes(di, total));
  }
}

template <class Byte>
uint32_t word_of(const Byte* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

template <int kOffset>
void pack_int8_row(const float* row, int64_t cols, uint16_t* scales, uint32_t* values) {
  constexpr uint32_t kFlip = kOffset == 128 ? 0x80808080 : 0;  // -128 .. 127 to 0 .. 255
  for (int64_t block = 0; block * kBlockCols < cols; ++block) {
    const float* const in = row + block * kBlockCols;
    const uint16_t scale = bf16_bits_above(largest_magnitude(in) / 127);  // above, so that the largest still fits
    scales[block * kGroupRows] = scale;
    int8_t bytes[kBlockCols];
    to_bytes(in, from_bf16(scale), bytes);
    uint32_t* const out = values + block * kBlockCols / 4 * kGroupRows;
    for (int i = 0; i < kBlockCols / 4; ++i) out[i * kGroupRows] = word_of(bytes + 4 * i) ^ kFlip;
  }
}

// The value of the largest magnitude.
HWY_INLINE float most_extreme(const float* block) {
  F largest = load(block), smallest = largest;
  for (int i = kLanes; i < kBlockCols; i += kLanes) {
    largest = hn::Max(largest, load(block + i));
    smallest = hn::Min(smallest, load(block + i));
  }
  const float high = hn::GetLane(hn::MaxOfLanes(df, largest)), low = hn::GetLane(hn::MinOfLanes(df, smallest));
  return high > -low ? high : low;
}

// Of each byte the number of the nearest level: how many of the middles between two levels lie at or below it.
HWY_INLINE void nearest_levels(const int8_t* bytes, uint8_t* numbers) {
  const hn::CappedTag<int8_t, 32> db;
  for (size_t i = 0; i < static_cast<size_t>(kBlockCols); i += hn::Lanes(db)) {
    const auto byte = hn::LoadU(db, bytes + i);
    auto number = hn::Zero(db);
    for (size_t level = 0; level < 15; ++level) {
      const int twice = kLevels[level] + kLevels[level + 1];
      const auto below = hn::Set(db, static_cast<int8_t>((twice + (twice & 1)) / 2 - 1));  // 2 byte >= twice
      number = hn::Sub(number, hn::VecFromMask(db, hn::Gt(byte, below)));
    }
    hn::StoreU(number, db, reinterpret_cast<int8_t*>(numbers + i));
  }
}

// The largest goes to the first level, whose sign the scale mends; then the scale of the least squared error for the
// levels found.
void pack_int4_row(const float* row, int64_t cols, uint16_t* scales, uint32_t* values) {
  for (int64_t block = 0; block * kBlockCols < cols; ++block) {
    const float* const in = row + block * kBlockCols;
    int8_t bytes[kBlockCols];
    to_bytes(in, most_extreme(in) / kLevels[0], bytes);
    uint8_t numbers[kBlockCols];
    nearest_levels(bytes, numbers);
    for (int i = 0; i < kBlockCols; ++i) bytes[i] = kLevels[numbers[i]];
    F products = hn::Zero(df), squares = hn::Zero(df);
    for (int i = 0; i < kBlockCols; i += kLanes) {
      const F level = hn::ConvertTo(df, hn::PromoteTo(di, hn::LoadU(Bytes(), bytes + i)));
      products = hn::MulAdd(level, load(in + i), products);
      squares = hn::MulAdd(level, level, squares);
    }
    scales[block * kGroupRows] = bf16_bits(sum(products) / sum(squares));
    uint32_t* const out = values + block * kBlockCols / 8 * kGroupRows;
    for (int i = 0; i < kBlockCols / 8; ++i)
      out[i * kGroupRows] = word_of(numbers + 4 * i) | word_of(numbers + kBlockCols / 2 + 4 * i) << 4;
  }
}

void pack_bf16_row(const float* row, int64_t cols, uint32_t* values) {
  const auto rounded = [&](const float* p) HWY_ATTR {  // to the nearest, ties to even, in the upper half
    const W bits = hn::BitCast(dw, load(p));
    const W odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(dw, 1));
    return hn::Add(bits, hn::Add(odd, hn::Set(dw, 0x7FFF)));
  };
  for (int64_t block = 0; block < cols; block += kBlockCols) {
    uint16_t halves[kBlockCols];
    for (int i = 0; i < kBlockCols; i += kLanes)
      hn::StoreU(hn::TruncateTo(dh, hn::ShiftRight<16>(rounded(row + block + i))), dh, halves + i);
    for (int i = 0; i < kBlockCols; i += 2)
      std::memcpy(values + (block + i) / 2 * kGroupRows, halves + i, sizeof(uint32_t));
  }
}

template <class Products>
void pack_row(const PackedView& weights, const float* row, std::byte* group, int64_t lane) {
  auto* const scales = reinterpret_cast<uint16_t*>(group) + lane;
  auto* const values = reinterpret_cast<uint32_t*>(group + group_bytes(weights.format, weights.cols).scales) + lane;
  switch (weights.format) {
    case WeightFormat::kBf16:
      return pack_bf16_row(row, weights.cols, values);
    case WeightFormat::kInt8:
      return pack_int8_row<Products::kOffset>(row, weights.cols, scales, values);
    case WeightFormat::kInt4:
      return pack_int4_row(row, weights.cols, scales, values);
  }
}

// The products of some of a group's rows, kUnits vectors of them, with kTokens tokens. They run over the columns in one
// order, whatever these two are. Plain arrays: the members that a compiler adds to a class by itself are not of the
// vector unit's kind.
template <int kTokens, int kUnits>
using Sums = F[kTokens][kUnits];

template <int kTokens, int kUnits>
HWY_INLINE void clear(Sums<kTokens, kUnits>& sums) {
  for (int t = 0; t < kTokens; ++t)
    for (int u = 0; u < kUnits; ++u) sums[t][u] = hn::Zero(df);
}

template <int kTokens, int kUnits>
HWY_INLINE void put(const Sums<kTokens, kUnits>& sums, float* y, int64_t y_cols, Output output) {
  for (int t = 0; t < kTokens; ++t)
    for (int u = 0; u < kUnits; ++u) {
      float* const out = y + t * y_cols + u * kLanes;
      store(output == Output::kAdd ? hn::Add(load(out), sums[t][u]) : sums[t][u], out);
    }
}

// The processor's own prefetching follows the lines of a group badly. Measured on Zen 4: this near is best, 4 KB ahead
// takes three times as long.
constexpr int kAheadBytes = 256;

template <int kWords>
HWY_INLINE void prefetch(const uint32_t* values, int ahead_bytes) {
  const auto* const bytes = reinterpret_cast<const char*>(values) + ahead_bytes;
  for (int i = 0; i < kWords * 4; i += 64) hwy::Prefetch(bytes + i);
}

template <int kTokens, int kUnits>
HWY_INLINE void bf16_tile(const uint32_t* values, const Activations& x, int64_t token, Sums<kTokens, kUnits>& sums) {
  Sums<kTokens, kUnits> odd;
  clear<kTokens, kUnits>(odd);
  const float* rows[kTokens];
  for (int t = 0; t < kTokens; ++t) rows[t] = x.row(token + t);
  for (int64_t col = 0; col < x.cols(); col += 2, values += kGroupRows) {
    prefetch<kGroupRows>(values, kTokens == 1 ? 2 * kAheadBytes : 4 * kAheadBytes);
    for (int u = 0; u < kUnits; ++u) {
      const W pair = hn::LoadU(dw, values + u * kLanes);
      const F first = hn::BitCast(df, hn::ShiftLeft<16>(pair));
      const F second = hn::BitCast(df, hn::And(pair, hn::Set(dw, 0xFFFF0000)));
      for (int t = 0; t < kTokens; ++t) {
        sums[t][u] = hn::MulAdd(first, hn::Set(df, rows[t][col]), sums[t][u]);
        odd[t][u] = hn::MulAdd(second, hn::Set(df, rows[t][col + 1]), odd[t][u]);
      }
    }
  }
  for (int t = 0; t < kTokens; ++t)
    for (int u = 0; u < kUnits; ++u) sums[t][u] = hn::Add(sums[t][u], odd[t][u]);
}

// One vector of weights: the bytes of columns 4 i .. 4 i + 3 of a block.
struct Int8Values {
  static constexpr int kBlockWords = static_cast<int>(kBlockCols / 4 * kGroupRows);
  template <class Products, class Add>
  static HWY_INLINE void for_each(const uint32_t* block, const Add& add) {
    HWY_UNROLL(8)
    for (int i = 0; i < kBlockCols / 4; ++i) add(hn::BitCast(di, hn::LoadU(dw, block + i * kGroupRows)), i);
  }
};

struct Int4Values {
  static constexpr int kBlockWords = static_cast<int>(kBlockCols / 8 * kGroupRows);
  template <class Products, class Add>
  static HWY_INLINE void for_each(const uint32_t* block, const Add& add) {
    HWY_ALIGN uint8_t levels[16];
    for (size_t i = 0; i < 16; ++i) levels[i] = static_cast<uint8_t>(kLevels[i] + Products::kOffset);
    const LevelTable table(levels);
    const W mask = hn::Set(dw, 0x0F0F0F0F);
    HWY_UNROLL(4)
    for (int i = 0; i < kBlockCols / 8; ++i) {
      const W two = hn::LoadU(dw, block + i * kGroupRows);
      add(table.look_up(hn::And(two, mask)), i);
      add(table.look_up(hn::And(hn::ShiftRight<4>(two), mask)), i + static_cast<int>(kBlockCols / 8));
    }
  }
};

template <class Products, class Values, int kTokens, int kUnits>
HWY_INLINE void quantized_tile(const uint16_t* scales, const uint32_t* values, const Activations& x, int64_t token,
                               Sums<kTokens, kUnits>& sums) {
  const int8_t* bytes[kTokens];
  const float* x_scales[kTokens];
  const int32_t* starts[kTokens];
  for (int t = 0; t < kTokens; ++t) {
    bytes[t] = x.bytes(token + t);
    x_scales[t] = x.scales(token + t);
    starts[t] = x.starts(token + t);
  }
  const int64_t blocks = x.cols() / kBlockCols;
  for (int64_t block = 0; block < blocks; ++block) {
    for (int u = 0; u < kUnits; ++u) {
      I totals[kTokens];
      for (int t = 0; t < kTokens; ++t) totals[t] = hn::Set(di, starts[t][block]);
      Values::template for_each<Products>(values + u * kLanes, [&](I four, int i) HWY_ATTR {
        for (int t = 0; t < kTokens; ++t)
          totals[t] = Products::add(totals[t], four, bytes[t] + block * kBlockCols + 4 * i);
      });
      const F scale = load_bf16(scales + block * kGroupRows + u * kLanes);
      for (int t = 0; t < kTokens; ++t) {
        const F factor = hn::Mul(scale, hn::Set(df, x_scales[t][block]));
        sums[t][u] = hn::MulAdd(hn::ConvertTo(df, totals[t]), factor, sums[t][u]);
      }
    }
    prefetch<Values::kBlockWords>(values, kAheadBytes);
    values += Values::kBlockWords;
  }
}

template <class Products, int kTokens>
void multiply_group(const PackedView& weights, const std::byte* group, const Activations& x, int64_t token, float* y,
                    int64_t y_cols, Output output) {
  constexpr int kUnits = std::clamp(8 / kTokens, 1, kVectors);
  const int64_t scale_bytes = group_bytes(weights.format, weights.cols).scales;
  for (int unit = 0; unit < kVectors; unit += kUnits) {
    const auto* const scales = reinterpret_cast<const uint16_t*>(group) + unit * kLanes;
    const auto* const values = reinterpret_cast<const uint32_t*>(group + scale_bytes) + unit * kLanes;
    Sums<kTokens, kUnits> sums;
    clear<kTokens, kUnits>(sums);
    switch (weights.format) {
      case WeightFormat::kBf16:
        bf16_tile<kTokens, kUnits>(values, x, token, sums);
        break;
      case WeightFormat::kInt8:
        quantized_tile<Products, Int8Values, kTokens, kUnits>(scales, values, x, token, sums);
        break;
      case WeightFormat::kInt4:
        quantized_tile<Products, Int4Values, kTokens, kUnits>(scales, values, x, token, sums);
        break;
    }
    put<kTokens, kUnits>(sums, y + token * y_cols + unit * kLanes, y_cols, output);
  }
}

template <class Products>
void multiply_with(const PackedView& weights, int64_t begin, int64_t end, const Activations& x, int64_t tokens,
                   float* y, int64_t y_cols, Output output) {
  using Function = void (*)(const PackedView&, const std::byte*, const Activations&, int64_t, float*, int64_t, Output);
  static constexpr Function kByTokens[] = {multiply_group<Products, 1>, multiply_group<Products, 2>,
                                           multiply_group<Products, 3>, multiply_group<Products, 4>,
                                           multiply_group<Products, 5>, multiply_group<Products, 6>,
                                           multiply_group<Products, 7>, multiply_group<Products, 8>};
  constexpr int64_t kMost = 8;
  for (int64_t group = begin; group < end; ++group) {
    const std::byte* const data = weights.group(group);
    for (int64_t token = 0; token < tokens; token += kMost) {
      const int64_t count = std::min(kMost, tokens - token);
      kByTokens[count - 1](weights, data, x, token, y + group * kGroupRows, y_cols, output);
    }
  }
}

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
bool has_byte_products() {
  static const bool has = __builtin_cpu_supports("avx512vnni") > 0;
  return has;
}
template <class F>
void with_products(const F& f) {
  has_byte_products() ? f(ByteProducts()) : f(PlainProducts());
}
#else
template <class F>
void with_products(const F& f) {
  f(PlainProducts());
}
#endif

}  // namespace

void pack_group_of(const float* const rows[kGroupRows], const PackedView& weights, int64_t group) {
  with_products([&](auto products) {
    for (int64_t lane = 0; lane < kGroupRows; ++lane)
      pack_row<decltype(products)>(weights, rows[lane], weights.group(group), lane);
  });
}

void quantize_row(const float* row, int64_t cols, int8_t* bytes, float* scales, int32_t* starts) {
  with_products([&](auto products) { quantize<decltype(products)>(row, cols, bytes, scales, starts); });
}

void multiply_groups(const PackedView& weights, int64_t begin, int64_t end, const Activations& x, int64_t tokens,
                     float* y, int64_t y_cols, Output output) {
  with_products(
      [&](auto products) { multiply_with<decltype(products)>(weights, begin, end, x, tokens, y, y_cols, output); });
}

}  // namespace ktlm::cpu_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ktlm::cpu_model {

HWY_EXPORT(pack_group_of);
HWY_EXPORT(quantize_row);
HWY_EXPORT(multiply_groups);

Activations::Activations(WeightFormat format, int64_t max_tokens, int64_t cols)
    : format_(format), cols_(cols), values_(static_cast<size_t>(max_tokens * cols)) {
  if (format == WeightFormat::kBf16) return;
  const auto blocks = static_cast<size_t>(max_tokens * (cols / kBlockCols));
  scales_.resize(blocks);
  starts_.resize(blocks);
  bytes_.resize(values_.size());
}

void Activations::take_in(int64_t token) {
  if (format_ == WeightFormat::kBf16) return;
  const int64_t block = token * (cols_ / kBlockCols);
  HWY_DYNAMIC_DISPATCH(quantize_row)
  (row(token), cols_, bytes_.data() + token * cols_, scales_.data() + block, starts_.data() + block);
}

void pack_group(const float* const rows[kGroupRows], const PackedView& weights, int64_t group) {
  HWY_DYNAMIC_DISPATCH(pack_group_of)(rows, weights, group);
}

void multiply(const PackedView& weights, int64_t begin, int64_t end, const Activations& x, int64_t tokens, float* y,
              int64_t y_cols, Output output) {
  HWY_DYNAMIC_DISPATCH(multiply_groups)(weights, begin, end, x, tokens, y, y_cols, output);
}

}  // namespace ktlm::cpu_model
#endif  // HWY_ONCE
