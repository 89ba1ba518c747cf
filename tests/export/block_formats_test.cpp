#include "block_formats.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace ktlm::formats {

namespace {

std::vector<std::byte> encoded(const std::vector<float>& values, TensorType type) {
  const auto size = static_cast<int64_t>(values.size());
  std::vector<std::byte> bytes(static_cast<size_t>(row_bytes(type, size)));
  encode_row(values.data(), size, type, bytes.data());
  return bytes;
}

std::vector<float> round_trip(const std::vector<float>& values, TensorType type) {
  std::vector<float> result(values.size());
  decode_row(encoded(values, type).data(), static_cast<int64_t>(values.size()), type, result.data());
  return result;
}

std::vector<float> wave(size_t size) {
  std::vector<float> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = std::sin(static_cast<float>(i) * 1.7F) * 0.1F;
  return values;
}

TEST(BlockFormats, FloatsComeBackAsTheyAre) { EXPECT_EQ(round_trip(wave(5), TensorType::kF32), wave(5)); }

TEST(BlockFormats, HalvesRoundToTheNearestAndTiesToEven) {
  const std::vector<float> values = {1.0F,     1.0F + 0x1p-11F, 1.0F + 3 * 0x1p-11F, -65504.0F,
                                     0x1p-24F, 0x1p-25F,        3 * 0x1p-25F};
  const std::vector<float> halves = {1.0F, 1.0F, 1.0F + 0x1p-9F, -65504.0F, 0x1p-24F, 0.0F, 0x1p-23F};
  EXPECT_EQ(round_trip(values, TensorType::kF16), halves);
}

TEST(BlockFormats, Q8BlocksAreOffByLittleMoreThanHalfAStep) {
  const std::vector<float> values = wave(64);
  const std::vector<float> back = round_trip(values, TensorType::kQ8_0);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(back[i], values[i], 0.1 / 127 * 0.57) << i;
}

TEST(BlockFormats, Q4BlocksAreOffByAtMostOneStep) {
  const std::vector<float> values = wave(64);
  const std::vector<float> back = round_trip(values, TensorType::kQ4_0);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(back[i], values[i], 0.1 / 8 * 1.01) << i;
}

// Half a step rounds away from zero in q8_0, as C's roundf does.
TEST(BlockFormats, Q8BytesAreTheReferences) {
  std::vector<float> values(32, 0.0F);
  values[0] = 127.0F;
  values[1] = -0.5F;
  values[2] = 2.5F;
  values[3] = -126.49F;
  const std::vector<std::byte> bytes = encoded(values, TensorType::kQ8_0);
  const auto byte_at = [&](size_t i) { return static_cast<int8_t>(std::to_integer<uint8_t>(bytes[i])); };
  EXPECT_EQ(bytes.size(), 34u);
  EXPECT_EQ(std::to_integer<int>(bytes[0]) | std::to_integer<int>(bytes[1]) << 8, 0x3C00);  // a scale of 1
  EXPECT_EQ((std::array{byte_at(2), byte_at(3), byte_at(4), byte_at(5)}), (std::array<int8_t, 4>{127, -1, 3, -126}));
}

// The value of the largest magnitude becomes -8, whatever its sign; value i stands beside value i + 16.
TEST(BlockFormats, Q4BytesAreTheReferences) {
  std::vector<float> values(32, 0.0F);
  values[0] = 8.0F;
  values[1] = -7.0F;
  values[16] = 7.4F;
  const std::vector<std::byte> bytes = encoded(values, TensorType::kQ4_0);
  EXPECT_EQ(bytes.size(), 18u);
  EXPECT_EQ(std::to_integer<int>(bytes[0]) | std::to_integer<int>(bytes[1]) << 8, 0xBC00);  // a scale of -1
  EXPECT_EQ(std::to_integer<int>(bytes[2]), 0x10);  // 8 is -8 steps: 0; 7.4 is -7.4 steps: 1
  EXPECT_EQ(std::to_integer<int>(bytes[3]), 0x8F);  // -7 is 7 steps: 15; 0 is 8
}

TEST(BlockFormats, ZerosAndTheTiniestNumbersAreZeros) {
  for (const TensorType type : {TensorType::kQ8_0, TensorType::kQ4_0})
    for (const float value : {0.0F, 1e-45F, -1e-40F})
      EXPECT_EQ(round_trip(std::vector<float>(32, value), type), std::vector<float>(32, 0.0F));
}

TEST(BlockFormats, NamesTheTypesThatItDoesNotKnow) {
  EXPECT_EQ(tensor_type_name(13), "Q5_K");
  EXPECT_EQ(tensor_type_name(999), "999");
  EXPECT_FALSE(is_known_type(13));
  EXPECT_TRUE(is_known_type(8));
}

}  // namespace

}  // namespace ktlm::formats
