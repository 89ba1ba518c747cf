#include <gtest/gtest.h>

#include "asked_scorer.h"
#include "error_message.h"
#include "ktlm/eval/documents.h"
#include "ktlm/tokenizer/vocabulary.h"
#include "temporary_directory.h"

namespace ktlm::eval {
namespace {

using test::AskedScorer;

// The test's tokenizer as one of other make, with these tokens.
tokenizer::Tokenizer tokenizer_with(int64_t bos, int64_t eos, const test::TemporaryDirectory& folder) {
  auto vocabulary = tokenizer::read_vocabulary(std::filesystem::path(KTLM_TEST_DATA_DIR) / "tokenizer" / "trained");
  vocabulary.normalizer_version.reset();
  vocabulary.bos_id = bos;
  vocabulary.eos_id = eos;
  tokenizer::write_vocabulary(folder.path(), vocabulary, "here");
  return tokenizer::Tokenizer::load(folder.path());
}

TEST(ScoredDocuments, BeginBehindTheTokenThatEndsATextWhereNoneBeginsIt) {
  const test::TemporaryDirectory folder;
  AskedScorer scorer;
  const std::vector<std::string> texts = {"서울"};
  score_documents(scorer, tokenizer_with(-1, 2, folder), texts, {}, StopFlag());
  ASSERT_EQ(scorer.asked.size(), 1U);
  EXPECT_EQ(scorer.asked[0].context, Ids{2});
}

TEST(ScoredDocuments, OfATokenizerWithNeitherAreRefused) {
  const test::TemporaryDirectory folder;
  AskedScorer scorer;
  const auto tokenizer = tokenizer_with(-1, -1, folder);
  const std::vector<std::string> texts = {"서울"};
  EXPECT_EQ(test::error_message([&] { score_documents(scorer, tokenizer, texts, {}, StopFlag()); }),
            "the tokenizer has no token that begins or ends a text (bos, eos), behind which a text's first token could "
            "be measured; name one in tokenizer_config.json");
  EXPECT_TRUE(scorer.asked.empty());
}

}  // namespace
}  // namespace ktlm::eval
