#include "ktlm/generate/json_schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "error_message.h"
#include "integer_range.h"
#include "json_forms.h"
#include "ktlm/core/random.h"
#include "ktlm/generate/pattern_constraint.h"
#include "ktlm/text/utf8.h"

namespace ktlm::generate {
namespace {

using test::error_message;

std::shared_ptr<const TextPattern> pattern_of(const std::string& schema) {
  return std::make_shared<TextPattern>(json_schema_regex(parse_json(schema, "schema"), "--json-schema"),
                                       "--json-schema");
}

bool takes(const std::shared_ptr<const TextPattern>& pattern, const std::string& text) {
  PatternMatcher matcher(pattern);
  if (!matcher.fits(text)) return false;
  matcher.append(text);
  return matcher.matches();
}

TEST(IntegerRange, HoldsExactlyItsNumbers) {
  Random random(2);
  std::vector<std::pair<int64_t, int64_t>> ranges = {{0, 0},        {0, 9},    {-1, 1},   {10, 99},
                                                     {-1234, 1234}, {7, 1000}, {199, 201}};
  for (int i = 0; i < 30; ++i) {
    const int64_t low = static_cast<int64_t>(random.below(2400)) - 1200;
    ranges.emplace_back(low, low + static_cast<int64_t>(random.below(700)));
  }
  for (const auto& [low, high] : ranges) {
    const auto pattern = std::make_shared<TextPattern>(integer_range_regex(low, high), "range");
    for (int64_t number = -2000; number <= 2000; ++number)
      EXPECT_EQ(takes(pattern, std::to_string(number)), low <= number && number <= high)
          << number << " of " << low << " to " << high << ": " << integer_range_regex(low, high);
    for (const char* text : {"-0", "00", "01", "-01"}) EXPECT_FALSE(takes(pattern, text));
  }
}

TEST(MembersInOrder, AreTakenWithAllThatAreRequiredAndNoOthersOrderInEitherForm) {
  constexpr int kMost = 5;
  const auto pair = [](int i) { return "\"p" + std::to_string(i) + "\": " + std::to_string(i); };
  for (int num = 0; num <= kMost; ++num) {
    for (int required = 0; required < 1 << num; ++required) {
      std::vector<Member> members;
      for (int i = 0; i < num; ++i) members.push_back({literal(pair(i)), (required >> i & 1) != 0});
      for (const bool is_fast : {true, false}) {
        const std::string regex = "\\{" + members_in_order(members, is_fast) + "\\}";
        const auto pattern = std::make_shared<TextPattern>(regex, "members");
        for (int there = 0; there < 1 << num; ++there) {
          std::string text, backwards;
          for (int i = 0; i < num; ++i)
            if ((there >> i & 1) != 0) {
              text += (text.empty() ? "" : ", ") + pair(i);
              backwards = pair(i) + (backwards.empty() ? "" : ", ") + backwards;
            }
          EXPECT_EQ(takes(pattern, "{" + text + "}"), (there & required) == required) << regex << " of " << text;
          if (text.empty()) continue;
          for (const std::string& wrong : {", " + text, text + ", ", text + text, text + ", " + text})
            EXPECT_FALSE(takes(pattern, "{" + wrong + "}")) << regex << " of " << wrong;
          if (backwards == text) continue;
          EXPECT_FALSE(takes(pattern, "{" + backwards + "}")) << regex << " of " << backwards;
        }
      }
    }
  }
}

TEST(MembersInOrder, AreASmallExpressionWhereTheFastOneWouldBeLarge) {
  const std::vector<Member> few(20, {literal("\"p\": ") + integer_range_regex(-99999, 99999), false});
  EXPECT_LE(members_in_order(few, true).size(), kMostFastBytes);
  EXPECT_GT(members_in_order(few, true).size(), members_in_order(few, false).size());
  const std::vector<Member> many(1000, few.front());
  EXPECT_EQ(members_in_order(many, true), members_in_order(many, false));
}

// The matcher compares the places that it stands at with each other.
TEST(JsonSchema, IsQuickToFollowWhereManyIntegersMayBeLeftOut) {
  std::string properties;
  for (int i = 0; i < 20; ++i)
    properties += (i > 0 ? ", \"p" : "\"p") + std::to_string(i) + R"(": {"type": "integer"})";
  const std::string regex =
      json_schema_regex(parse_json(R"({"properties": {)" + properties + "}}", "schema"), "--json-schema");
  EXPECT_EQ(regex.find("(?<"), std::string::npos) << "no question at each place whether it is the first";
}

struct Example {
  std::string schema;
  std::vector<std::string> taken, refused;
};

TEST(JsonSchema, TakesWhatFitsAndNothingElse) {
  const std::vector<Example> examples = {
      {R"({"type": "string"})", {R"("")", R"("가\n\"a")"}, {R"("a)", "\"\n\"", R"("\u00e9")", R"("\x")", "1"}},
      {R"({"type": "string", "minLength": 2})", {R"("가나")", R"("가나\n\n")"}, {R"("가")"}},
      {R"({"type": "string", "maxLength": 9000})", {R"("가나")"}, {}},
      {R"({"type": "string", "minLength": 2, "maxLength": 3})", {R"("가나")"}, {R"("가")", R"("a\nb")", R"("abcd")"}},
      {R"({"type": "integer"})", {"0", "-17", "123456789012345"}, {"01", "1.0", "-0", "+1", "1234567890123456"}},
      {R"({"type": "integer", "minimum": 0.5, "maximum": 120})", {"1", "120"}, {"0", "121", "-1"}},
      {R"({"type": "number"})", {"0", "-1.5", "2e10", "3.25E-7"}, {".5", "1.", "1e", "1e100"}},
      {R"({"type": ["boolean", "null"]})", {"true", "false", "null"}, {"1", "\"true\""}},
      {R"({"enum": ["서울", "a.b", 3, {"x": [1, null]}]})",
       {R"("서울")", R"("a.b")", "3", R"({"x": [1, null]})"},
       {R"("a,b")", "4"}},
      {R"({"enum": ["a", 3], "type": "string"})", {R"("a")"}, {"3"}},
      {R"({"const": "그래"})", {R"("그래")"}, {R"("아니")"}},
      {R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3})",
       {"[1]", "[1, 2, 3]"},
       {"[]", "[1,2]", "[1, 2, 3, 4]"}},
      {R"({"type": "array", "items": {"type": "null"}})", {"[]", "[null]", "[null, null, null]"}, {"[null, ]"}},
      {R"({"type": "array", "maxItems": 0})", {"[]"}, {"[1]"}},
      {R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}, "required": ["b"]})",
       {R"({"b": null})", R"({"a": null, "b": null})", R"({"a": null, "b": null, "c": null})",
        R"({"b": null, "c": null})"},
       {"{}", R"({"a": null})", R"({"b": null, "a": null})", R"({"b": null, })", R"({, "b": null})"}},
      {R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}}})",
       {"{}", R"({"a": null})", R"({"b": null})", R"({"a": null, "b": null})"},
       {R"({"b": null, "a": null})", R"({"a": null "b": null})"}},
      {R"({"type": "object", "additionalProperties": {"type": "integer"}})",
       {"{}", R"({"가": 1, "나": 2})"},
       {R"({"가": "1"})"}},
      {R"({"type": "object", "additionalProperties": false})", {"{}"}, {R"({"a": 1})"}},
      {R"({"anyOf": [{"type": "null"}, {"$ref": "#/$defs/n"}], "$defs": {"n": {"type": "integer", "maximum": 5}}})",
       {"null", "5"},
       {"6"}},
      {R"({"type": "string", "format": "date"})", {R"("2026-02-28")"}, {R"("2026-02-30")", R"("2026-13-01")"}},
      {R"({"title": "아무거나"})", {"1", R"({"a": [1, null]})", R"([[], "x"])", "null"}, {"x", "[1,2]"}},
      {R"({"$ref": "#/$defs/tree", "$defs": {"tree": {"properties": {"v": {"type": "integer"},
          "t": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v", "t"]}}})",
       {R"({"v": 1, "t": []})", R"({"v": 1, "t": [{"v": 2, "t": []}, {"v": 3, "t": [{"v": 4, "t": []}]}]})"},
       {R"({"v": 1})", R"({"v": 1, "t": [1]})"}},
  };
  for (const Example& example : examples) {
    const auto pattern = pattern_of(example.schema);
    for (const std::string& text : example.taken) EXPECT_TRUE(takes(pattern, text)) << example.schema << " of " << text;
    for (const std::string& text : example.refused)
      EXPECT_FALSE(takes(pattern, text)) << example.schema << " of " << text;
  }
}

std::string with_optional_properties(int count, const std::string& member) {
  std::string properties;
  for (int i = 0; i < count; ++i) properties += (i > 0 ? ", \"p" : "\"p") + std::to_string(i) + "\": " + member;
  return R"({"type": "object", "properties": {)" + properties + "}}";
}

TEST(JsonSchema, ManyPropertiesMayBeLeftOut) {
  const auto pattern = pattern_of(with_optional_properties(200, R"({"type": "string"})"));
  for (const char* text : {"{}", R"({"p0": "{"})", R"({"p199": ""})", R"({"p3": "a", "p17": "{", "p199": "}"})"})
    EXPECT_TRUE(takes(pattern, text)) << text;
  for (const char* text : {R"({, "p0": ""})", R"({"p3": "a""p17": ""})", R"({"p3": "{"p17": ""})", R"({"p1": "", })",
                           R"({"p17": "", "p3": ""})"})
    EXPECT_FALSE(takes(pattern, text)) << text;
  const auto anything = pattern_of(with_optional_properties(15, "{}"));
  EXPECT_TRUE(takes(anything, R"({"p3": [1, "[", {"a": 1, "b": "{"}], "p14": {"{": 2, "c": [1]}})"));
  EXPECT_FALSE(takes(anything, R"({"p3": [, 1]})"));
  EXPECT_FALSE(takes(anything, R"({"p3": ["["1]})"));
  EXPECT_FALSE(takes(anything, R"({"p3": {"a": 1 "b": 2}})"));
  const std::string inner = with_optional_properties(12, R"({"type": "boolean"})");
  const auto nested = pattern_of(with_optional_properties(12, inner));
  EXPECT_TRUE(takes(nested, R"({"p2": {}, "p3": {"p1": true, "p11": false}, "p11": {"p11": true}})"));
  EXPECT_FALSE(takes(nested, R"({"p2": {"p1": true "p11": false}})"));
}

// A validator of the keywords that the next test's schema uses.
bool is_valid(const Json& value, const Json& schema) {
  if (schema.contains("enum"))
    return std::find(schema["enum"].begin(), schema["enum"].end(), value) != schema["enum"].end();
  if (schema.contains("anyOf"))
    return std::any_of(schema["anyOf"].begin(), schema["anyOf"].end(),
                       [&](const Json& branch) { return is_valid(value, branch); });
  const std::string type = schema["type"];
  if (type == "integer")
    return value.is_number_integer() && value >= schema.value("minimum", -1e15) &&
           value <= schema.value("maximum", 1e15);
  if (type == "number") return value.is_number() && std::isfinite(value.get<double>());
  if (type == "string") {
    if (!value.is_string()) return false;
    const size_t length = text::count_code_points(value.get<std::string>());
    return length >= schema.value("minLength", 0U) && length <= schema.value("maxLength", 1U << 20);
  }
  if (type == "array") {
    if (!value.is_array() || value.size() < schema.value("minItems", 0U) ||
        value.size() > schema.value("maxItems", 1U << 20))
      return false;
    return std::all_of(value.begin(), value.end(), [&](const Json& item) { return is_valid(item, schema["items"]); });
  }
  if (type != "object") return type == value.type_name();
  if (!value.is_object()) return false;
  for (const Json& name : schema["required"])
    if (!value.contains(name.get<std::string>())) return false;
  for (const auto& [key, member] : value.items())
    if (!schema["properties"].contains(key) || !is_valid(member, schema["properties"][key])) return false;
  return true;
}

TEST(JsonSchema, WhateverIsDrawnParsesAndIsValid) {
  const Json schema = parse_json(
      R"({"type": "object", "required": ["이름", "나이", "목록"], "properties": {
            "이름": {"type": "string", "minLength": 1, "maxLength": 8},
            "나이": {"type": "integer", "minimum": -5, "maximum": 120},
            "\"별명\"": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 4}]},
            "점수": {"type": "number"},
            "목록": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "object", "required": [], "properties": {
              "종류": {"enum": ["가", "나 다", 3, null]}, "참": {"type": "boolean"}}}}}})",
      "schema");
  const auto pattern = std::make_shared<TextPattern>(json_schema_regex(schema, "schema"), "schema");
  std::vector<std::string> tokens = {"안녕", "이름", "나이", "\": ", ", \"", "{\"", "},", "12", "null", "\\u00", "e1"};
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  Random random(5);
  for (int repetition = 0; repetition < 30; ++repetition) {
    PatternConstraint constraint(pattern);
    std::string text;
    while (true) {
      std::vector<std::string> allowed;
      for (const std::string& token : tokens)
        if (constraint.allows(token)) allowed.push_back(token);
      if (allowed.empty()) break;
      const std::string& token = allowed[random.below(allowed.size())];
      text += token;
      constraint.accept(token);
    }
    ASSERT_TRUE(constraint.may_end()) << text;
    EXPECT_TRUE(is_valid(parse_json(text, "drawn"), schema)) << text;
  }
}

TEST(JsonSchema, RefusesWhatItDoesNotKnowByItsPath) {
  const auto fault = [](const std::string& schema) { return error_message([&] { pattern_of(schema); }); };
  EXPECT_EQ(fault(R"({"properties": {"age": {"type": "integer", "minimun": 3}}})"),
            "--json-schema: #/properties/age: keyword \"minimun\" is not known; did you mean \"minimum\"?");
  EXPECT_EQ(fault(R"({"type": "string", "pattern": "a"})"),
            "--json-schema: #: keyword \"pattern\" is not known; ktlm generate --help lists those that are");
  EXPECT_EQ(
      fault(R"({"type": "int"})"),
      "--json-schema: #: type \"int\" is unknown; choose string, integer, number, boolean, null, object or array");
  EXPECT_EQ(fault(R"({"anyOf": [{"type": "number", "maximum": 3}]})"),
            "--json-schema: #/anyOf/0: \"maximum\" is known for integers alone");
  EXPECT_EQ(fault(R"({"properties": {"a": {"$ref": "#/$defs/b"}}})"),
            "--json-schema: #/properties/a: $ref \"#/$defs/b\" leads nowhere");
  EXPECT_EQ(fault(R"({"$ref": "#/$defs/b", "type": "null", "$defs": {"b": {}}})"),
            "--json-schema: #: \"type\" beside \"$ref\" is not known; move it into the schema that \"$ref\" names");
  EXPECT_EQ(fault(R"({"properties": {"a": {"$ref": "#"}}, "required": ["a"]})"),
            "--json-schema: #: no value fits this schema (or it refers to itself without end)");
  EXPECT_EQ(fault(R"({"type": "integer", "minimum": 5, "maximum": 4})"),
            "--json-schema: #: no value fits this schema (or it refers to itself without end)");
  EXPECT_EQ(fault(R"({"required": ["b"], "properties": {"a": {}}})"),
            "--json-schema: #: required \"b\" is none of the properties");
  EXPECT_EQ(fault("[]"), "--json-schema: #: a schema should be an object, is []");
}

TEST(JsonSchema, DefinitionsThatNestTooDeepAreRefused) {
  const auto message_of = [](int num_definitions) {
    std::string definitions = R"("d0":{"type":"null"})";
    for (int i = 1; i < num_definitions; ++i)
      definitions += ",\"d" + std::to_string(i) + R"(":{"items":{"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}}";
    const std::string schema =
        R"({"$defs":{)" + definitions + R"(},"$ref":"#/$defs/d)" + std::to_string(num_definitions - 1) + "\"}";
    return error_message([&] { json_schema_regex(parse_json(schema, "schema"), "--json-schema"); });
  };
  EXPECT_EQ(message_of(100), "(nothing thrown)");
  EXPECT_TRUE(message_of(9'999).ends_with(": the schema nests more than 500 levels deep"));
}

TEST(JsonSchema, DefinitionsThatLeadToEachOtherInTooManyWaysAreRefused) {
  std::string branches, definitions;
  for (const std::string name : {"a", "b", "c", "d"})
    branches += (branches.empty() ? "" : ",") + (R"({"$ref":"#/$defs/)" + name + "\"}");
  for (const std::string name : {"a", "b", "c", "d"})
    definitions += (definitions.empty() ? "\"" : ",\"") + name + R"(":{"anyOf":[)" + branches + "]}";
  const std::string schema = R"({"$defs":{)" + definitions + R"(},"$ref":"#/$defs/a"})";
  const std::string message = error_message([&] { json_schema_regex(parse_json(schema, "schema"), "--json-schema"); });
  EXPECT_TRUE(message.ends_with(": the schema refers to itself in too many ways")) << message;
}

}  // namespace
}  // namespace ktlm::generate
