// Vectors of fp32 whose values may lie in memory as bf16: what the CPU's kernels have in common. Included once for each
// kind of vector unit, inside of Highway's loop over them.

// The guard of a header that is included once per target.
#if defined(KTLM_OPS_VECTORS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef KTLM_OPS_VECTORS_INL_H
#undef KTLM_OPS_VECTORS_INL_H
#else
#define KTLM_OPS_VECTORS_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include <torch/types.h>

#include <cstdint>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace ktlm::ops::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// At most 16 values, so that a row of a multiple of 16 is made of whole vectors on every machine.
using Floats = hn::CappedTag<float, 16>;
using Bits32 = hn::Rebind<uint32_t, Floats>;
using Bits16 = hn::Rebind<uint16_t, Floats>;
using V = hn::Vec<Floats>;
constexpr Floats d;

using Bf16 = at::BFloat16;  // the upper half of an fp32

HWY_INLINE V set(float value) { return hn::Set(d, value); }
HWY_INLINE float sum(V v) { return hn::GetLane(hn::SumOfLanes(d, v)); }

HWY_INLINE V load(const float* p) { return hn::LoadU(d, p); }
HWY_INLINE V load(const Bf16* p) {
  const auto bits = hn::LoadU(Bits16(), reinterpret_cast<const uint16_t*>(p));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(Bits32(), bits)));
}

// Rounded to the nearest, ties to even; what is not a number stays so.
HWY_INLINE hn::Vec<Bits32> bf16_bits(V v) {
  const Bits32 d32;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7FFF))));
  return hn::IfThenElse(hn::RebindMask(d32, hn::IsNaN(v)), hn::Set(d32, 0x7FC0), rounded);
}

HWY_INLINE void store(V v, float* p) { hn::StoreU(v, d, p); }
HWY_INLINE void store(V v, Bf16* p) {
  hn::StoreU(hn::TruncateTo(Bits16(), bf16_bits(v)), Bits16(), reinterpret_cast<uint16_t*>(p));
}

// As if stored as a T and loaded again.
template <class T>
HWY_INLINE V rounded_to(V v) {
  if constexpr (std::is_same_v<T, float>) {
    return v;
  } else {
    return hn::BitCast(d, hn::ShiftLeft<16>(bf16_bits(v)));
  }
}

template <class F>
HWY_INLINE void for_each_vector(int64_t size, F&& f) {
  for (int64_t i = 0; i < size; i += static_cast<int64_t>(hn::Lanes(d))) f(i);
}

}  // namespace
}  // namespace ktlm::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
