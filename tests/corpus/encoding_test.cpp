#include "encoding.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "encode.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/random.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::decoded;
using test::to_cp949;
using test::to_utf16;

const std::string kProse =
    "강가에 선 사람들은 말이 없었다. 물은 느리게 흘렀고, 해는 산 너머로 지고 있었다. 그는 다시 한 번 뒤를 "
    "돌아보았다.\n";

TEST(Cp949, EveryPairDecodesAsPythonsCodecHasIt) {
  std::string all;
  int num_pairs = 0;
  for (int lead = 0x81; lead < 0xFF; ++lead) {
    for (int trail = 0x41; trail < 0xFF; ++trail) {
      int64_t malformed = 0;
      const std::string character =
          decoded(Encoding::kCp949, std::string{static_cast<char>(lead), static_cast<char>(trail)}, &malformed);
      if (malformed > 0) continue;
      all += character;
      ++num_pairs;
    }
  }
  EXPECT_EQ(num_pairs, 17'048);
  // Of ''.join(bytes([a, b]).decode('cp949') for all a, b that it has), CPython 3.11.
  EXPECT_EQ(to_hex(hash128(all)), "3b4282efa7eb7d20ba09aacd95e9d414");
}

TEST(Cp949, SyllablesOutsideKsX1001AreThere) {
  EXPECT_EQ(decoded(Encoding::kCp949, "\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF \x81\x41 \xC6\x52"), "똠방각하 갂 힣");
}

TEST(Cp949, MalformedBytesDoNotSwallowWhatFollows) {
  int64_t malformed = 0;
  EXPECT_EQ(decoded(Encoding::kCp949, "\xB0\xA1\xB0\n\xB3\xAA\xFF\xB4\xD9\xC7", &malformed),
            "가\uFFFD\n나\uFFFD다\uFFFD");
  EXPECT_EQ(malformed, 3);
}

TEST(Utf16, LoneSurrogatesAndAnOddByteAreMalformed) {
  const std::string good = to_utf16("한글 😀", false);
  EXPECT_EQ(decoded(Encoding::kUtf16Le, good), "한글 😀");
  EXPECT_EQ(decoded(Encoding::kUtf16Be, to_utf16("한글 😀", true)), "한글 😀");
  int64_t malformed = 0;
  const std::string high_alone = "\x3D\xD8", low_alone = "\x00\xDE";
  EXPECT_EQ(
      decoded(Encoding::kUtf16Le, high_alone + to_utf16("가", false) + std::string("\x00\xDE", 2) + "x", &malformed),
      "\uFFFD가\uFFFD\uFFFD");
  EXPECT_EQ(malformed, 3);
}

TEST(Decode, APieceAtATimeGivesTheSame) {
  const std::string text = kProse + "😀 똠방 A\n";
  for (const auto& [encoding, bytes] :
       std::vector<std::pair<Encoding, std::string>>{{Encoding::kCp949, to_cp949(text)},
                                                     {Encoding::kUtf16Le, to_utf16(text, false)},
                                                     {Encoding::kUtf16Be, to_utf16(text, true)}}) {
    for (const size_t step : {1, 2, 3, 5}) {
      std::string out, held;
      int64_t malformed = 0;
      for (size_t i = 0; i <= bytes.size(); i += step) {
        held += bytes.substr(i, step);
        held.erase(0, decode(encoding, held, i + step > bytes.size(), out, malformed));
      }
      EXPECT_EQ(out, decoded(encoding, bytes)) << encoding_name(encoding) << " " << step;
      EXPECT_EQ(malformed, 0);
    }
  }
}

TEST(FindEncoding, Utf8StaysUtf8EvenWhereItIsDamaged) {
  EXPECT_EQ(find_utf8_or_cp949("", false), Encoding::kUtf8);
  EXPECT_EQ(find_utf8_or_cp949("글", false), Encoding::kUtf8);
  EXPECT_EQ(find_utf8_or_cp949(kProse, true), Encoding::kUtf8);
  EXPECT_EQ(find_utf8_or_cp949(kProse.substr(0, 40), false), Encoding::kUtf8);  // cut within a character
  Random random(3);
  for (int i = 0; i < 200; ++i) {
    std::string damaged = kProse;
    for (int j = 0; j < 8; ++j) damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    EXPECT_EQ(find_utf8_or_cp949(damaged, false), Encoding::kUtf8) << damaged;
  }
}

TEST(FindEncoding, KoreanInCp949IsCp949ShortOrLong) {
  EXPECT_EQ(find_utf8_or_cp949(to_cp949("한글"), false), Encoding::kCp949);
  EXPECT_EQ(find_utf8_or_cp949(to_cp949("서울, 2024년"), false), Encoding::kCp949);
  EXPECT_EQ(find_utf8_or_cp949(to_cp949(kProse), false), Encoding::kCp949);
  EXPECT_EQ(find_utf8_or_cp949(to_cp949(kProse) + "\xC7", false), Encoding::kCp949);  // cut within a character
  EXPECT_EQ(find_utf8_or_cp949(to_cp949("똠방각하와 펲시콜라, 그리고 ㅋㅋㅋ 大韓民國"), false), Encoding::kCp949);
}

TEST(FindEncoding, OtherLanguagesAreNotTakenForKorean) {
  const std::string latin1 = "Caf\xE9 cr\xE8me \xE0 la fa\xE7on de l'\xE9t\xE9, d\xE9j\xE0 go\xFBt\xE9 \xE0 No\xEBl.";
  const std::string shift_jis = "\x82\xB1\x82\xEA\x82\xCD\x93\xFA\x96\x7B\x8C\xEA\x82\xC5\x82\xB7\x81\x42";
  const std::string euc_jp = "\xA4\xB3\xA4\xEC\xA4\xCF\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xC7\xA4\xB9\xA1\xA3";
  for (const std::string& other : {latin1, shift_jis, euc_jp})
    EXPECT_EQ(find_utf8_or_cp949(other, false), Encoding::kUtf8) << decoded(Encoding::kCp949, other);
  // "This is a text of some length in simplified Chinese ..." (GB 2312)
  std::string chinese;
  for (int i = 0; i < 3; ++i)
    chinese +=
        "\xD5\xE2\xCA\xC7\xD2\xBB\xB8\xF6\xD6\xD0\xCE\xC4\xB5\xC4\xB2\xE2\xCA\xD4\xCE\xC4\xB1\xBE\xA3\xAC\xCE\xD2\xC3"
        "\xC7\xCF\xA3\xCD\xFB"
        "\xCB\xFC\xB2\xBB\xBB\xE1\xB1\xBB\xB5\xB1\xD7\xF7\xBA\xAB\xB9\xFA\xD3\xEF\xA1\xA3";
  EXPECT_EQ(find_utf8_or_cp949(chinese, false), Encoding::kUtf8) << decoded(Encoding::kCp949, chinese);
}

TEST(FindEncoding, ADeclarationDecidesWhereTheTextIsHardlyKorean) {
  const std::string hanja = to_cp949("大韓民國 憲法 前文");
  EXPECT_EQ(find_utf8_or_cp949(hanja, false), Encoding::kUtf8);
  EXPECT_EQ(find_utf8_or_cp949(hanja, true), Encoding::kCp949);
  EXPECT_TRUE(declares_cp949("<html><META http-equiv=Content-Type content=\"text/html; charset=EUC-KR\">"));
  EXPECT_TRUE(declares_cp949("<meta charset='ks_c_5601-1987'>"));
  EXPECT_TRUE(declares_cp949("<?xml version=\"1.0\" encoding=\"euc-kr\"?>"));
  EXPECT_FALSE(declares_cp949("<meta charset=utf-8> euc-kr"));
}

TEST(FindEncoding, Utf16IsFoundWithAndWithoutAMark) {
  for (const std::string& text :
       {kProse, std::string("id,text\n1,plain ASCII\n"), std::string("{\"text\": \"한 😀\"}\n")}) {
    EXPECT_EQ(find_utf16(to_utf16(text, false)), Encoding::kUtf16Le) << text;
    EXPECT_EQ(find_utf16(to_utf16(text, true)), Encoding::kUtf16Be) << text;
    EXPECT_EQ(find_utf16(text), Encoding::kUtf8) << text;
    EXPECT_EQ(find_utf16(to_cp949(text)), Encoding::kUtf8) << text;
  }
  EXPECT_EQ(find_byte_order_mark("\xFF\xFEx").encoding, Encoding::kUtf16Le);
  EXPECT_EQ(find_byte_order_mark("\xFE\xFFx").encoding, Encoding::kUtf16Be);
  EXPECT_EQ(find_byte_order_mark("\xEF\xBB\xBFx").length, 3U);
  EXPECT_EQ(find_byte_order_mark("가").length, 0U);
}

TEST(FindEncoding, TextWithZeroBytesAndBinaryDataAreNotUtf16) {
  std::string with_zeros = kProse + kProse;
  with_zeros[50] = with_zeros[101] = '\0';
  EXPECT_EQ(find_utf16(with_zeros), Encoding::kUtf8);
  EXPECT_EQ(find_utf16(std::string(100, '\0')), Encoding::kUtf8);
  std::string integers;
  for (int i = 0; i < 500; ++i) integers += {static_cast<char>(i % 7), '\0', '\0', '\0'};
  EXPECT_EQ(find_utf16(integers), Encoding::kUtf8);
}

TEST(FindEncoding, RealFilesAreTakenForWhatTheyAre) {
  const fs::path folder = fs::path(KTLM_SHARED_DATA_DIR) / "sample";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is not there";
  int num_files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".md") continue;
    const std::string utf8 = read_file(entry.path()).substr(0, 300'000);
    const size_t begin = utf8.find_first_of("\xEA\xEB\xEC\xED");
    if (begin == std::string::npos || utf8.find('\0') != std::string::npos) continue;
    ++num_files;
    EXPECT_EQ(find_utf8_or_cp949(utf8.substr(begin), false), Encoding::kUtf8) << entry.path();
    EXPECT_EQ(find_utf8_or_cp949(to_cp949(utf8.substr(begin)), false), Encoding::kCp949) << entry.path();
    EXPECT_EQ(find_utf16(to_utf16(utf8, false).substr(0, 4096)), Encoding::kUtf16Le) << entry.path();
    EXPECT_EQ(find_utf16(to_utf16(utf8, true).substr(0, 4096)), Encoding::kUtf16Be) << entry.path();
  }
  EXPECT_GT(num_files, 10);
}

}  // namespace
}  // namespace ktlm::corpus
