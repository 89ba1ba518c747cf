#include "ktlm/text/width.h"

#include <gtest/gtest.h>

namespace ktlm::text {
namespace {

TEST(ColumnWidth, HangulTakesTwoColumnsAndMarksNone) {
  EXPECT_EQ(column_width("abc"), 3u);
  EXPECT_EQ(column_width("한글漢字"), 8u);
  EXPECT_EQ(column_width("e\u0301"), 1u);
  EXPECT_EQ(column_width("\u1112\u1161\u11AB"), 2u);  // 한 in conjoining jamo
  EXPECT_EQ(column_width("\n\x1b"), 0u);
}

TEST(ColumnWidth, CutsInFrontOfTheCharacterThatNoLongerFits) {
  EXPECT_EQ(cut_to_width("한글 말", 4), "한글");
  EXPECT_EQ(cut_to_width("한글 말", 6), "한글 ");
  EXPECT_EQ(cut_to_width("한글 말", 7), "한글 말");
  EXPECT_EQ(cut_to_width("e\u0301a", 1), "e\u0301");
  EXPECT_EQ(cut_to_width("말", 1), "");
}

}  // namespace
}  // namespace ktlm::text
