#include "history_search.h"

#include <gtest/gtest.h>

namespace ktlm::cli {
namespace {

TEST(HistorySearch, FindsTheNewestEntryThatHasAllOfIt) {
  const std::vector<std::string> entries = {"댓글", "존댓말로", "존경", "끝"};
  HistorySearch search(entries, "쓰던 줄");
  EXPECT_EQ(search.shown(), "쓰던 줄");
  search.add("존");
  EXPECT_EQ(search.shown(), "존경");
  search.add("댓");
  EXPECT_EQ(search.shown(), "존댓말로");
  EXPECT_FALSE(search.failed());
  search.add("x");
  EXPECT_TRUE(search.failed());
  EXPECT_EQ(search.shown(), "존댓말로");
  EXPECT_EQ(search.pattern(), "존댓x");
  search.take_back();
  search.take_back();
  EXPECT_EQ(search.pattern(), "존");
  EXPECT_EQ(search.shown(), "존경");
  search.take_back();
  search.take_back();
  EXPECT_EQ(search.shown(), "쓰던 줄");
}

TEST(HistorySearch, GoesOnToOlderEntries) {
  const std::vector<std::string> entries = {"가1", "나", "가2"};
  HistorySearch search(entries, "");
  search.add("가");
  EXPECT_EQ(search.shown(), "가2");
  search.go_older();
  EXPECT_EQ(search.shown(), "가1");
  search.go_older();
  EXPECT_TRUE(search.failed());
  EXPECT_EQ(search.shown(), "가1");
  search.abandon();
  EXPECT_EQ(search.shown(), "");
}

TEST(HistorySearch, FindsNothingInAnEmptyHistory) {
  const std::vector<std::string> none;
  HistorySearch search(none, "줄");
  search.go_older();
  search.add("가");
  EXPECT_TRUE(search.failed());
  EXPECT_EQ(search.shown(), "줄");
}

}  // namespace
}  // namespace ktlm::cli
