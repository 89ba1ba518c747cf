#include "ktlm/eval/documents.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "eval_fixtures.h"
#include "ktlm/eval/torch_scorer.h"

namespace ktlm::eval {
namespace {

using test::expect_matches;
using test::random_model;
using test::small_tokenizer;
using test::Sum;
using test::sum_of_windows;

TEST(ScoreDocuments, MatchesEachDocumentByItself) {
  std::vector<std::string> texts = {"강물이 흐르고", "",
                                    "봄이 오면 사람들은 서울에 모여 바다를 바라본다. 눈이 내리는 겨울에도 "
                                    "학교까지 걸어서 갔으며, 시장에서 이야기를 나누었다.",
                                    "Linux 커널은 2024년", "뷁 🙂"};
  for (int i = 0; i < 3; ++i) texts[2] += texts[2];  // several windows
  Sum expected;
  std::vector<Sum> sums;
  for (const auto& text : texts) {
    std::vector<int64_t> ids = {small_tokenizer().bos_id()};
    for (const auto id : small_tokenizer().encode(text)) ids.push_back(id);
    const Sum sum = sum_of_windows(ids);
    sums.push_back(sum);
    sums.back().num_bytes = static_cast<int64_t>(text.size());
    expected.nats += sum.nats;
    expected.num_tokens += sum.num_tokens;
    expected.num_bytes += static_cast<int64_t>(text.size());
  }
  for (const int64_t batch_size : {1, 3, 64}) {
    SCOPED_TRACE(batch_size);
    TorchScorer scorer(random_model(), batch_size, at::kFloat);
    const auto scores = score_documents(scorer, small_tokenizer(), texts, {}, StopFlag());
    ASSERT_EQ(scores.size(), texts.size());
    expect_matches(evaluation_of(scores), expected);
    for (size_t i = 0; i < texts.size(); ++i)
      if (sums[i].num_tokens > 0) expect_matches(evaluation_of({&scores[i], 1}), sums[i]);
  }
}

TEST(ScoreDocuments, CountsTheBytesOfTheTextAsGiven) {
  const std::string decomposed = "\u1112\u1161\u11ab";  // 한 in three code points, nine bytes; normalised, three
  const std::vector<std::string> texts = {decomposed};
  TorchScorer scorer(random_model(), 4, at::kFloat);
  EXPECT_EQ(score_documents(scorer, small_tokenizer(), texts, {}, StopFlag()).at(0).num_bytes, 9);
}

TEST(ScoreDocuments, StopsWithoutAResult) {
  StopFlag stop;
  stop.request(2);
  const std::vector<std::string> texts = {"강물이 흐르고"};
  TorchScorer scorer(random_model(), 4, at::kFloat);
  EXPECT_TRUE(score_documents(scorer, small_tokenizer(), texts, {}, stop).empty());
}

}  // namespace
}  // namespace ktlm::eval
