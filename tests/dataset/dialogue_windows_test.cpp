#include "ktlm/data/dialogue_windows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "error_message.h"
#include "ktlm/data/token_writer.h"
#include "ktlm/tokenizer/chat_template.h"
#include "small_corpus.h"
#include "temporary_directory.h"

namespace ktlm::data {
namespace {

using tokenizer::TokenId;
using Dialogue = std::vector<corpus::ChatMessage>;

// What a window holds of one dialogue.
struct Piece {
  std::vector<int64_t> ids, targets;
  bool operator<(const Piece& other) const { return ids < other.ids; }
};

std::vector<Piece> pieces_of(const DialogueWindows& windows, int64_t window) {
  const auto length = static_cast<size_t>(windows.seq_len());
  std::vector<int64_t> ids(length), targets(length), starts(length);
  windows.fill_row(window, ids, targets, starts);
  std::vector<Piece> pieces;
  for (size_t i = 0; i < length; ++i) {
    if (starts[i] == static_cast<int64_t>(i)) pieces.emplace_back();
    EXPECT_LE(starts[i], static_cast<int64_t>(i));
    pieces.back().ids.push_back(ids[i]);
    pieces.back().targets.push_back(targets[i]);
  }
  const bool padded = std::ranges::all_of(pieces.back().targets, [](int64_t target) { return target < 0; });
  if (padded) pieces.pop_back();
  return pieces;
}

std::vector<Piece> all_pieces(const DialogueWindows& windows) {
  std::vector<Piece> all;
  for (int64_t window = 0; window < windows.num_windows(); ++window)
    for (auto& piece : pieces_of(windows, window)) all.push_back(std::move(piece));
  return all;
}

class DialogueWindowsTest : public testing::Test {
 protected:
  static const test::SmallCorpus& small_corpus() {
    static const test::SmallCorpus corpus(50);
    return corpus;
  }
  static const tokenizer::Tokenizer& tokenizer() { return small_corpus().tokenizer; }

  // A dialogue without messages stands for a plain document.
  TokenDataset dataset_of(const std::vector<Dialogue>& dialogues) {
    TokenWriter writer(directory_ / "chat.tokens", {tokenizer().vocab_size(), "t", "c"});
    for (const auto& dialogue : dialogues) {
      auto ids =
          dialogue.empty() ? tokenizer().encode("그냥 글") : tokenizer::encode_chat(tokenizer(), dialogue, false);
      ids.push_back(tokenizer().eos_id());
      writer.add_document(ids, 0);
    }
    writer.commit();
    return TokenDataset::open(directory_ / "chat.tokens");
  }

  // The sample's dialogues among plain documents.
  TokenDataset sample() {
    build_token_dataset(directory_ / "train.tokens", small_corpus().corpus, corpus::Split::kTrain, tokenizer(), 1, {},
                        StopFlag());
    return TokenDataset::open(directory_ / "train.tokens");
  }

  std::string text_of(const std::vector<int64_t>& ids) const {
    std::string text;
    for (const int64_t id : ids)
      if (id >= 0)
        text += tokenizer().is_control(static_cast<TokenId>(id)) ? tokenizer().piece(static_cast<TokenId>(id))
                                                                 : tokenizer().token_bytes(static_cast<TokenId>(id));
    return text;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(DialogueWindowsTest, OnlyAnswersAndTheirEndMarkersAreTargets) {
  const auto dataset = dataset_of({{{"system", "짧게."},
                                    {"user", "안녕?"},
                                    {"assistant", "네."},
                                    {"user", "또?"},
                                    {"assistant", "또 봐요."},
                                    {"user", "이것은 답이 없다"}}});
  const DialogueWindows windows(dataset, tokenizer(), 256);
  ASSERT_EQ(windows.num_windows(), 1);
  const auto pieces = pieces_of(windows, 0);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(text_of(pieces[0].targets), "네.<|im_end|>또 봐요.<|im_end|>");
  EXPECT_TRUE(text_of(pieces[0].ids).ends_with("또 봐요.")) << "what follows the last answer teaches nothing";
  for (size_t i = 0; i + 1 < pieces[0].ids.size(); ++i)
    EXPECT_TRUE(pieces[0].targets[i] == -1 || pieces[0].targets[i] == pieces[0].ids[i + 1]) << i;
  EXPECT_EQ(windows.counts().answer_tokens, std::ranges::count_if(pieces[0].targets, [](auto t) { return t >= 0; }));
}

TEST_F(DialogueWindowsTest, AnEpochHoldsEachDialogueOnceAndWhole) {
  const auto dataset = sample();
  DialogueWindows windows(dataset, tokenizer(), 128);
  const auto& counts = windows.counts();
  EXPECT_GT(counts.dialogues, 100);
  EXPECT_GT(counts.without_answers, 40) << "plain documents";
  EXPECT_EQ(counts.dialogues + counts.without_answers + counts.answers_beyond, dataset.num_documents());

  std::vector<Piece> expected;
  small_corpus().corpus.for_each_document(corpus::Split::kTrain, [&](corpus::Document&& document) {
    if (document.messages.empty()) return true;
    const auto ids = tokenizer::encode_chat(tokenizer(), document.messages, false);
    // Without the newline behind the last answer, and without its end marker, which is the last target alone.
    const auto length = std::min<size_t>(ids.size() - 2, 128);
    expected.push_back({{ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(length)}, {}});
    return true;
  });
  std::sort(expected.begin(), expected.end());
  for (const uint64_t seed : {0, 1, 2}) {
    windows.shuffle(seed);
    auto pieces = all_pieces(windows);
    std::sort(pieces.begin(), pieces.end());
    ASSERT_EQ(pieces.size(), expected.size() - static_cast<size_t>(counts.answers_beyond));
    if (counts.answers_beyond > 0) continue;
    for (size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(pieces[i].ids, expected[i].ids);
  }
}

TEST_F(DialogueWindowsTest, PackingTakesHardlyMoreWindowsThanTheTokensFill) {
  const auto dataset = sample();
  for (const int64_t seq_len : {128, 256, 512}) {
    const DialogueWindows windows(dataset, tokenizer(), seq_len);
    const auto fewest = static_cast<double>((windows.counts().tokens + seq_len - 1) / seq_len);
    EXPECT_LE(static_cast<double>(windows.num_windows()), 1.05 * fewest) << seq_len;
  }
}

TEST_F(DialogueWindowsTest, DialoguesLongerThanAWindowAreCutAtItsEndAndCounted) {
  std::string long_text = "길고";
  for (int i = 0; i < 60; ++i) long_text += " 긴 이야기";
  const auto dataset = dataset_of({{{"user", "들려줘"}, {"assistant", long_text}},
                                   {{"user", long_text}, {"assistant", "네."}},
                                   {{"user", "들려줘"}, {"assistant", "싫어."}},
                                   {{"user", "답이 없다"}},
                                   {}});
  const DialogueWindows windows(dataset, tokenizer(), 64);
  const auto& counts = windows.counts();
  EXPECT_EQ(counts.dialogues, 2);
  EXPECT_EQ(counts.cut, 1);
  EXPECT_EQ(counts.answers_beyond, 1);
  EXPECT_EQ(counts.without_answers, 2);
  const auto pieces = all_pieces(windows);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].ids.size(), 64U);
  EXPECT_GE(pieces[0].targets.back(), 0) << "the token behind the window is the last one's target";
  EXPECT_TRUE(long_text.starts_with(text_of(pieces[0].targets)));
}

TEST_F(DialogueWindowsTest, ABatchIsAPureFunctionOfItsNumber) {
  const auto dataset = sample();
  DialogueLoader in_order(DialogueWindows(dataset, tokenizer(), 128), 4, 7);
  DialogueLoader anew(DialogueWindows(dataset, tokenizer(), 128), 4, 7);
  std::vector<Batch> batches;
  const int64_t num_batches = DialogueWindows(dataset, tokenizer(), 128).num_windows();  // four epochs
  for (int64_t i = 0; i < num_batches; ++i) batches.push_back(in_order.batch(i));
  for (int64_t i = num_batches - 1; i >= 0; --i) {
    const Batch batch = anew.batch(i);
    EXPECT_TRUE(at::equal(batch.ids, batches[static_cast<size_t>(i)].ids)) << i;
    EXPECT_TRUE(at::equal(batch.targets, batches[static_cast<size_t>(i)].targets)) << i;
    EXPECT_TRUE(at::equal(batch.text_starts, batches[static_cast<size_t>(i)].text_starts)) << i;
  }
  EXPECT_DOUBLE_EQ(anew.epoch_at(num_batches), 4);
}

TEST_F(DialogueWindowsTest, TheRanksBatchesOfANumberAreTheRowsOfOneLargeBatch) {
  const auto dataset = sample();
  DialogueLoader whole(DialogueWindows(dataset, tokenizer(), 128), 6, 7);
  for (int64_t rank = 0; rank < 3; ++rank) {
    DialogueLoader loader(DialogueWindows(dataset, tokenizer(), 128), 2, 7, rank, 3);
    for (const int64_t number : {0, 1, 5}) {
      const Batch all = whole.batch(number), own = loader.batch(number);
      EXPECT_TRUE(at::equal(own.ids, all.ids.narrow(0, 2 * rank, 2)));
      EXPECT_TRUE(at::equal(own.targets, all.targets.narrow(0, 2 * rank, 2)));
      EXPECT_TRUE(at::equal(own.text_starts, all.text_starts.narrow(0, 2 * rank, 2)));
    }
    EXPECT_DOUBLE_EQ(loader.epoch_at(4), whole.epoch_at(4));
  }
}

TEST_F(DialogueWindowsTest, EpochsAndSeedsDifferInOrder) {
  const auto dataset = sample();
  DialogueLoader loader(DialogueWindows(dataset, tokenizer(), 128), 1, 7);
  DialogueLoader other_seed(DialogueWindows(dataset, tokenizer(), 128), 1, 8);
  const int64_t num_windows = DialogueWindows(dataset, tokenizer(), 128).num_windows();
  const auto epoch = [&](DialogueLoader& from, int64_t number) {
    std::vector<at::Tensor> rows;
    for (int64_t i = 0; i < num_windows; ++i) rows.push_back(from.batch(number * num_windows + i).ids);
    return at::cat(rows);
  };
  EXPECT_FALSE(at::equal(epoch(loader, 0), epoch(loader, 1)));
  EXPECT_FALSE(at::equal(epoch(loader, 0), epoch(other_seed, 0)));
}

TEST_F(DialogueWindowsTest, RefusesDataWithoutAnAnswer) {
  const auto dataset = dataset_of({{}, {{"user", "안녕?"}}});
  EXPECT_EQ(
      test::error_message([&] { DialogueLoader(DialogueWindows(dataset, tokenizer(), 64), 1, 7); }),
      "token dataset: holds no answer to train on; give ktlm prepare dialogues, as lines of JSON with \"messages\", "
      "\"conversations\", or \"instruction\" and \"output\", and see that an answer begins within "
      "model.max_seq_len tokens");
}

}  // namespace
}  // namespace ktlm::data
