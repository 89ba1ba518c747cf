#include "ktlm/tokenizer/analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

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

const ScriptUse& use_of(const TokenizerAnalysis& analysis, const std::string& script) {
  const auto found = std::ranges::find(analysis.scripts, script, &ScriptUse::script);
  if (found == analysis.scripts.end()) throw std::runtime_error("no " + script);
  return *found;
}

TEST(Analysis, TokensBelongToTheScriptTheyBeginWith) {
  // 뷁 and 金 have no piece: three bytes each. 2 tokens of "할머니", one of "가", and digits alone.
  const std::string text = "할머니가 뷁 金 12 😀ㅋㅋ";
  const TokenizerAnalysis analysis = analysis_of({text});
  int64_t characters = 0, tokens = 0;
  for (const ScriptUse& use : analysis.scripts) {
    characters += use.characters;
    tokens += use.tokens;
  }
  EXPECT_EQ(characters, analysis.characters);
  EXPECT_EQ(tokens, analysis.tokens);
  EXPECT_EQ(use_of(analysis, "hangul").characters, 5);
  EXPECT_EQ(use_of(analysis, "hangul").byte_tokens, 3);
  EXPECT_EQ(use_of(analysis, "hanja").characters, 1);
  EXPECT_EQ(use_of(analysis, "hanja").byte_tokens, 3);
  EXPECT_DOUBLE_EQ(use_of(analysis, "digit").tokens_per_character(), 1);
  EXPECT_EQ(use_of(analysis, "space").tokens, 4);  // 뷁, 金, 12 and 😀 have none that holds theirs
  EXPECT_EQ(use_of(analysis, "emoji").byte_tokens, 4);
  EXPECT_EQ(use_of(analysis, "jamo").characters, 2);

  const Tokenizer tokenizer = fixture();
  ASSERT_EQ(tokenizer.piece(tokenizer.encode(" 책을")[0]), "▁책을");
  const TokenizerAnalysis spaced = analysis_of({"뷁 책을"});
  EXPECT_EQ(use_of(spaced, "space").tokens, 0);  // the space belongs to the word that it opens
  EXPECT_EQ(use_of(spaced, "hangul").tokens, 4);
}

TEST(Analysis, AParticleIsCutOffWhereATokenBeginsWithIt) {
  const Tokenizer tokenizer = fixture();
  ASSERT_EQ(tokenizer.piece(tokenizer.encode(" 책을")[0]), "▁책을");
  ASSERT_EQ(tokenizer.piece(tokenizer.encode("뷁을").back()), "을");
  const TokenizerAnalysis analysis = analysis_of({"저 책을 뷁을, (뷁을)", "읽습니다."});
  EXPECT_EQ(analysis.particles.words, 3);
  EXPECT_EQ(analysis.particles.cut, 2);
  EXPECT_EQ(analysis.endings.words, 1);
}

TEST(Analysis, SentencesAreCounted) {
  const TokenizerAnalysis analysis = analysis_of({"책을 읽는다. 밥을 먹는다.\n끝"});
  EXPECT_EQ(analysis.sentences, 3);
  EXPECT_DOUBLE_EQ(analysis.tokens_per_sentence(), static_cast<double>(analysis.tokens - 1) / 3);
}

TEST(Analysis, RarityAndEntropyComeFromTheTrainingCounts) {
  const Tokenizer tokenizer = fixture();
  std::vector<int64_t> counts(700, kRarePieceCount);
  for (size_t id = 690; id < 700; ++id) counts[id] = kRarePieceCount - 1;
  counts[0] = 0;  // a control token is no learned piece
  const std::string text = "가나";
  const TokenizerAnalysis analysis = analyze(tokenizer, texts_from({text}).measure, "val", counts);
  EXPECT_EQ(analysis.learned_pieces, 700 - 272);
  EXPECT_EQ(analysis.rare_pieces, 10);
  const double total = 689.0 * 100 + 10 * 99 + 700;
  double bits = 0;
  for (const TokenId id : tokenizer.encode(text))
    bits += std::log2(total / static_cast<double>(counts[static_cast<size_t>(id)] + 1));
  EXPECT_NEAR(analysis.unigram_bits_per_byte, bits / 6, 1e-9);
  EXPECT_EQ(analyze(tokenizer, texts_from({text}).measure, "val").unigram_bits_per_byte, 0);
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
  for (const double figure :
       {analysis.characters_per_token(), analysis.bytes_per_token(), analysis.tokens_per_word(),
        analysis.tokens_per_sentence(), analysis.rare_share(), analysis.fallback_rate(), analysis.whitespace_rate(),
        analysis.particles.share(), analysis.endings.share(), analysis.unigram_bits_per_byte, ScriptUse{}.byte_rate(),
        ScriptUse{}.tokens_per_character()})
    EXPECT_EQ(figure, 0);
}

TEST(Analysis, SeveralTokenizersGiveEachItsOwnFiguresInOnePass) {
  test::TemporaryDirectory folder;
  const Tokenizer small = trained_tokenizer(folder / "small", 650), large = trained_tokenizer(folder / "large", 800);
  const std::vector<int64_t> small_counts(650, 3), large_counts(800, 5);
  std::vector<std::string> lines = training_lines();
  for (const std::string& line : odd_lines(300, 7)) lines.push_back(line);
  int passes = 0;
  const TextSource texts = [&, source = texts_from(lines).measure](const auto& visit) {
    ++passes;
    source(visit);
  };
  const std::vector<MeasuredTokenizer> measured = {{&large, large_counts}, {&small, small_counts}};
  const std::vector<TokenizerAnalysis> together = analyze(measured, texts, "val");
  EXPECT_EQ(passes, 1);
  ASSERT_EQ(together.size(), 2U);
  EXPECT_EQ(to_json(together[0]), to_json(analyze(large, texts, "val", large_counts)));
  EXPECT_EQ(to_json(together[1]), to_json(analyze(small, texts, "val", small_counts)));
  EXPECT_LT(together[0].tokens, together[1].tokens);
}

}  // namespace
}  // namespace ktlm::tokenizer
