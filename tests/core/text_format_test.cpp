#include "ktlm/core/text_format.h"

#include <gtest/gtest.h>

namespace ktlm {
namespace {

TEST(TextFormat, PicksTheUnit) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1536), "1.5 kB");
  EXPECT_EQ(format_bytes(12'345'678), "12.3 MB");
  EXPECT_EQ(format_bytes(999'960), "1.0 MB");
  EXPECT_EQ(format_count(950), "950");
  EXPECT_EQ(format_count(1'234'567), "1.23M");
  EXPECT_EQ(format_count(52'600'000), "52.6M");
  EXPECT_EQ(format_seconds(0.5), "0.5s");
  EXPECT_EQ(format_seconds(75), "1m15s");
  EXPECT_EQ(format_seconds(7265), "2h01m");
  EXPECT_EQ(format_seconds(72 * 3600 - 1), "71h59m");
  EXPECT_EQ(format_seconds(1738 * 3600.0), "72d10h");
}

TEST(TextFormat, DoublesReadBackFromTheFewestDigits) {
  EXPECT_EQ(format_double(0.0003), "0.0003");
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(10000), "10000");
  EXPECT_EQ(format_double(1e-5), "1e-05");
  EXPECT_EQ(std::stod(format_double(0.1 + 0.2)), 0.1 + 0.2);
}

TEST(TextFormat, ReadsAWholeTextAsAFiniteNumber) {
  double number = 0;
  EXPECT_TRUE(parse_double("-2.5", number));
  EXPECT_EQ(number, -2.5);
  EXPECT_TRUE(parse_double("+1", number));
  EXPECT_EQ(number, 1);
  for (const char* text : {"", " 1", "1 ", "1,5", "x", "inf", "nan", "1e999"})
    EXPECT_FALSE(parse_double(text, number)) << text;
}

TEST(NearestName, FindsATypoAndRefusesAStranger) {
  EXPECT_EQ(nearest_name("warmup_step", {"max_steps", "warmup_steps"}), "warmup_steps");
  EXPECT_EQ(nearest_name("prepaer", {"prepare", "train"}), "prepare");
  EXPECT_EQ(nearest_name("xyz", {"prepare", "train"}), "");
}

}  // namespace
}  // namespace ktlm
