#include "block_formats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "half.h"

namespace ktlm::formats {

namespace {

constexpr int64_t kBlock = 32;
constexpr int64_t kSuperBlock = 256;

void put_half(float value, std::byte* to) {
  const uint16_t half = half_bits(value);
  std::memcpy(to, &half, sizeof half);
}

float get_half(const std::byte* from) {
  uint16_t half = 0;
  std::memcpy(&half, from, sizeof half);
  return float_of_half(half);
}

// 1/scale, or 0 where that is too large for a float: the block's values then all round to 0.
float inverse(float scale) {
  const float result = 1.0F / scale;
  return std::isfinite(result) ? result : 0.0F;
}

// A scale in 16 bits, then 32 integers of 8 bits; the largest magnitude is 127.
void encode_q8_0(const float* values, std::byte* to) {
  float largest = 0;
  for (int64_t i = 0; i < kBlock; ++i) largest = std::max(largest, std::fabs(values[i]));
  const float scale = largest / 127.0F, factor = inverse(scale);
  put_half(scale, to);
  for (int64_t i = 0; i < kBlock; ++i)
    to[2 + i] = static_cast<std::byte>(static_cast<int8_t>(std::round(values[i] * factor)));
}

// A scale in 16 bits, then 16 bytes: value i in the low half of byte i, value i + 16 in the high one. The value of the
// largest magnitude is -8, so that the scale carries its sign.
void encode_q4_0(const float* values, std::byte* to) {
  float largest = 0;
  for (int64_t i = 0; i < kBlock; ++i)
    if (std::fabs(values[i]) > std::fabs(largest)) largest = values[i];
  const float scale = largest / -8.0F, factor = inverse(scale);
  put_half(scale, to);
  const auto quantize = [factor](float value) {
    const float steps = value * factor;  // a statement of its own: not to be fused with the addition
    const float shifted = steps + 8.5F;
    return static_cast<uint8_t>(std::min(15.0F, shifted));
  };
  for (int64_t i = 0; i < kBlock / 2; ++i)
    to[2 + i] = static_cast<std::byte>(quantize(values[i]) | quantize(values[i + kBlock / 2]) << 4);
}

void decode_q8_0(const std::byte* from, float* to) {
  const float scale = get_half(from);
  for (int64_t i = 0; i < kBlock; ++i)
    to[i] = static_cast<float>(static_cast<int8_t>(std::to_integer<uint8_t>(from[2 + i]))) * scale;
}

void decode_q4_0(const std::byte* from, float* to) {
  const float scale = get_half(from);
  for (int64_t i = 0; i < kBlock / 2; ++i) {
    const auto both = std::to_integer<int>(from[2 + i]);
    to[i] = static_cast<float>((both & 15) - 8) * scale;
    to[i + kBlock / 2] = static_cast<float>((both >> 4) - 8) * scale;
  }
}

// A scale and a scale of the minima in 16 bits each; 12 bytes with eight scales and eight minima of 6 bits; 128 bytes,
// each with value i of one part of 32 in its low half and value i of the next part in its high one.
void decode_q4_k(const std::byte* from, float* to) {
  const float scale = get_half(from), minimum = get_half(from + 2);
  const auto packed = [from](int64_t i) { return std::to_integer<int>(from[4 + i]); };
  for (int64_t part = 0; part < 8; ++part) {
    // The first four have 6 bits of a byte each; of the others the upper two stand above those.
    const bool first = part < 4;
    const int steps = first ? packed(part) & 63 : (packed(part + 4) & 15) | packed(part - 4) >> 6 << 4,
              offset = first ? packed(part + 4) & 63 : packed(part + 4) >> 4 | packed(part) >> 6 << 4;
    const float part_scale = scale * static_cast<float>(steps), part_minimum = minimum * static_cast<float>(offset);
    for (int64_t i = 0; i < kBlock; ++i) {
      const int value = std::to_integer<int>(from[16 + part / 2 * kBlock + i]) >> (part % 2 * 4) & 15;
      const float scaled = part_scale * static_cast<float>(value);
      to[part * kBlock + i] = scaled - part_minimum;
    }
  }
}

// 128 bytes with the lower 4 bits of the values, 64 with the upper 2, 16 scales of 8 bits, for 16 values each, and a
// scale in 16 bits. Either half of the block, 128 values, stands in a half of each: four parts of 32 values.
void decode_q6_k(const std::byte* from, float* to) {
  const std::byte *low = from, *high = from + 128, *scales = from + 192;
  const float scale = get_half(from + 208);
  for (int64_t i = 0; i < kSuperBlock; ++i) {
    const int64_t half = i / 128, part = i % 128 / kBlock, within = i % kBlock;
    const int lower = std::to_integer<int>(low[half * 64 + part % 2 * kBlock + within]) >> (part / 2 * 4) & 15,
              upper = std::to_integer<int>(high[half * kBlock + within]) >> (part * 2) & 3;
    const auto steps = static_cast<int8_t>(std::to_integer<uint8_t>(scales[half * 8 + part * 2 + within / 16]));
    const float part_scale = scale * static_cast<float>(steps);
    to[i] = part_scale * static_cast<float>((lower | upper << 4) - 32);
  }
}

}  // namespace

std::string tensor_type_name(uint32_t type) {
  constexpr std::array<std::pair<uint32_t, const char*>, 33> kNames{
      {{0, "F32"},      {1, "F16"},     {2, "Q4_0"},     {3, "Q4_1"},   {6, "Q5_0"},    {7, "Q5_1"},   {8, "Q8_0"},
       {9, "Q8_1"},     {10, "Q2_K"},   {11, "Q3_K"},    {12, "Q4_K"},  {13, "Q5_K"},   {14, "Q6_K"},  {15, "Q8_K"},
       {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"}, {21, "IQ3_S"}, {22, "IQ2_S"},
       {23, "IQ4_XS"},  {24, "I8"},     {25, "I16"},     {26, "I32"},   {27, "I64"},    {28, "F64"},   {29, "IQ1_M"},
       {30, "BF16"},    {34, "TQ1_0"},  {35, "TQ2_0"},   {39, "MXFP4"}, {40, "NVFP4"}}};
  for (const auto& [number, name] : kNames)
    if (number == type) return name;
  return std::to_string(type);
}

bool is_known_type(uint32_t type) {
  switch (static_cast<TensorType>(type)) {
    case TensorType::kF32:
    case TensorType::kF16:
    case TensorType::kQ4_0:
    case TensorType::kQ8_0:
    case TensorType::kQ4_K:
    case TensorType::kQ6_K:
    case TensorType::kBf16:
      return true;
  }
  return false;
}

BlockLayout block_layout(TensorType type) {
  switch (type) {
    case TensorType::kF32:
      return {1, 4};
    case TensorType::kF16:
    case TensorType::kBf16:
      return {1, 2};
    case TensorType::kQ4_0:
      return {kBlock, 2 + kBlock / 2};
    case TensorType::kQ8_0:
      return {kBlock, 2 + kBlock};
    case TensorType::kQ4_K:
      return {kSuperBlock, 2 + 2 + 12 + kSuperBlock / 2};
    case TensorType::kQ6_K:
      return {kSuperBlock, kSuperBlock / 2 + kSuperBlock / 4 + kSuperBlock / 16 + 2};
  }
  return {1, 4};
}

int64_t row_bytes(TensorType type, int64_t num_values) {
  const BlockLayout layout = block_layout(type);
  return num_values / layout.values * layout.bytes;
}

void encode_row(const float* values, int64_t num_values, TensorType type, std::byte* to) {
  const BlockLayout layout = block_layout(type);
  for (int64_t i = 0; i < num_values; i += layout.values, to += layout.bytes) {
    switch (type) {
      case TensorType::kF32:
        std::memcpy(to, values + i, sizeof(float));
        break;
      case TensorType::kF16:
        put_half(values[i], to);
        break;
      case TensorType::kBf16: {  // cut off: only numbers that are bf16 come here
        const auto high = static_cast<uint16_t>(std::bit_cast<uint32_t>(values[i]) >> 16);
        std::memcpy(to, &high, sizeof high);
        break;
      }
      case TensorType::kQ4_0:
        encode_q4_0(values + i, to);
        break;
      case TensorType::kQ8_0:
        encode_q8_0(values + i, to);
        break;
      case TensorType::kQ4_K:
      case TensorType::kQ6_K:
        break;  // never written
    }
  }
}

void decode_row(const std::byte* from, int64_t num_values, TensorType type, float* to) {
  const BlockLayout layout = block_layout(type);
  for (int64_t i = 0; i < num_values; i += layout.values, from += layout.bytes) {
    switch (type) {
      case TensorType::kF32:
        std::memcpy(to + i, from, sizeof(float));
        break;
      case TensorType::kF16:
        to[i] = get_half(from);
        break;
      case TensorType::kBf16: {
        uint16_t high = 0;
        std::memcpy(&high, from, sizeof high);
        to[i] = float_of_bfloat16(high);
        break;
      }
      case TensorType::kQ4_0:
        decode_q4_0(from, to + i);
        break;
      case TensorType::kQ8_0:
        decode_q8_0(from, to + i);
        break;
      case TensorType::kQ4_K:
        decode_q4_k(from, to + i);
        break;
      case TensorType::kQ6_K:
        decode_q6_k(from, to + i);
        break;
    }
  }
}

}  // namespace ktlm::formats
