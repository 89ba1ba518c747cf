#include "decoding_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "encode.h"
#include "error_message.h"

namespace ktlm::corpus {
namespace {

using test::error_message;
using test::to_cp949;
using test::to_utf16;
using testing::HasSubstr;

const std::string kProse = "강가에 선 사람들은 말이 없었다. 물은 느리게 흘렀고, 해는 산 너머로 지고 있었다.\n";

struct Decoded {
  std::string text;
  Encoding encoding;
  int64_t num_malformed;
};

Decoded read(const std::string& content, const std::string& choice = "auto", size_t step = SIZE_MAX,
             size_t read_bytes = 1000) {
  test::MemorySource memory(content, step);
  DecodingSource source(memory, choice, "a.txt");
  std::string text, buffer(read_bytes, '\0');
  while (const size_t count = source.read(buffer.data(), buffer.size())) text.append(buffer, 0, count);
  return {text, source.encoding(), source.evidence().num_malformed};
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
  EXPECT_EQ(read(to_cp949("강"), "utf-8").text, to_cp949("강"));
  EXPECT_EQ(read(to_utf16("한글", false), "utf-16").text, "한글");
  EXPECT_EQ(read(to_utf16(kProse, true), "utf-16").text, kProse);
  EXPECT_EQ(read("\xFE\xFF" + to_utf16("한글", true), "utf-16").text, "한글");
  EXPECT_EQ(read("\xEF\xBB\xBF한글", "utf-8").text, "한글");
}

const std::string kNoError = "(nothing thrown)";

std::string refusal(const std::string& content, const std::string& choice, size_t step = SIZE_MAX) {
  return error_message([&] { read(content, choice, step); });
}

TEST(DecodingSource, AWrongChoiceIsToldWithTheRightOne) {
  EXPECT_EQ(refusal(kProse, "cp949"),
            "a.txt: --encoding says CP949, but as that it has 30 malformed characters in its first 112 B; it reads as "
            "UTF-8: choose --encoding utf-8, or auto");
  EXPECT_EQ(refusal(to_cp949(kProse), "utf-8"),
            "a.txt: --encoding says UTF-8, but as that it has 52 malformed characters in its first 80 B; it reads as "
            "CP949: choose --encoding cp949, or auto");
  EXPECT_EQ(refusal(repeated(kProse, 300), "utf-16"),
            "a.txt: --encoding says UTF-16LE, but as that it has no space, digit or line end in its first 336 B; it "
            "reads as UTF-8: choose --encoding utf-8, or auto");
  EXPECT_THAT(refusal(to_cp949(repeated(kProse, 1000)), "utf-16"), HasSubstr("choose --encoding cp949"));
  EXPECT_THAT(refusal("\xFF\xFE" + to_utf16(kProse, false), "utf-8"), HasSubstr("choose --encoding utf-16"));
  EXPECT_THAT(refusal(to_utf16(repeated("in Latin letters alone\n", 500), true), "utf-8"),
              HasSubstr("utf-16, or auto"));
  EXPECT_THAT(refusal(to_utf16(repeated(kProse, 500), false), "cp949"), HasSubstr("choose --encoding utf-16"));
  std::string noise;
  for (int i = 0; i < 200; ++i) noise += "\xFF\xFF\xFE\xFF ";
  EXPECT_THAT(refusal(noise, "cp949"), HasSubstr("; choose another --encoding, or auto"));
}

TEST(DecodingSource, AWrongChoiceIsToldAfterAMegabyte) {
  const std::string markup = "{\"id\": 123456, \"language\": \"ko\", \"kind\": \"news\", \"text\": \"강가에\"}\n";
  for (const std::string& line : {kProse, markup}) {
    const std::string utf8 = repeated(line, 3'000'000), cp949 = to_cp949(utf8);
    for (const size_t step : {size_t{997}, SIZE_MAX}) {
      EXPECT_THAT(refusal(utf8, "cp949", step), HasSubstr("in its first 1.0 MB; it reads as UTF-8"));
      EXPECT_THAT(refusal(cp949, "utf-8", step), HasSubstr("in its first 1.0 MB; it reads as CP949"));
    }
    EXPECT_EQ(refusal(utf8, "utf-8"), kNoError);
    EXPECT_EQ(refusal(cp949, "cp949"), kNoError);
    EXPECT_EQ(refusal(to_utf16(utf8, true), "utf-16"), kNoError);
  }
}

TEST(DecodingSource, DamageHereAndThereIsNoWrongChoice) {
  std::string utf8 = repeated(kProse, 2'000'000), cp949 = to_cp949(utf8), utf16 = to_utf16(utf8, false);
  for (size_t i = 0; i < 1000; ++i) {
    utf8[i * 1999] = '\xFF';
    cp949[i * 1249] = '\xFF';
    utf16[i * 1580 + 1] = '\xD8';
  }
  EXPECT_EQ(refusal(utf8, "utf-8"), kNoError);
  EXPECT_EQ(read(utf8, "utf-8").text, utf8);
  EXPECT_EQ(refusal(cp949, "cp949"), kNoError);
  EXPECT_EQ(refusal(utf16, "utf-16"), kNoError);
  const std::string ascii = repeated("all of it is ASCII, but a sign of Latin 1 here and there\n", 100'000);
  EXPECT_EQ(refusal(ascii + repeated("caf\xE9 ", 500) + ascii, "utf-8"), kNoError);
  for (const char* choice : {"utf-8", "cp949"})
    EXPECT_EQ(refusal("\xFF\xFE\xFD 글", choice), kNoError) << "too little to tell";
}

TEST(DecodingSource, AnEmptyFileIsEmpty) {
  for (const char* choice : {"auto", "utf-8", "cp949", "utf-16"}) EXPECT_EQ(read("", choice).text, "");
  EXPECT_EQ(read("\xFF\xFE").text, "");
}

}  // namespace
}  // namespace ktlm::corpus
