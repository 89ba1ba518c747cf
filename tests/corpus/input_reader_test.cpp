#include "input_reader.h"

#include <gtest/gtest.h>

#include "compress.h"
#include "corpus_fixtures.h"
#include "encode.h"
#include "error_message.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

using test::error_message;

class InputReaderTest : public testing::Test {
 protected:
  // The documents of a file `name` with `content`; what else was said is in reading_.
  std::vector<RawDocument> read(const std::string& name, const std::string& content) {
    const std::string path = test::write_text(folder_ / name, content);
    return test::collect(
        [&](const EmitDocument& emit) { reading_ = read_input_file({.path = path, .name = name}, config_, {}, emit); });
  }

  test::TemporaryDirectory folder_;
  PrepareConfig config_;
  InputReading reading_;
};

TEST_F(InputReaderTest, AnEncodedAndCompressedFileIsReadAsItsUtf8) {
  const std::string line = "{\"text\": \"" + test::sentence(1) + "\"}";
  const auto documents = read("a.jsonl.xz", test::xz(test::to_cp949(line + "\n" + line + "\n")));
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[1].body, line);
  EXPECT_EQ(documents[1].id, "a.jsonl.xz:2");
  EXPECT_EQ(reading_.decoded_files, (std::map<std::string, int64_t>{{"CP949", 1}}));
  EXPECT_EQ(reading_.bytes, static_cast<int64_t>(2 * line.size() + 2));
}

TEST_F(InputReaderTest, TextThatBeginsAsParquetDoesIsText) {
  const std::string text = "PAR1 문제집의 첫 문제이다. PAR1";
  for (const std::string format : {"auto", "text"}) {
    config_.format = format;
    for (const auto& [name, content] :
         {std::pair{"golf.txt", text}, std::pair{"golf", text}, std::pair{"golf.gz", test::gzip(text)}}) {
      const auto documents = read(name, content);
      ASSERT_EQ(documents.size(), 1U) << name;
      EXPECT_EQ(documents[0].body, text);
    }
  }
}

TEST_F(InputReaderTest, AForcedFormatWinsOverParquet) {
  for (const std::string format : {"text", "html", "wikitext"}) {
    config_.format = format;
    EXPECT_EQ(read("a.parquet", "PAR1\x15 그리고 PAR1").size(), 1U);
  }
}

TEST_F(InputReaderTest, AFormatIsToldBehindTheEncoding) {
  const std::string page = "<!DOCTYPE html><html><body><p>" + test::sentence(1) + "</p></body></html>";
  const auto documents = read("page", "\xFF\xFE" + test::to_utf16(page, false));
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents[0].form, RawForm::kHtml);
  EXPECT_EQ(documents[0].body, page);
  EXPECT_EQ(reading_.decoded_files, (std::map<std::string, int64_t>{{"UTF-16LE", 1}}));
}

TEST_F(InputReaderTest, AWronglyChosenEncodingIsAnErrorAndAWronglyFoundOneAWarning) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += test::sentence(i) + "\n";
  read("mixed.txt", test::to_cp949(text) + text);
  ASSERT_EQ(reading_.warnings.size(), 1U);
  EXPECT_EQ(reading_.warnings[0].substr(0, 24), "mixed.txt: as CP949 it h");
  config_.encoding = "cp949";
  const std::string message = error_message([&] { read("a.txt", "강가에 선 사람들은 말이 없었다.\n"); });
  EXPECT_EQ(message,
            "a.txt: --encoding says CP949, but as that it has 13 malformed characters in its first 45 B; it reads as "
            "UTF-8: choose --encoding utf-8, or auto");
}

}  // namespace
}  // namespace ktlm::corpus
