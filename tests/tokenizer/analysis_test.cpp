#include "ktlm/tokenizer/analysis.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

Tokenizer fixture() { return Tokenizer::load(kTokenizerData / "trained"); }

TokenizerAnalysis analysis_of(const std::vector<std::string>& lines) {
  return analyze(fixture(), texts_from(lines).measure, "val");
}

TEST(Analysis, CountsWhatStandsInTheText) {
  const TokenizerAnalysis analysis = analysis_of({"책을  읽는\n할머니", "뷁\t가"});
  EXPECT_EQ(analysis.documents, 2);
  EXPECT_EQ(analysis.characters, 10 + 3);
  EXPECT_EQ(analysis.bytes, 3 * 7 + 3 + 3 * 2 + 1);
  EXPECT_EQ(analysis.words, 3 + 2);
  EXPECT_EQ(analysis.whitespace_tokens, 2);  // \n and \t
  EXPECT_EQ(analysis.fallback_tokens, 3);    // 뷁 has no piece: three bytes
  const Tokenizer tokenizer = fixture();
  const auto tokens =
      static_cast<int64_t>(tokenizer.encode("책을  읽는\n할머니").size() + tokenizer.encode("뷁\t가").size());
  EXPECT_EQ(analysis.tokens, tokens);
  EXPECT_DOUBLE_EQ(analysis.characters_per_token(), 13.0 / static_cast<double>(tokens));
  EXPECT_DOUBLE_EQ(analysis.tokens_per_word(), static_cast<double>(tokens - 2) / 5);
  EXPECT_DOUBLE_EQ(analysis.fallback_rate(), 3.0 / static_cast<double>(tokens));
}

TEST(Analysis, MeasuresTheNormalisedText) {
  const TokenizerAnalysis full_width = analysis_of({"ＡＢＣ"}), plain = analysis_of({"ABC"});
  EXPECT_EQ(full_width.bytes, 3);
  EXPECT_EQ(full_width.tokens, plain.tokens);
}

TEST(Analysis, EveryPieceBelongsToOneScript) {
  const TokenizerAnalysis analysis = analysis_of({});
  int64_t pieces = 0, control = 0, byte = 0, digit = 0;
  for (const auto& [script, count] : analysis.pieces_by_script) {
    pieces += count;
    if (script == "control") control = count;
    if (script == "byte") byte = count;
    if (script == "digit") digit = count;
  }
  EXPECT_EQ(pieces, 700);
  EXPECT_EQ(control, 16);
  EXPECT_EQ(byte, 256);
  EXPECT_EQ(digit, 9);  // the text has no 8
  EXPECT_EQ(analysis.longest_pieces.front(), " 프로그램");
}

TEST(Analysis, NothingMeasuredIsZeroAndNotANumber) {
  const TokenizerAnalysis analysis = analysis_of({});
  EXPECT_EQ(analysis.characters_per_token(), 0);
  EXPECT_EQ(analysis.tokens_per_word(), 0);
}

TEST(Analysis, TableTellsTheNumbers) {
  TokenizerAnalysis analysis;
  analysis.vocab_size = 16000;
  analysis.pieces_by_script = {{"hangul", 15000}, {"byte", 256}};
  analysis.longest_pieces = {" 대한민국에서", "하였습니다"};
  analysis.measured_on = "val";
  analysis.documents = 1234;
  analysis.bytes = 5'000'000;
  analysis.characters = 2'000'000;
  analysis.words = 400'000;
  analysis.tokens = 1'000'000;
  analysis.fallback_tokens = 2'500;
  analysis.whitespace_tokens = 20'000;
  EXPECT_EQ(to_table(analysis),
            "vocabulary            16,000 pieces: hangul 15,000, byte 256\n"
            "longest of Hangul      대한민국에서, 하였습니다\n"
            "measured on           val: 1,234 documents, 5.0 MB, 1,000,000 tokens\n"
            "characters per token  2.00\n"
            "bytes per token       5.00\n"
            "tokens per 어절       2.45\n"
            "byte fallback         0.25 % of the tokens; newlines and tabs 2.00 % more");
}

}  // namespace
}  // namespace ktlm::tokenizer
