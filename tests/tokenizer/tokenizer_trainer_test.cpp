#include "ktlm/tokenizer/tokenizer_trainer.h"

#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <csignal>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "temporary_directory.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

namespace fs = std::filesystem;
using test::error_message;

void train(const std::vector<std::string>& lines, const fs::path& directory, int64_t vocab_size,
           const StopFlag& stop = {}) {
  train_tokenizer(texts_from(lines), directory, config_with(vocab_size), {}, stop);
}

TEST(TokenizerTrainer, WritesEveryFile) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "tokenizer", 800);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "tokenizer"))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"analysis.html", "analysis.json", "special_tokens_map.json",
                                             "tokenizer.json", "tokenizer.model", "tokenizer_config.json"}));
}

TEST(TokenizerTrainer, SameTextInAnyOrderGivesTheSameBytes) {
  test::TemporaryDirectory folder;
  auto lines = training_lines();
  train(lines, folder / "a", 800);
  std::ranges::reverse(lines);
  train(lines, folder / "b", 800);
  for (const char* name : {"tokenizer.model", "tokenizer.json", "tokenizer_config.json"})
    EXPECT_EQ(read_file(folder / "a" / name), read_file(folder / "b" / name)) << name;
}

// The trainer's own BPE against SentencePiece's: where frequencies tie they may choose differently, but the vocabulary
// is nearly the same and serves as well.
TEST(TokenizerTrainer, IsAsGoodAsSentencePiecesOwnTrainer) {
  test::TemporaryDirectory folder;
  const Tokenizer ours = trained_tokenizer(folder / "tokenizer", 700);
  const auto status =
      sentencepiece::SentencePieceTrainer::Train({{"input", (kTokenizerData / "text.txt").string()},
                                                  {"model_prefix", (folder / "theirs").string()},
                                                  {"model_type", "bpe"},
                                                  {"vocab_size", "700"},
                                                  {"character_coverage", "0.9995"},
                                                  {"byte_fallback", "true"},
                                                  {"split_digits", "true"},
                                                  {"normalization_rule_name", "identity"},
                                                  {"remove_extra_whitespaces", "false"},
                                                  {"add_dummy_prefix", "false"},
                                                  {"pad_id", "3"},
                                                  {"minloglevel", "2"},
                                                  {"control_symbols", "a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11"}});
  ASSERT_TRUE(status.ok()) << status.ToString();
  sentencepiece::SentencePieceProcessor theirs;
  ASSERT_TRUE(theirs.Load((folder / "theirs.model").string()).ok());
  size_t our_tokens = 0, their_tokens = 0;
  int shared = 0;
  for (TokenId id = 272; id < 700; ++id) shared += theirs.PieceToId(ours.piece(id)) != theirs.unk_id() ? 1 : 0;
  for (const std::string& line : training_lines()) {
    our_tokens += ours.encode(line).size();
    std::vector<int> ids;
    ASSERT_TRUE(theirs.Encode(line, &ids).ok());
    their_tokens += ids.size();
  }
  EXPECT_GE(shared, 428 * 85 / 100);
  EXPECT_LE(static_cast<double>(our_tokens), 1.01 * static_cast<double>(their_tokens));
}

TEST(TokenizerTrainer, SeveralSizesAreTheVeryBytesOfTrainingEachAlone) {
  test::TemporaryDirectory folder;
  const std::vector<int64_t> sizes = {800, 650, 700};
  std::vector<VocabularyTarget> targets;
  for (const int64_t size : sizes) targets.push_back({size, folder / std::to_string(size)});
  const auto trained = train_tokenizers(texts_from(training_lines()), targets, config_with(16'000), {}, {}, StopFlag());
  ASSERT_TRUE(trained);
  ASSERT_EQ(trained->trained.size(), sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    const fs::path together = targets[i].out_dir, alone = folder / ("alone-" + std::to_string(sizes[i]));
    EXPECT_EQ(trained->trained[i].out_dir, together);
    EXPECT_EQ(trained->trained[i].analysis.vocab_size, sizes[i]);
    train(training_lines(), alone, sizes[i]);
    for (const char* name :
         {"tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "analysis.json"})
      EXPECT_EQ(read_file(together / name), read_file(alone / name)) << sizes[i] << " " << name;
  }
}

TEST(TokenizerTrainer, SeveralSizesAreMeasuredInOnePass) {
  test::TemporaryDirectory folder;
  TrainingTexts texts = texts_from(training_lines());
  int passes = 0;
  texts.measure = [&passes, source = texts.measure](const auto& visit) {
    ++passes;
    source(visit);
  };
  const std::vector<VocabularyTarget> targets = {{650, folder / "650"}, {700, folder / "700"}, {800, folder / "800"}};
  ASSERT_TRUE(train_tokenizers(texts, targets, config_with(16'000), {}, {}, StopFlag()));
  EXPECT_EQ(passes, 1);
}

TEST(TokenizerTrainer, AnOptionalSizeThatTheTextDoesNotFillIsLeftOut) {
  test::TemporaryDirectory folder;
  const std::vector<VocabularyTarget> targets = {
      {300, folder / "300", true}, {700, folder / "700", true}, {64'000, folder / "64000", true}};
  const auto trained = train_tokenizers(texts_from(training_lines()), targets, config_with(16'000), {}, {}, StopFlag());
  ASSERT_TRUE(trained);
  ASSERT_EQ(trained->trained.size(), 1U);
  EXPECT_EQ(trained->trained.front().out_dir, folder / "700");
  EXPECT_EQ(trained->unfilled.sizes, (std::vector<int64_t>{300, 64'000}));
  const auto trains = [&](int64_t size) {
    return error_message([&] { train(training_lines(), folder / "edge", size); }) == "(nothing thrown)";
  };
  EXPECT_TRUE(trains(trained->unfilled.smallest));
  EXPECT_FALSE(trains(trained->unfilled.smallest - 1));
  EXPECT_TRUE(trains(trained->unfilled.largest));
  EXPECT_FALSE(trains(trained->unfilled.largest + 1));
  EXPECT_FALSE(fs::exists(folder / "300"));
  EXPECT_FALSE(fs::exists(folder / "64000"));
  const std::string message = error_message([&] {
    train_tokenizers(texts_from(training_lines()), {{64'000, folder / "a", true}}, config_with(16'000), {}, {},
                     StopFlag());
  });
  EXPECT_EQ(message.substr(0, 38), "data/prepared: the text gives at most ") << message;
}

TEST(TokenizerTrainer, ACopyIsTheSameTokenizer) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "700", 700);
  train(training_lines(), folder / "tokenizer", 800);
  copy_tokenizer(folder / "700", folder / "tokenizer");
  EXPECT_EQ(Tokenizer::load(folder / "tokenizer").hash(), Tokenizer::load(folder / "700").hash());
  for (const auto& entry : fs::directory_iterator(folder / "700"))
    EXPECT_EQ(read_file(folder / "tokenizer" / entry.path().filename()), read_file(entry.path())) << entry.path();
}

TEST(TokenizerTrainer, ACopyNeverReplacesAFolderOfOtherThings) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "700", 700);
  write_file_atomically(folder / "mine" / "novel.txt", "a year's work");
  EXPECT_EQ(error_message([&] { copy_tokenizer(folder / "700", folder / "mine"); }),
            (folder / "mine").string() +
                ": holds something else than a tokenizer (novel.txt) and is left as it is; remove it or choose another "
                "--out");
  EXPECT_EQ(read_file(folder / "mine" / "novel.txt"), "a year's work");
}

// The vocabulary alone keeps them apart: SentencePiece, which knows nothing of it, gives the same ids.
TEST(TokenizerTrainer, SplitParticlesAreTokensOfTheirOwn) {
  test::TemporaryDirectory folder;
  std::vector<std::string> lines = training_lines();
  for (int i = 0; i < 50; ++i) lines.push_back("도서관에서는 책을 빌리고 박물관에서는 그림을 본다");
  TokenizerTrainConfig config = config_with(700);
  const auto pieces_of_train = [&](const char* name) {
    train_tokenizer(texts_from(lines), folder / name, config, {}, StopFlag());
    const Tokenizer tokenizer = Tokenizer::load(folder / name);
    sentencepiece::SentencePieceProcessor theirs;
    EXPECT_TRUE(theirs.Load((folder / name / "tokenizer.model").string()).ok());
    for (const std::string& line : lines) {
      std::vector<int> ids;
      EXPECT_TRUE(theirs.Encode(line, &ids).ok());
      EXPECT_EQ(tokenizer.encode(line), ids);
    }
    std::vector<std::string> pieces;
    for (const TokenId id : tokenizer.encode("도서관에서는 책을")) pieces.push_back(tokenizer.piece(id));
    return pieces;
  };
  EXPECT_EQ(pieces_of_train("joined"), (std::vector<std::string>{"도서관에서는", "▁책을"}));
  config.split_particles = true;
  EXPECT_EQ(pieces_of_train("split"), (std::vector<std::string>{"도서관", "에서", "는", "▁책", "을"}));
}

TEST(TokenizerTrainer, ReplacesAnOlderTokenizer) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "tokenizer", 700);
  write_file_atomically(folder / "tokenizer" / ".DS_Store", "macOS was here");
  train(training_lines(), folder / "tokenizer", 800);
  EXPECT_EQ(Tokenizer::load(folder / "tokenizer").vocab_size(), 800);
}

TEST(TokenizerTrainer, NeverReplacesAFolderOfOtherThings) {
  test::TemporaryDirectory folder;
  write_file_atomically(folder / "mine" / "novel.txt", "a year's work");
  EXPECT_EQ(error_message([&] { train(training_lines(), folder / "mine", 800); }),
            (folder / "mine").string() +
                ": holds something else than a tokenizer (novel.txt) and is left as it is; remove it or choose another "
                "--out");
  EXPECT_EQ(read_file(folder / "mine" / "novel.txt"), "a year's work");
  EXPECT_EQ(error_message([&] { train(training_lines(), folder / "mine" / "novel.txt", 800); }),
            (folder / "mine" / "novel.txt").string() + ": is a file, expected a folder; choose another --out");
}

TEST(TokenizerTrainer, NeverReplacesAModelForTheTokenizerInIt) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "model", 700);
  write_file_atomically(folder / "model" / "model.safetensors", "a week's training");
  EXPECT_EQ(error_message([&] { train(training_lines(), folder / "model", 800); }),
            (folder / "model").string() +
                ": holds something else than a tokenizer (model.safetensors) and is left as it is; remove it or choose "
                "another --out");
  EXPECT_EQ(read_file(folder / "model" / "model.safetensors"), "a week's training");
}

TEST(TokenizerTrainer, StopLeavesTheOldTokenizer) {
  test::TemporaryDirectory folder;
  train(training_lines(), folder / "tokenizer", 700);
  const std::string before = read_file(folder / "tokenizer" / "tokenizer.model");
  for (const std::string stage : {"counting", "merging", "measuring"}) {
    StopFlag stop;
    const auto stop_there = [&](const Progress& progress) {
      if (progress.stage == stage) stop.request(SIGINT);
    };
    EXPECT_FALSE(
        train_tokenizer(texts_from(training_lines()), folder / "tokenizer", config_with(800), stop_there, stop));
    EXPECT_TRUE(stop.requested()) << stage;
    EXPECT_EQ(read_file(folder / "tokenizer" / "tokenizer.model"), before);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // no temporary folder is left
}

TEST(TokenizerTrainer, TooLargeAVocabularyIsAnsweredByTheLargest) {
  test::TemporaryDirectory folder;
  const std::string message = error_message([&] { train(training_lines(), folder / "tokenizer", 30'000); });
  const std::string start = "data/prepared: the text gives at most ";
  ASSERT_EQ(message.substr(0, start.size()), start) << message;
  const std::string largest = std::to_string(std::stoi(message.substr(start.size())));
  EXPECT_EQ(message,
            start + largest + " pieces, vocab_size is 30000; pass --vocab-size " + largest + " or prepare more text");
  EXPECT_FALSE(fs::exists(folder / "tokenizer"));
  train(training_lines(), folder / "tokenizer", std::stoi(largest));
  EXPECT_EQ(Tokenizer::load(folder / "tokenizer").vocab_size(), std::stoi(largest));
}

TEST(TokenizerTrainer, TooSmallAVocabularyIsAnsweredByTheSmallest) {
  test::TemporaryDirectory folder;
  const std::string message = error_message([&] { train(training_lines(), folder / "tokenizer", 300); });
  const std::string start = "data/prepared: special tokens, bytes and the text's characters need ";
  ASSERT_EQ(message.substr(0, start.size()), start) << message;
  const std::string smallest = std::to_string(std::stoi(message.substr(start.size())));
  EXPECT_EQ(message, start + smallest + " pieces, vocab_size is 300; pass --vocab-size " + smallest + " or more");
  train(training_lines(), folder / "tokenizer", std::stoi(smallest));
  EXPECT_EQ(Tokenizer::load(folder / "tokenizer").vocab_size(), std::stoi(smallest));
}

TEST(TokenizerTrainer, EmptyCorpusIsAnError) {
  test::TemporaryDirectory folder;
  for (const auto& lines : {std::vector<std::string>{}, std::vector<std::string>{"", "\n\n"}})
    EXPECT_EQ(error_message([&] { train(lines, folder / "tokenizer", 800); }),
              "data/prepared: no text to train a tokenizer on; give ktlm prepare more input");
}

}  // namespace
}  // namespace ktlm::tokenizer
