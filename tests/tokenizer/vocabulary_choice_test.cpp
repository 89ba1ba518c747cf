#include "ktlm/tokenizer/vocabulary_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace ktlm::tokenizer {
namespace {

// 10 M weights in the layers, none of attention: only sizes and bytes per token decide.
ModelShape model() { return {.name = "mine", .d_model = 100, .layer_weights = 10'000'000, .attention_products = 0}; }

TokenizerAnalysis analysis(int64_t vocab_size, double bytes_per_token, double rare_share = 0) {
  TokenizerAnalysis result;
  result.vocab_size = vocab_size;
  result.tokens = 1000;
  result.bytes = static_cast<int64_t>(1000 * bytes_per_token);
  result.learned_pieces = 1000;
  result.rare_pieces = static_cast<int64_t>(1000 * rare_share);
  return result;
}

TEST(VocabularyChoice, CountsSixOperationsAWeightAndToken) {
  // (10 M in the layers + 100 x 10,000 in the output layer) x 6 / 5 bytes
  EXPECT_DOUBLE_EQ(model().training_flops_per_byte(analysis(10'000, 5)), 11e6 * 6 / 5);
  EXPECT_EQ(model().embedding_parameters(10'000), 1'000'000);
  EXPECT_DOUBLE_EQ(model().embedding_share(10'000), 1.0 / 11);
  ModelShape untied = model();
  untied.tie_embeddings = false;
  EXPECT_DOUBLE_EQ(untied.embedding_share(10'000), 2.0 / 12);
  EXPECT_DOUBLE_EQ(untied.training_flops_per_byte(analysis(10'000, 5)), 11e6 * 6 / 5);  // looking up costs nothing
  EXPECT_EQ(model().training_flops_per_byte(analysis(10'000, 0)), 0);
}

TEST(VocabularyChoice, TakesTheSizeWithWhichAByteCostsLeast) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(10'000, 4), analysis(20'000, 5), analysis(40'000, 5.5)};
  const Recommendation recommended = recommend_vocabulary(model(), analyses);
  EXPECT_EQ(recommended.index, 1U);
  EXPECT_EQ(
      recommended.reason,
      "20,000 pieces suit mine: a byte of text costs 14.4 MFLOP of training (10,000: 16.5, 40,000: 15.3), and the "
      "embedding is 16.7 % of the model.");
}

TEST(VocabularyChoice, TellsOfATextThatIsTooSmall) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(8'000, 4, 0.1), analysis(16'000, 5, 0.3),
                                                   analysis(32'000, 5, 0.5)};
  EXPECT_EQ(small_text_sentence({&analyses[0], 1}), "");
  EXPECT_EQ(small_text_sentence(analyses),
            "the text is too small for 16,000 (30.0 %), 32,000 (50.0 %): that share of the pieces occurs fewer than "
            "100 times in it, too seldom for a model to learn them; take a smaller --vocab-size, or prepare more text");
}

TEST(VocabularyChoice, OfEquallyGoodOnesTakesTheLargest) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(10'000, 5.5), analysis(20'000, 5.95)};  // 12.00 and 12.10
  const Recommendation recommended = recommend_vocabulary(model(), analyses);
  EXPECT_EQ(recommended.index, 1U);
  EXPECT_EQ(recommended.reason,
            "20,000 pieces suit mine: a byte of text costs 12.1 MFLOP of training (10,000: 12.0), within 1 % of the "
            "least while its window holds more text, and the embedding is 16.7 % of the model.");
  const std::vector<TokenizerAnalysis> worse = {analysis(10'000, 5.5), analysis(20'000, 5.9)};  // 12.00 and 12.20
  EXPECT_EQ(recommend_vocabulary(model(), worse).index, 0U);
}

TEST(VocabularyChoice, LeavesOutWhatTheTextIsTooSmallFor) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(10'000, 4, 0.02), analysis(20'000, 5, 0.3)};
  const Recommendation recommended = recommend_vocabulary(model(), analyses);
  EXPECT_EQ(recommended.index, 0U);
  EXPECT_EQ(
      recommended.reason,
      "10,000 pieces suit mine: a byte of text costs 16.5 MFLOP of training (20,000: 14.4), and the embedding is "
      "9.1 % of the model. Left out, for the training text holds more than 10.0 % of the pieces fewer than 100 times: "
      "20,000 (30.0 %). Prepare more text to make use of more pieces.");
  const std::vector<TokenizerAnalysis> tenth = {analysis(10'000, 4, 0.02), analysis(20'000, 5, 0.1)};
  EXPECT_EQ(recommend_vocabulary(model(), tenth).index, 1U);
}

TEST(VocabularyChoice, SaysWhereTheTextIsTooSmallForAll) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(10'000, 4, 0.2), analysis(20'000, 5, 0.3)};
  const Recommendation recommended = recommend_vocabulary(model(), analyses);
  EXPECT_EQ(recommended.index, 0U);
  EXPECT_EQ(
      recommended.reason,
      "10,000 pieces, the fewest, suit mine: a byte of text costs 16.5 MFLOP of training (20,000: 14.4), and the "
      "embedding is 9.1 % of the model. Even for them the text is too small: the training text holds more than 10.0 % "
      "of the pieces fewer than 100 times: 10,000 (20.0 %), 20,000 (30.0 %). Prepare more text to make use of more "
      "pieces.");
}

TEST(VocabularyChoice, SaysWhichSizesTheTextDoesNotFill) {
  const std::vector<TokenizerAnalysis> analyses = {analysis(10'000, 4)};
  const UnfilledSizes unfilled = {.sizes = {20'000, 40'000}, .smallest = 1'234, .largest = 12'345};
  EXPECT_EQ(recommend_vocabulary(model(), analyses, unfilled).reason,
            "10,000 pieces suit mine: a byte of text costs 16.5 MFLOP of training, and the embedding is 9.1 % of the "
            "model. Not trained: 20,000, 40,000, for the text gives 1,234 to 12,345 pieces. Prepare more text to make "
            "use of more pieces.");
}

}  // namespace
}  // namespace ktlm::tokenizer
