#include "kernels.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <cmath>
#include <random>

namespace ktlm::cpu_model {
namespace {

struct Matrix {
  std::vector<float> values;
  std::vector<std::byte> memory;
  PackedView view;
};

std::vector<float> normal_numbers(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

Matrix packed(WeightFormat format, int64_t groups, int64_t cols, std::vector<float> values) {
  Matrix matrix{std::move(values), {}, {format, groups, cols, nullptr}};
  matrix.memory.resize(static_cast<size_t>(group_bytes(format, cols).total() * groups) + 64);
  matrix.view.data = matrix.memory.data() + 64 - reinterpret_cast<uintptr_t>(matrix.memory.data()) % 64;
  for (int64_t group = 0; group < groups; ++group) {
    const float* rows[kGroupRows];
    for (int64_t lane = 0; lane < kGroupRows; ++lane)
      rows[lane] = matrix.values.data() + (group * kGroupRows + lane) * cols;
    pack_group(rows, matrix.view, group);
  }
  return matrix;
}

Activations taken_in(WeightFormat format, const std::vector<float>& values, int64_t tokens, int64_t cols) {
  Activations x(format, tokens, cols);
  for (int64_t token = 0; token < tokens; ++token) {
    std::copy_n(values.data() + token * cols, cols, x.row(token));
    x.take_in(token);
  }
  return x;
}

// The product by the definition, in double: (tokens, rows).
std::vector<double> product(const Matrix& matrix, const std::vector<float>& x, int64_t tokens) {
  const int64_t rows = matrix.view.groups * kGroupRows, cols = matrix.view.cols;
  std::vector<double> y(static_cast<size_t>(tokens * rows));
  for (int64_t token = 0; token < tokens; ++token)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col)
        y[static_cast<size_t>(token * rows + row)] +=
            static_cast<double>(matrix.values[static_cast<size_t>(row * cols + col)]) *
            static_cast<double>(x[static_cast<size_t>(token * cols + col)]);
  return y;
}

std::vector<float> multiplied(const Matrix& matrix, const Activations& x, int64_t tokens) {
  const int64_t rows = matrix.view.groups * kGroupRows;
  std::vector<float> y(static_cast<size_t>(tokens * rows));
  multiply(matrix.view, 0, matrix.view.groups, x, tokens, y.data(), rows, Output::kReplace);
  return y;
}

double relative_error(const std::vector<float>& got, const std::vector<double>& expected) {
  double error = 0, size = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    error += std::pow(static_cast<double>(got[i]) - expected[i], 2);
    size += expected[i] * expected[i];
  }
  return std::sqrt(error / size);
}

constexpr WeightFormat kFormats[] = {WeightFormat::kBf16, WeightFormat::kInt8, WeightFormat::kInt4};

// Calls f with each kind of vector unit that the processor has, by turns.
template <class F>
void for_each_vector_unit(const F& f) {
  for (int64_t targets = hwy::SupportedTargets(); targets != 0; targets &= targets - 1) {
    hwy::SetSupportedTargetsForTest(targets & -targets);
    hwy::GetChosenTarget().DeInit();  // chosen anew at the next call
    f(hwy::TargetName(targets & -targets));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

TEST(Kernels, ProductsErrByWhatTheFormatRoundsOff) {
  constexpr int64_t kTokens = 11, kCols = 160, kGroups = 3;
  const auto x = normal_numbers(kTokens * kCols, 1);
  const double most[] = {0.003, 0.012, 0.09};  // of normal numbers: 8 bits of mantissa; 127 steps; 16 levels
  for_each_vector_unit([&](const char* unit) {
    for (const WeightFormat format : kFormats) {
      const Matrix matrix = packed(format, kGroups, kCols, normal_numbers(kGroups * kGroupRows * kCols, 2));
      const auto got = multiplied(matrix, taken_in(format, x, kTokens, kCols), kTokens);
      EXPECT_LT(relative_error(got, product(matrix, x, kTokens)), most[static_cast<size_t>(format)])
          << unit << " " << to_string(format);
    }
  });
}

TEST(Kernels, NumbersThatTheFormatHoldsAreExact) {
  constexpr int64_t kCols = 64;
  std::vector<float> weights, x;
  for (int i = 0; i < kGroupRows * kCols; ++i) weights.push_back(static_cast<float>(i * 37 % 255 - 127));
  for (int i = 0; i < kCols; ++i) x.push_back(static_cast<float>(i * 91 % 255 - 127));
  for (int64_t row = 0; row < kGroupRows; ++row)
    for (int64_t block = 0; block < kCols; block += kBlockCols) weights[static_cast<size_t>(row * kCols + block)] = 127;
  for (int64_t block = 0; block < kCols; block += kBlockCols) x[static_cast<size_t>(block)] = -127;
  for_each_vector_unit([&](const char* unit) {
    for (const WeightFormat format : {WeightFormat::kBf16, WeightFormat::kInt8}) {
      const Matrix matrix = packed(format, 1, kCols, weights);
      EXPECT_EQ(relative_error(multiplied(matrix, taken_in(format, x, 1, kCols), 1), product(matrix, x, 1)), 0)
          << unit << " " << to_string(format);
    }
  });
}

TEST(Kernels, ATokenGivesTheSameBitsAloneAndInABatch) {
  constexpr int64_t kTokens = 13, kCols = 96;
  const auto x = normal_numbers(kTokens * kCols, 3);
  for_each_vector_unit([&](const char* unit) {
    for (const WeightFormat format : kFormats) {
      const Matrix matrix = packed(format, 1, kCols, normal_numbers(kGroupRows * kCols, 4));
      const auto all = multiplied(matrix, taken_in(format, x, kTokens, kCols), kTokens);
      for (int64_t token = 0; token < kTokens; ++token) {
        const std::vector<float> row(x.begin() + token * kCols, x.begin() + (token + 1) * kCols);
        const auto alone = multiplied(matrix, taken_in(format, row, 1, kCols), 1);
        EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.begin() + token * kGroupRows))
            << unit << " " << to_string(format);
      }
    }
  });
}

TEST(Kernels, AddsToWhatIsThere) {
  const auto x = normal_numbers(32, 5);
  const Matrix matrix = packed(WeightFormat::kInt8, 1, 32, normal_numbers(kGroupRows * 32, 6));
  const Activations taken = taken_in(WeightFormat::kInt8, x, 1, 32);
  const auto once = multiplied(matrix, taken, 1);
  std::vector<float> sum(kGroupRows, 10);
  multiply(matrix.view, 0, 1, taken, 1, sum.data(), kGroupRows, Output::kAdd);
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_FLOAT_EQ(sum[i], 10 + once[i]);
}

TEST(Kernels, NormAndGateFollowTheirFormulas) {
  const auto x = normal_numbers(48, 7), w = normal_numbers(48, 8);
  double squares = 0;
  for (size_t i = 0; i < 48; ++i) squares += static_cast<double>(x[i] * x[i]);
  for_each_vector_unit([&](const char* unit) {
    std::vector<float> norm(48), gated(48);
    rms_norm(x.data(), w.data(), 48, 1e-5F, norm.data());
    swiglu(x.data(), w.data(), 48, gated.data());
    for (size_t i = 0; i < 48; ++i) {
      EXPECT_NEAR(norm[i], static_cast<double>(x[i] * w[i]) / std::sqrt(squares / 48 + 1e-5), 1e-5) << unit;
      EXPECT_NEAR(gated[i], static_cast<double>(x[i] * w[i]) / (1 + std::exp(-static_cast<double>(x[i]))), 1e-5)
          << unit;
    }
  });
}

TEST(Kernels, RotationTurnsPairsAlsoOfOddNumbersOfThem) {
  constexpr int64_t kHalf = 21;
  const auto x = normal_numbers(2 * kHalf, 9), angles = normal_numbers(kHalf, 10);
  std::vector<float> cosines, sines;
  for (const float angle : angles) cosines.push_back(std::cos(angle)), sines.push_back(std::sin(angle));
  for_each_vector_unit([&](const char* unit) {
    std::vector<float> turned = x;
    rotate(turned.data(), cosines.data(), sines.data(), kHalf);
    for (size_t i = 0; i < kHalf; ++i) {
      EXPECT_NEAR(turned[i], x[i] * cosines[i] - x[i + kHalf] * sines[i], 1e-5) << unit;
      EXPECT_NEAR(turned[i + kHalf], x[i] * sines[i] + x[i + kHalf] * cosines[i], 1e-5) << unit;
    }
  });
}

// softmax(q keys * scale) values by the definition.
std::vector<double> attention(const float* q, const std::vector<float>& keys, const std::vector<float>& values,
                              int64_t length, int64_t head_dim, double scale) {
  std::vector<double> out(static_cast<size_t>(head_dim));
  double total = 0;
  for (int64_t position = 0; position < length; ++position) {
    double score = 0;
    for (int64_t i = 0; i < head_dim; ++i)
      score += static_cast<double>(q[i]) * static_cast<double>(keys[static_cast<size_t>(position * head_dim + i)]);
    const double weight = std::exp(score * scale);
    total += weight;
    for (int64_t i = 0; i < head_dim; ++i)
      out[static_cast<size_t>(i)] += weight * static_cast<double>(values[static_cast<size_t>(position * head_dim + i)]);
  }
  for (double& value : out) value /= total;
  return out;
}

TEST(Kernels, AttentionSeesItsLengthAndNoMore) {
  constexpr int64_t kHeadDim = 48, kPositions = 37, kQueries = 7;
  const auto keys = normal_numbers(kPositions * kHeadDim, 11), values = normal_numbers(kPositions * kHeadDim, 12),
             q = normal_numbers(kQueries * kHeadDim, 13);
  for_each_vector_unit([&](const char* unit) {
    std::vector<uint16_t> key_cache(48 * kHeadDim), value_cache(48 * kHeadDim);
    for (int64_t position = 0; position < kPositions; ++position) {
      store_key(keys.data() + position * kHeadDim, kHeadDim, position, key_cache.data());
      store_value(values.data() + position * kHeadDim, kHeadDim, position, value_cache.data());
    }
    std::vector<float> out(kQueries * kHeadDim), scores(kMaxQueries * 48);
    std::vector<Query> queries;
    for (int64_t i = 0; i < kQueries; ++i)
      queries.push_back({q.data() + i * kHeadDim, kPositions - 5 * i, out.data() + i * kHeadDim});
    attend(queries.data(), kQueries, key_cache.data(), value_cache.data(), kHeadDim, 0.2F, scores.data());
    for (int64_t i = 0; i < kQueries; ++i) {
      const auto expected = attention(queries[static_cast<size_t>(i)].q, keys, values,
                                      queries[static_cast<size_t>(i)].length, kHeadDim, 0.2);
      const std::vector<float> got(out.begin() + i * kHeadDim, out.begin() + (i + 1) * kHeadDim);
      EXPECT_LT(relative_error(got, expected), 1e-3) << unit;  // the cache is fp16
      std::vector<float> alone(kHeadDim);
      const Query query{queries[static_cast<size_t>(i)].q, queries[static_cast<size_t>(i)].length, alone.data()};
      attend(&query, 1, key_cache.data(), value_cache.data(), kHeadDim, 0.2F, scores.data());
      EXPECT_EQ(alone, got) << unit;
    }
  });
}

}  // namespace
}  // namespace ktlm::cpu_model
