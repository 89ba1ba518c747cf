#include "ktlm/core/json.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm {
namespace {

using test::error_message;

TEST(Json, KeepsTheOrderOfKeysAndKorean) {
  EXPECT_EQ(to_json_line(parse_json(R"({"b": 1, "a": "한글"})", "x")), R"({"b":1,"a":"한글"})");
}

TEST(Json, ReplacesInvalidUtf8InsteadOfThrowing) { EXPECT_EQ(to_json_line(Json("a\xff")), "\"a\xEF\xBF\xBD\""); }

TEST(Json, ErrorsNamePlaceAndKey) {
  EXPECT_EQ(error_message([] { parse_json("{\"a\": }", "data.jsonl:3"); }).substr(0, 39),
            "data.jsonl:3: not valid JSON at byte 7:");
  const Json value = parse_json(R"({"text": 5})", "x");
  EXPECT_EQ(error_message([&] { json_get<std::string>(value, "text", "a:1"); }),
            R"(a:1: key "text" should be a string, is 5)");
  EXPECT_EQ(error_message([&] { json_get<int64_t>(value, "id", "a:1"); }), R"(a:1: key "id" is missing)");
}

TEST(Json, ANumberTooLargeForADoubleIsAnErrorLikeAnyOther) {
  EXPECT_EQ(error_message([] { parse_json("[1e999]", "a:1"); }),
            "a:1: not valid JSON: number overflow parsing '1e999'");
}

TEST(Json, NestingThatWouldOverflowTheStackIsAnError) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(to_json_line(parse_json(nested(500), "a:1")), nested(500));
  EXPECT_EQ(error_message([&] { parse_json(nested(100'000), "a:1"); }),
            "a:1: nests more than 500 levels deep at byte 501");
  EXPECT_NO_THROW(parse_json("\"\\\"" + std::string(1000, '[') + "\"", "a:1")) << "brackets in a string";
}

TEST(Json, AMessageIsValidUtf8WhereverTheProblemStands) {
  for (const std::string& text :
       {std::string("한글"), std::string("{\"a\": 한글}"), "[\"" + std::string(150, 'x') + "\xED"}) {
    const std::string message = error_message([&] { parse_json(text, "a:1"); });
    EXPECT_NO_THROW(Json(message).dump()) << message;  // strict about it
    EXPECT_EQ(message.substr(0, 28), "a:1: not valid JSON at byte ");
  }
  std::string long_text = "[\"";
  while (long_text.size() < 1000) long_text += "한글";
  EXPECT_NO_THROW(Json(error_message([&] { parse_json(long_text, "a:1"); })).dump());
}

TEST(Json, AMessageQuotesWholeCharacters) {
  const auto message_of = [](const std::string& text) { return error_message([&] { parse_json(text, "a:1"); }); };
  EXPECT_EQ(message_of("서울은"),
            "a:1: not valid JSON at byte 1: syntax error while parsing value - invalid literal; last read: '서'");
  EXPECT_EQ(message_of(R"({"a" 한글})"),
            "a:1: not valid JSON at byte 6: syntax error while parsing object separator - invalid literal; last read: "
            "'\"a\" 한'; expected ':'");
  for (size_t spaces = 0; spaces < 3; ++spaces) {
    std::string long_text = "[\"" + std::string(spaces, ' ');
    while (long_text.size() < 1000) long_text += "한글";
    const std::string message = message_of(long_text);
    EXPECT_EQ(message.find("\uFFFD"), std::string::npos) << message;
  }
}

TEST(Json, ALongValueIsNotQuotedWhole) {
  for (const std::string& text : {"{\"a\": \"" + std::string(100'000, 'x'), std::string(100'000, '9') + "e9"}) {
    const std::string message = error_message([&] { parse_json(text, "a:1"); });
    EXPECT_EQ(message.substr(0, 19), "a:1: not valid JSON");
    EXPECT_LT(message.size(), 300U);
  }
}

}  // namespace
}  // namespace ktlm
