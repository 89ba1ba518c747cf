#include "field_path.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::corpus {
namespace {

using test::error_message;
using Keys = std::vector<std::string>;

std::string strings(const std::string& json, const Keys& keys) {
  bool found = false;
  const std::string joined = find_strings(Json::parse(json), keys, found);
  return found ? joined : "nothing";
}

TEST(FieldPath, BracketsMarkWhatIsOneDocumentEach) {
  EXPECT_EQ(parse_field_path("text").field, Keys{"text"});
  EXPECT_EQ(parse_field_path("data.body.content").field, (Keys{"data", "body", "content"}));
  EXPECT_EQ(parse_field_path("data.body").document, Keys{});
  EXPECT_EQ(parse_field_path("document[].paragraph.form").document, Keys{"document"});
  EXPECT_EQ(parse_field_path("document[].paragraph.form").field, (Keys{"paragraph", "form"}));
  EXPECT_EQ(parse_field_path("data[].paragraphs[].context").document, (Keys{"data", "paragraphs"}));
  EXPECT_EQ(parse_field_path("sentences[]").field, Keys{});
  EXPECT_EQ(parse_field_path("[].text").field, Keys{"text"});
  EXPECT_EQ(parse_field_path("[].text").document, Keys{});
  EXPECT_EQ(parse_field_path("").field, Keys{});
}

TEST(FieldPath, AnEmptyKeyIsRefused) {
  for (const char* path : {".", "a.", ".a", "a..b", "a.[].b"}) {
    EXPECT_EQ(error_message([&] { parse_field_path(path); }),
              "prepare.text_field: \"" + std::string(path) +
                  "\" has an empty key; expected keys with dots between them, such as document[].paragraph.form");
  }
}

TEST(FieldPath, BracketsStandAtAKeysEndAndInPairs) {
  for (const char* path : {"document[", "document]", "document[0]", "a.b[].c]", "[a]", "document[]x.form", "a[][]"}) {
    EXPECT_EQ(error_message([&] { parse_field_path(path); }),
              "prepare.text_field: \"" + std::string(path) +
                  "\" has brackets that are not [] at a key's end; expected such as document[].paragraph.form");
  }
}

TEST(FieldPath, SeveralStandBetweenCommas) {
  const auto paths = parse_field_paths("text, document.body,data[].form");
  ASSERT_EQ(paths.size(), 3U);
  EXPECT_EQ(paths[1].name, "document.body");
  EXPECT_EQ(paths[1].field, (Keys{"document", "body"}));
  EXPECT_EQ(paths[2].document, Keys{"data"});
  EXPECT_TRUE(parse_field_paths("").empty());
  for (const char* text : {",", "text,", ",text", "a,,b", "a, ,b"}) {
    EXPECT_EQ(error_message([&] { parse_field_paths(text); }),
              "prepare.text_field: \"" + std::string(text) +
                  "\" has an empty path; expected paths with commas between them, such as text,document.body");
  }
}

TEST(FieldPath, StringsAreJoinedThroughEveryArrayOnTheWay) {
  EXPECT_EQ(strings(R"({"a": "글"})", {"a"}), "글");
  EXPECT_EQ(strings(R"({"a": {"b": "글"}})", {"a", "b"}), "글");
  EXPECT_EQ(strings(R"({"a": [{"b": ["하나", "둘"]}, {"c": 1}, {"b": "셋"}]})", {"a", "b"}), "하나\n둘\n셋");
  EXPECT_EQ(strings(R"({"a": ["", ""]})", {"a"}), "\n");
  EXPECT_EQ(strings(R"("글")", {}), "글");
}

TEST(FieldPath, OtherValuesGiveNothing) {
  for (const char* json : {"{}", R"({"a": 1})", R"({"a": null})", R"({"a": {"b": "글"}})", R"({"a": []})", "[]", "5"})
    EXPECT_EQ(strings(json, {"a"}), "nothing") << json;
  EXPECT_EQ(strings(R"({"a": "글"})", {"a", "b"}), "nothing");
}

TEST(FieldPath, DeeplyNestedArraysAreLeftAlone) {
  const std::string deep = std::string(100'000, '[') + "\"글\"" + std::string(100'000, ']');
  EXPECT_EQ(strings(deep, {}), "nothing");
}

}  // namespace
}  // namespace ktlm::corpus
