#include "decoding_source.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "encode.h"

namespace ktlm::corpus {
namespace {

using test::to_cp949;
using test::to_utf16;

const std::string kProse = "강가에 선 사람들은 말이 없었다. 물은 느리게 흘렀고, 해는 산 너머로 지고 있었다.\n";

struct Decoded {
  std::string text;
  Encoding encoding;
  int64_t num_malformed;
};

Decoded read(const std::string& content, const std::string& choice = "auto", size_t step = SIZE_MAX,
             size_t read_bytes = 1000) {
  test::MemorySource memory(content, step);
  DecodingSource source(memory, choice);
  std::string text, buffer(read_bytes, '\0');
  while (const size_t count = source.read(buffer.data(), buffer.size())) text.append(buffer, 0, count);
  return {text, source.encoding(), source.num_malformed()};
}

std::string repeated(const std::string& text, size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += text;
  return all;
}

TEST(DecodingSource, EveryEncodingGivesTheSameTextInLargeAndSmallSteps) {
  const std::string text = repeated(kProse, 400'000);
  for (const auto& [name, bytes] :
       std::vector<std::pair<std::string, std::string>>{{"UTF-8", text},
                                                        {"UTF-8", "\xEF\xBB\xBF" + text},
                                                        {"CP949", to_cp949(text)},
                                                        {"UTF-16LE", to_utf16(text, false)},
                                                        {"UTF-16BE", to_utf16(text, true)},
                                                        {"UTF-16LE", "\xFF\xFE" + to_utf16(text, false)},
                                                        {"UTF-16BE", "\xFE\xFF" + to_utf16(text, true)}}) {
    for (const size_t step : {size_t{997}, SIZE_MAX}) {
      const Decoded decoded = read(bytes, "auto", step, step == SIZE_MAX ? 300'000 : 1000);
      EXPECT_TRUE(decoded.text == text) << name << " " << step;
      EXPECT_EQ(encoding_name(decoded.encoding), name);
      EXPECT_EQ(decoded.num_malformed, 0);
    }
  }
}

TEST(DecodingSource, ALongAsciiStartDecidesNothing) {
  const std::string ascii = repeated("{\"id\": 1, \"text\": \"all of it is ASCII\"}\n", 300'000);
  EXPECT_TRUE(read(ascii).text == ascii);
  EXPECT_TRUE(read(ascii + to_cp949(kProse)).text == ascii + kProse);
  EXPECT_TRUE(read(ascii + kProse).text == ascii + kProse);
  EXPECT_TRUE(read(ascii + kProse, "auto", 10, 7).text == ascii + kProse);
}

TEST(DecodingSource, TheFirstPartDecidesForAFileOfTwoEncodings) {
  const std::string text = repeated(kProse, 400'000);
  const Decoded utf8_first = read(text + to_cp949(text));
  EXPECT_EQ(utf8_first.encoding, Encoding::kUtf8);
  EXPECT_TRUE(utf8_first.text == text + to_cp949(text));  // its readers see that the rest is no UTF-8
  const Decoded cp949_first = read(to_cp949(text) + text);
  EXPECT_EQ(cp949_first.encoding, Encoding::kCp949);
  EXPECT_GT(cp949_first.num_malformed, 1000);
}

TEST(DecodingSource, AChoiceOverridesWhatTheBytesShow) {
  EXPECT_EQ(read(to_cp949("大韓民國"), "cp949").text, "大韓民國");
  EXPECT_EQ(read(to_cp949(kProse), "utf-8").text, to_cp949(kProse));
  EXPECT_EQ(read(to_utf16("한글", false), "utf-16").text, "한글");
  EXPECT_EQ(read(to_utf16(kProse, true), "utf-16").text, kProse);
  EXPECT_EQ(read("\xFE\xFF" + to_utf16("한글", true), "utf-16").text, "한글");
  EXPECT_EQ(read("\xEF\xBB\xBF한글", "utf-8").text, "한글");
}

TEST(DecodingSource, AnEmptyFileIsEmpty) {
  for (const char* choice : {"auto", "utf-8", "cp949", "utf-16"}) EXPECT_EQ(read("", choice).text, "");
  EXPECT_EQ(read("\xFF\xFE").text, "");
}

}  // namespace
}  // namespace ktlm::corpus
