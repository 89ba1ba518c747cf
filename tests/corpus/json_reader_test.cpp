#include "json_reader.h"

#include <gtest/gtest.h>

#include <functional>

#include "corpus_fixtures.h"
#include "error_message.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"

namespace ktlm::corpus {
namespace {

using test::error_message;
using Keys = std::vector<std::string>;

std::vector<std::string> bodies(const std::string& json, const Keys& keys = {}, size_t step = SIZE_MAX) {
  test::MemorySource source(json, step);
  std::vector<std::string> all;
  const int64_t bytes = read_json(source, "a.json", keys, [&](RawDocument&& document) {
    all.push_back(document.dropped == DropReason::kNone ? document.body : "dropped");
  });
  EXPECT_EQ(bytes, static_cast<int64_t>(json.size()));
  return all;
}

std::string failure(const std::string& json, const Keys& keys = {}) {
  return error_message([&] { bodies(json, keys); });
}

TEST(JsonReader, AnObjectIsADocumentAndSoIsEachElementOfAnArray) {
  EXPECT_EQ(bodies("{\"text\":\n \"글\"}\n"), std::vector<std::string>{"{\"text\":\n \"글\"}"});
  EXPECT_EQ(bodies(" [ {\"a\":1} ,\n{\"b\":[2, {}]}] "), (std::vector<std::string>{"{\"a\":1}", "{\"b\":[2, {}]}"}));
  EXPECT_EQ(bodies("{\"a\":1}\n{\"b\":2} {\"c\":3}"),
            (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"}));
  EXPECT_EQ(bodies("[]"), std::vector<std::string>{});
  EXPECT_EQ(bodies(""), std::vector<std::string>{});
}

TEST(JsonReader, BracketsAndQuotesWithinStringsDoNotCount) {
  const std::string object = R"({"te}xt": "[[{ \" \\", "b": "\\\""})";
  for (const size_t step : {1, 2, 3, 1000})
    EXPECT_EQ(bodies("[" + object + "," + object + "]", {}, step).at(1), object);
}

TEST(JsonReader, KeysLeadToTheDocumentsThroughArraysOnTheWay) {
  const std::string json = R"({"id": "x", "document": [{"p": 1}, {"p": 2}], "n": {"document": [3]}, "z": null})";
  EXPECT_EQ(bodies(json, {"document"}), (std::vector<std::string>{"{\"p\": 1}", "{\"p\": 2}"}));
  EXPECT_EQ(bodies("[" + json + "," + json + "]", {"document"}).size(), 4U);
  EXPECT_EQ(bodies(R"({"data": [{"paragraphs": [{"a": 1}]}, {"paragraphs": []}, {"paragraphs": [{"b": 2}]}]})",
                   {"data", "paragraphs"}),
            (std::vector<std::string>{"{\"a\": 1}", "{\"b\": 2}"}));
  EXPECT_EQ(bodies(R"({"\ubb38\uc11c": [{"a": 1}]})", {"문서"}), std::vector<std::string>{"{\"a\": 1}"});
}

TEST(JsonReader, AFileWithoutTheKeysIsOneDroppedDocument) {
  EXPECT_EQ(bodies(R"({"data": []})", {"document"}), std::vector<std::string>{"dropped"});
  EXPECT_EQ(bodies("[1, 2]", {"document"}), std::vector<std::string>{"dropped"});
}

TEST(JsonReader, RandomDocumentsComeOutAsTheParserHasThem) {
  Random random(5);
  const std::function<Json(int)> make = [&](int depth) -> Json {
    switch (random.below(depth > 3 ? 3 : 5)) {
      case 0:
        return "\"]}{[\\ 한글\n" + std::to_string(random.below(100));
      case 1:
        return static_cast<int64_t>(random.below(1000));
      case 2:
        return nullptr;
      case 3: {
        Json array = Json::array();
        for (uint64_t i = random.below(4); i > 0; --i) array.push_back(make(depth + 1));
        return array;
      }
      default: {
        Json object = Json::object();
        for (uint64_t i = random.below(4); i > 0; --i) object["키" + std::to_string(i)] = make(depth + 1);
        return object;
      }
    }
  };
  for (int round = 0; round < 50; ++round) {
    Json array = Json::array();
    for (int i = 0; i < 20; ++i) array.push_back({{"x", make(0)}});
    const auto all = bodies(array.dump(round % 2 == 0 ? -1 : 2), {}, 1 + random.below(50));
    ASSERT_EQ(all.size(), array.size());
    for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(Json::parse(all[i]), array[i]);
  }
}

TEST(JsonReader, PlacesAndProblemsAreNamed) {
  test::MemorySource source("[{\"a\":1},{\"a\":2}]");
  const auto documents = test::collect([&](const EmitDocument& emit) { read_json(source, "a.json", {}, emit); });
  EXPECT_EQ(documents.at(1).id, "a.json:2");
  EXPECT_EQ(documents.at(1).where, "a.json: document 2");
  EXPECT_EQ(failure("[{\"a\":1} {\"b\":2}]"), "a.json: not valid JSON at byte 10: expected , or ]");
  EXPECT_EQ(failure("[{\"a\":1}}"), "a.json: not valid JSON at byte 9: expected , or ]");
  EXPECT_EQ(failure("[{\"a\":1},]"), "a.json: not valid JSON at byte 10: expected a JSON value");
  EXPECT_EQ(failure("{document: []}", {"document"}), "a.json: not valid JSON at byte 2: expected a key in quotes");
  EXPECT_EQ(failure("{\"a\" 1}", {"document"}), "a.json: not valid JSON at byte 6: expected : behind the key \"a\"");
  EXPECT_EQ(failure(std::string("[{},\0{}]", 8)), "a.json: not valid JSON at byte 5: a zero byte");
  for (const char* cut : {"[", "[{\"a\":1}", "[{\"a\":1},", "[{\"a\":\"", "{"}) {
    EXPECT_EQ(failure(cut), "a.json: ends in the middle of its JSON after " + std::to_string(std::string(cut).size()) +
                                " B (an unfinished download?); fetch the file again");
  }
}

TEST(JsonReader, DeepNestingIsNoTrouble) {
  const std::string deep = "{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  EXPECT_EQ(bodies(deep).size(), 1U);
  EXPECT_EQ(failure(std::string(1'000'000, '[')), "a.json: not valid JSON at byte 65: arrays nested more than 64 deep");
}

TEST(JsonReader, TooLongADocumentSaysHowToCutIt) {
  EXPECT_EQ(failure("{\"document\": [\"" + std::string(70'000'000, 'x') + "\"]}"),
            "a.json: document 1 is longer than 67.1 MB; mark in --text-field what is one document, as in "
            "document[].paragraph.form");
}

}  // namespace
}  // namespace ktlm::corpus
