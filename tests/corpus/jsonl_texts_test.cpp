#include "ktlm/corpus/jsonl_texts.h"

#include <gtest/gtest.h>

#include "compress.h"
#include "error_message.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::error_message;

constexpr const char* kExpected = R"(; expected lines of JSON with a "text", such as {"text":"..."})";

TEST(JsonlTexts, GivesTheTextOfEachLineAsItStandsThere) {
  test::TemporaryDirectory directory;
  const std::string content =
      "{\"text\":\"가  나\\n\",\"id\":7}\n\n \t\n{\"source\":\"x\",\"text\":\"\"}\n{\"text\":\"다\"}";
  const std::vector<std::string> expected = {"가  나\n", "", "다"};
  write_file_atomically(directory / "a.jsonl", content);
  EXPECT_EQ(read_jsonl_texts((directory / "a.jsonl").string()), expected);
  write_file_atomically(directory / "a.jsonl.gz", test::gzip(content));
  EXPECT_EQ(read_jsonl_texts((directory / "a.jsonl.gz").string()), expected);
}

TEST(JsonlTexts, NamesTheLineThatHoldsNoText) {
  test::TemporaryDirectory directory;
  const std::string path = (directory / "a.jsonl").string();
  write_file_atomically(path, "{\"text\":\"가\"}\n{\"txt\":\"나\"}\n");
  EXPECT_EQ(error_message([&] { read_jsonl_texts(path); }), path + R"(:2: key "text" is missing)" + kExpected);
  write_file_atomically(path, "{\"text\":5}\n");
  EXPECT_EQ(error_message([&] { read_jsonl_texts(path); }),
            path + R"(:1: key "text" should be a string, is 5)" + kExpected);
}

TEST(JsonLines, EndWhereNoMoreAreWanted) {
  test::TemporaryDirectory directory;
  const std::string path = (directory / "a.jsonl").string();
  write_file_atomically(path, "{\"n\":1}\n{\"n\":2}\nnot JSON\n");
  std::vector<std::string> places;
  read_json_lines(path, "", nullptr, [&](const Json& line, const std::string& where) {
    places.push_back(where);
    return line.at("n") != 2;
  });
  EXPECT_EQ(places, (std::vector<std::string>{path + ":1", path + ":2"}));
}

TEST(JsonLines, AFileThatIsNotInUtf8IsDecodedWithAWarning) {
  test::TemporaryDirectory directory;
  const std::string path = (directory / "a.jsonl").string();
  std::string text, warning;
  const auto read = [&](const std::string& content) {
    write_file_atomically(path, content);
    const auto take = [&](const Json& line, const std::string&) {
      text = line.at("text");
      return true;
    };
    read_json_lines(
        path, "", [&](const std::string& message) { warning = message; }, take);
  };
  read("{\"text\":\"가나\"}\n");
  EXPECT_EQ(warning, "");
  read("{\"text\":\"\xb0\xa1\xb3\xaa\xb4\xd9 \xb6\xf3\xb8\xb6\"}\n");
  EXPECT_EQ(text, "가나다 라마");
  EXPECT_EQ(warning, path + ": is in CP949; taken as the same text in UTF-8");
}

}  // namespace
}  // namespace ktlm::corpus
