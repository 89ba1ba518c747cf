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

}  // namespace
}  // namespace ktlm::corpus
