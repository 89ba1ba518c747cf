// What the kernels share, once for each kind of vector unit: vectors of at most 16 values, so that sixteen rows are
// made of whole vectors everywhere, and the product of four bytes with four, added up.
#if defined(KTLM_CPU_MODEL_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KTLM_CPU_MODEL_VECTORS_INL_H_
#undef KTLM_CPU_MODEL_VECTORS_INL_H_
#else
#define KTLM_CPU_MODEL_VECTORS_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "packing.h"

HWY_BEFORE_NAMESPACE();
namespace ktlm::cpu_model::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Ints = hn::Rebind<int32_t, Floats>;
using Words = hn::Rebind<uint32_t, Floats>;
using Halves = hn::Rebind<uint16_t, Floats>;
using F = hn::Vec<Floats>;
using I = hn::Vec<Ints>;
using W = hn::Vec<Words>;
constexpr Floats df;
constexpr Ints di;
constexpr Words dw;
constexpr Halves dh;

constexpr int kLanes = static_cast<int>(hn::MaxLanes(df));
constexpr int kVectors = static_cast<int>(kGroupRows) / kLanes;  // of a group

HWY_INLINE F load(const float* p) { return hn::LoadU(df, p); }
HWY_INLINE void store(F v, float* p) { hn::StoreU(v, df, p); }
HWY_INLINE float sum(F v) { return hn::GetLane(hn::SumOfLanes(df, v)); }

/// bf16, the upper half of an fp32.
HWY_INLINE F load_bf16(const uint16_t* p) {
  return hn::BitCast(df, hn::ShiftLeft<16>(hn::PromoteTo(dw, hn::LoadU(dh, p))));
}

// A byte for each number of 0 .. 15, looked up for four numbers in each lane.
#if HWY_TARGET == HWY_SCALAR
class LevelTable {
 public:
  explicit LevelTable(const uint8_t* bytes) : bytes_(bytes) {}
  HWY_INLINE I look_up(W numbers) const {
    uint32_t result = 0;
    for (int shift = 0; shift < 32; shift += 8)
      result |= static_cast<uint32_t>(bytes_[(hn::GetLane(numbers) >> shift) & 15]) << shift;
    return hn::BitCast(di, hn::Set(dw, result));
  }

 private:
  const uint8_t* bytes_;
};
#else
class LevelTable {
 public:
  explicit HWY_INLINE LevelTable(const uint8_t* bytes) : table_(hn::LoadDup128(db, bytes)) {}
  HWY_INLINE I look_up(W numbers) const {
    return hn::BitCast(di, hn::TableLookupBytes(table_, hn::BitCast(db, numbers)));
  }

 private:
  using TableBytes = hn::Repartition<uint8_t, Words>;
  static constexpr TableBytes db{};
  hn::Vec<TableBytes> table_;
};
#endif

// acc + w[0] a[0] + ... + w[3] a[3] in each lane, for bytes w of the lane and the four at `a`. Weights are stored with
// `kOffset` added, which the caller takes off again by starting from -kOffset times the activations' sum.

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
// The instruction for just this. In assembly, for not every Highway knows it under this target; that the processor has
// it is asked before (has_byte_products).
struct ByteProducts {
  static constexpr int kOffset = 128;  // it takes unsigned bytes by signed ones
  static HWY_INLINE I add(I acc, I w, const int8_t* a) {
    using FourBytes = int32_t __attribute__((may_alias));
    __m512i sum = acc.raw;
    asm("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(w.raw), "m"(*reinterpret_cast<const FourBytes*>(a)));
    return I{sum};
  }
};
#endif

HWY_INLINE I four_bytes(const int8_t* a) {
  int32_t word;
  std::memcpy(&word, a, sizeof word);
  return hn::Set(di, word);
}

struct PlainProducts {
  static constexpr int kOffset = 0;
  static HWY_INLINE I add(I acc, I w, const int8_t* a) {
    const I x = four_bytes(a);
#if HWY_TARGET == HWY_AVX2
    // Weights and activations lie in -127 .. 127, so the sum of two products fits into 16 bits.
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w.raw), _mm256_sign_epi8(x.raw, w.raw));
    return I{_mm256_add_epi32(acc.raw, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))};
#elif HWY_ARCH_X86 && HWY_TARGET < HWY_SCALAR && HWY_TARGET != HWY_EMU128
    using Shorts = hn::Repartition<int16_t, Ints>;
    const Shorts ds;
    const auto ws = hn::BitCast(ds, w), xs = hn::BitCast(ds, x);
    I none = hn::Zero(di);
    const auto even = [&](auto v) HWY_ATTR { return hn::ShiftRight<8>(hn::ShiftLeft<8>(v)); };
    acc = hn::ReorderWidenMulAccumulate(di, even(ws), even(xs), acc, none);  // here it adds neighbours
    return hn::ReorderWidenMulAccumulate(di, hn::ShiftRight<8>(ws), hn::ShiftRight<8>(xs), acc, none);
#elif HWY_ARCH_ARM_A64 && HWY_TARGET < HWY_SCALAR && HWY_TARGET != HWY_EMU128
    const int8x16_t wb = vreinterpretq_s8_s32(w.raw), xb = vreinterpretq_s8_s32(x.raw);
#ifdef __ARM_FEATURE_DOTPROD
    return I{vdotq_s32(acc.raw, wb, xb)};
#else
    const int16x8_t low = vmull_s8(vget_low_s8(wb), vget_low_s8(xb)), high = vmull_high_s8(wb, xb);
    return I{vpadalq_s16(acc.raw, vpaddq_s16(low, high))};
#endif
#else
    acc = hn::Add(acc, hn::Mul(hn::ShiftRight<24>(w), hn::ShiftRight<24>(x)));
    const auto byte = [](auto left, I v) HWY_ATTR { return hn::ShiftRight<24>(hn::ShiftLeft<left()>(v)); };
    constexpr std::integral_constant<int, 8> third;
    constexpr std::integral_constant<int, 16> second;
    constexpr std::integral_constant<int, 24> first;
    acc = hn::Add(acc, hn::Mul(byte(third, w), byte(third, x)));
    acc = hn::Add(acc, hn::Mul(byte(second, w), byte(second, x)));
    return hn::Add(acc, hn::Mul(byte(first, w), byte(first, x)));
#endif
  }
};

}  // namespace
}  // namespace ktlm::cpu_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
