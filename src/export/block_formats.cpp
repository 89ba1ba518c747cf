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
    }
  }
}

}  // namespace ktlm::formats
