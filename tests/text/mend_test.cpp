#include "mend.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ktlm::text {
namespace {

// Each '^' marks a scar.
std::string mended(std::string_view marked) {
  std::string line;
  std::vector<size_t> scars;
  for (const char c : marked) {
    if (c == '^') {
      scars.push_back(line.size());
    } else {
      line += c;
    }
  }
  mend_line(line, scars);
  return line;
}

TEST(Mend, BracketsEmptiedByRemovalGo) {
  EXPECT_EQ(mended("베를린 (^, ^)은"), "베를린은");
  EXPECT_EQ(mended("베를린(^)은"), "베를린은");
  EXPECT_EQ(mended("가 ((^)) 나"), "가 나");
  EXPECT_EQ(mended("가（^）나"), "가나");
  EXPECT_EQ(mended("(^)"), "");
}

TEST(Mend, SeparatorsAtBracketsGo) {
  EXPECT_EQ(mended("가(^, 나)"), "가(나)");
  EXPECT_EQ(mended("가(나; ^)"), "가(나)");
  EXPECT_EQ(mended("^, 가, ^"), "가");
}

TEST(Mend, OnePauseOfSeveralStays) {
  EXPECT_EQ(mended("가, ^, 나"), "가, 나");
  EXPECT_EQ(mended("가 ^, 나"), "가, 나");
  EXPECT_EQ(mended("가, ^나"), "가, 나");
  EXPECT_EQ(mended("가 ^, ^, ^ 나"), "가, 나");
}

TEST(Mend, SpacesAreMended) {
  EXPECT_EQ(mended("가 ^ 나"), "가 나");
  EXPECT_EQ(mended("가 ^."), "가.");
  EXPECT_EQ(mended("가^나"), "가나");
  EXPECT_EQ(mended("  가 나\t "), "가 나");
  EXPECT_EQ(mended("\u3000가"), "가");
}

TEST(Mend, WhatTheAuthorWroteStays) {
  EXPECT_EQ(mended("빈칸 ( )에 , 알맞은  말"), "빈칸 ( )에 , 알맞은  말");
  EXPECT_EQ(mended("빈칸 ( ) 채우기^ 끝"), "빈칸 ( ) 채우기 끝");
}

}  // namespace
}  // namespace ktlm::text
