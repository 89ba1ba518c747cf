// Training from a prepared directory: what of it is read, and what the analysis is measured on.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>

#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

corpus::PreparedCorpus prepare_lines(const test::TemporaryDirectory& folder, const std::vector<std::string>& lines,
                                     double val_fraction) {
  std::string content;
  for (const std::string& line : lines) content += line + "\n";
  write_file_atomically(folder / "input.jsonl", content);
  corpus::PrepareConfig config;
  config.val_fraction = val_fraction;
  corpus::prepare({(folder / "input.jsonl").string()}, folder / "prepared", config, StopFlag(), {}, {});
  return corpus::PreparedCorpus::open(folder / "prepared");
}

// Documents that all differ, some 140 bytes each.
std::vector<std::string> documents(int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i)
    lines.push_back(
        to_json_line({{"text", "도서관의 책 " + std::to_string(i) +
                                   "번은 바다와 산과 마을에 대한 이야기이다. 아이들은 이 책을 좋아하였다."}}));
  return lines;
}

TEST(PreparedCorpusTraining, MeasuresOnTheValSplit) {
  test::TemporaryDirectory folder;
  const auto corpus = prepare_lines(folder, documents(400), 0.3);
  ASSERT_GT(corpus.text_bytes(corpus::Split::kVal), 10'000);
  const auto analysis =
      train_tokenizer(training_texts(corpus, config_with(330)), folder / "tokenizer", config_with(330), {}, StopFlag());
  ASSERT_TRUE(analysis);
  EXPECT_EQ(analysis->measured_on, "val");
  EXPECT_EQ(analysis->documents, corpus.num_documents(corpus::Split::kVal));
}

TEST(PreparedCorpusTraining, MeasuresOnTheTrainSplitWhereValHoldsNextToNothing) {
  test::TemporaryDirectory folder;
  for (const double val_fraction : {0.0, 0.3}) {
    const auto corpus = prepare_lines(folder, documents(60), val_fraction);
    if (val_fraction > 0) {
      ASSERT_GT(corpus.text_bytes(corpus::Split::kVal), 0);
    }
    const auto analysis = train_tokenizer(training_texts(corpus, config_with(330)), folder / "tokenizer",
                                          config_with(330), {}, StopFlag());
    ASSERT_TRUE(analysis);
    EXPECT_EQ(analysis->measured_on, "train");
    EXPECT_EQ(analysis->documents, corpus.num_documents(corpus::Split::kTrain));
  }
}

TEST(PreparedCorpusTraining, LimitDrawsSoManyBytesFromAllOverTheCorpus) {
  test::TemporaryDirectory folder;
  const auto corpus = prepare_lines(folder, documents(1000), 0);
  TokenizerTrainConfig config = config_with(330);
  config.max_training_bytes = corpus.text_bytes(corpus::Split::kTrain) / 4;
  const TrainingTexts texts = training_texts(corpus, config);
  int64_t counted_bytes = 0;
  const auto remember = [&](const Progress& progress) {
    if (progress.stage == "counting") counted_bytes = progress.done;
  };
  ASSERT_TRUE(train_tokenizer(texts, folder / "tokenizer", config, remember, StopFlag()));
  EXPECT_NEAR(static_cast<double>(counted_bytes), static_cast<double>(config.max_training_bytes),
              0.2 * static_cast<double>(config.max_training_bytes));

  const auto draw = [&] {
    std::set<std::string> drawn;
    texts.train([&](std::string_view text) { return drawn.emplace(text), true; });
    return drawn;
  };
  const std::set<std::string> drawn = draw();
  EXPECT_EQ(draw(), drawn);
  // Some 63 of each quarter's 250 documents; 40 are four standard deviations away.
  std::vector<std::string> all;
  corpus.for_each_document(corpus::Split::kTrain,
                           [&](corpus::Document&& document) { return all.push_back(document.text), true; });
  ASSERT_EQ(all.size(), 1000U);
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(250 * quarter);
    EXPECT_GT(std::count_if(begin, begin + 250, [&](const std::string& text) { return drawn.contains(text); }), 40);
  }
}

TEST(PreparedCorpusTraining, RolesOfDialoguesBecomePieces) {
  test::TemporaryDirectory folder;
  std::vector<std::string> lines = documents(20);
  for (int i = 0; i < 100; ++i)
    lines.push_back(to_json_line({{"messages",
                                   {{{"role", "user"}, {"content", std::to_string(i) + "번 책은 어디에 있어요?"}},
                                    {{"role", "assistant"}, {"content", "도서관에 있어요."}}}}}));
  const auto corpus = prepare_lines(folder, lines, 0);
  ASSERT_TRUE(train_tokenizer(training_texts(corpus, config_with(365)), folder / "tokenizer", config_with(365), {},
                              StopFlag()));
  const Tokenizer tokenizer = Tokenizer::load(folder / "tokenizer");
  EXPECT_EQ(tokenizer.encode("user").size(), 1U);
  EXPECT_EQ(tokenizer.encode("assistant").size(), 1U);
}

}  // namespace
}  // namespace ktlm::tokenizer
