// Half precision (IEEE 754 binary16) and bfloat16 by their bits: not every compiler here has types for them.
#pragma once

#include <bit>
#include <cstdint>

namespace ktlm::formats {

/// The nearest half, ties to even; infinity beyond 65504.
inline uint16_t half_bits(float value) {
  constexpr uint32_t kSmallestNormal = 0x38800000, kTooLarge = 0x47800000, kInfinity = 0x7F800000;  // 2^-14, 2^16
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  uint32_t half = 0;
  if (magnitude >= kTooLarge) {
    half = magnitude > kInfinity ? 0x7E00 : 0x7C00;
  } else if (magnitude < kSmallestNormal) {
    // Beside 1/2 the float's last bit stands for 2^-24, as the subnormal half's: the sum rounds to it.
    half = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<uint32_t>(0.5F);
  } else {
    const uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
    half = (rounded - (kSmallestNormal - (1U << 23))) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

inline float float_of_half(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, magnitude = half & 0x7FFF;
  if (magnitude >= 0x7C00) return std::bit_cast<float>(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
  // As a float's bits it is too small by the difference of the exponents' biases; subnormal halves come out right too.
  const float value = std::bit_cast<float>(magnitude << 13) * 0x1p112F;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(value));
}

inline float float_of_bfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

}  // namespace ktlm::formats
