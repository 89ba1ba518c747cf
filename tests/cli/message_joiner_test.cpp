#include "message_joiner.h"

#include <gtest/gtest.h>

#include <vector>

#include "error_message.h"

namespace ktlm::cli {
namespace {

TEST(MessageJoiner, ALineIsAMessage) {
  MessageJoiner joiner;
  const auto message = joiner.add("안녕 \"\"\"");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "안녕 \"\"\"");
  EXPECT_FALSE(message->quoted);
  EXPECT_EQ(joiner.add("")->text, "");
  EXPECT_FALSE(joiner.finish());
}

TEST(MessageJoiner, ABackslashAtTheEndJoinsTheNextLine) {
  MessageJoiner joiner;
  EXPECT_FALSE(joiner.add("하나\\"));
  EXPECT_TRUE(joiner.pending());
  EXPECT_FALSE(joiner.add("\\"));
  const auto message = joiner.add("셋");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "하나\n\n셋");
  EXPECT_EQ(message->typed, message->text);
  EXPECT_FALSE(joiner.pending());

  EXPECT_FALSE(joiner.add("끝\\"));
  EXPECT_EQ(joiner.finish()->text, "끝");
}

TEST(MessageJoiner, TripleQuotesTakeLinesAsTheyAre) {
  MessageJoiner joiner;
  EXPECT_FALSE(joiner.add("\"\"\""));
  EXPECT_FALSE(joiner.add("/help\\"));
  EXPECT_FALSE(joiner.add("  둘"));
  const auto message = joiner.add("\"\"\" ");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->text, "/help\\\n  둘");
  EXPECT_TRUE(message->quoted);

  EXPECT_EQ(joiner.add("\"\"\"한 줄\"\"\"")->text, "한 줄");
  EXPECT_FALSE(joiner.add("\"\"\"첫 줄"));
  EXPECT_EQ(joiner.add("끝 줄\"\"\"")->text, "첫 줄\n끝 줄");
}

TEST(MessageJoiner, WhatWasTypedGivesTheSameMessageAgain) {
  for (const std::vector<std::string>& lines :
       {std::vector<std::string>{"\"\"\"가", "", "나\"\"\""}, {"가\\", "나"}, {"\"\"\"", "/가", "\"\"\""}}) {
    MessageJoiner joiner;
    std::optional<JoinedMessage> message;
    for (const std::string& line : lines) message = joiner.add(line);
    ASSERT_TRUE(message);
    const auto again = joiner.add(message->typed);  // as an editor's history gives it, in one piece
    ASSERT_TRUE(again);
    EXPECT_EQ(again->quoted, message->quoted);
    EXPECT_EQ(again->text, message->text);
  }
}

TEST(MessageJoiner, AnOpenBlockAtTheEndIsAnError) {
  MessageJoiner joiner;
  joiner.add("\"\"\"가");
  EXPECT_EQ(test::error_message([&] { joiner.finish(); }),
            "the input ended in a block that \"\"\" began; close it with \"\"\" at the end of a line");
  EXPECT_FALSE(joiner.pending());
}

}  // namespace
}  // namespace ktlm::cli
