#include "ktlm/eval/confidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ktlm/core/random.h"

namespace ktlm::eval {
namespace {

// 400 documents of 1 to 9 bytes, about two bits each.
struct Documents {
  std::vector<double> bits, bytes;

  Documents() {
    Random random(5);
    for (int i = 0; i < 400; ++i) {
      bytes.push_back(1 + static_cast<double>(random.below(9)));
      bits.push_back(bytes.back() * (1 + 2 * random.uniform()));
    }
  }
};

double ratio(const std::vector<double>& numerators, const std::vector<double>& denominators) {
  double numerator = 0, denominator = 0;
  for (const double value : numerators) numerator += value;
  for (const double value : denominators) denominator += value;
  return numerator / denominator;
}

TEST(BootstrapInterval, IsAsWideAsTheStandardErrorOfTheRatioSays) {
  const Documents documents;
  const double mean = ratio(documents.bits, documents.bytes);
  double squares = 0, bytes = 0;
  for (size_t i = 0; i < documents.bits.size(); ++i) {
    squares += std::pow(documents.bits[i] - mean * documents.bytes[i], 2);
    bytes += documents.bytes[i];
  }
  const double half_width = 1.96 * std::sqrt(squares) / bytes;
  const auto interval = bootstrap_interval(documents.bits, documents.bytes);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, mean - half_width, 0.15 * half_width);
  EXPECT_NEAR(interval->high, mean + half_width, 0.15 * half_width);
}

TEST(BootstrapInterval, PairedDifferencesShowWhatTheModelsOwnIntervalsHide) {
  const Documents documents;
  std::vector<double> better = documents.bits, differences;
  for (size_t i = 0; i < better.size(); ++i) {
    better[i] *= i % 3 == 0 ? 1.001 : 0.99;  // a little better on two documents of three
    differences.push_back(better[i] - documents.bits[i]);
  }
  const auto own = bootstrap_interval(documents.bits, documents.bytes);
  const auto paired = bootstrap_interval(differences, documents.bytes);
  ASSERT_TRUE(own && paired);
  EXPECT_GT(ratio(better, documents.bytes), own->low) << "within the other's interval";
  EXPECT_LT(paired->high, 0) << "and yet better";
}

TEST(BootstrapInterval, IsTheSameEachTime) {
  const Documents documents;
  const auto one = bootstrap_interval(documents.bits, documents.bytes);
  const auto other = bootstrap_interval(documents.bits, documents.bytes);
  EXPECT_EQ(one->low, other->low);
  EXPECT_EQ(one->high, other->high);
}

TEST(BootstrapInterval, NeedsTwoDocuments) {
  const std::vector<double> bits = {3}, bytes = {2};
  EXPECT_FALSE(bootstrap_interval(bits, bytes));
  EXPECT_FALSE(bootstrap_interval({}, {}));
}

}  // namespace
}  // namespace ktlm::eval
