// A prepared corpus and a tokenizer trained on it, small enough to be made anew by each test program: the dialogues of
// the sample, and documents put together from a few words.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/random.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "temporary_directory.h"

namespace ktlm::test {

inline std::string random_words(int count, Random& random) {
  static const std::vector<std::string> words = {"강물이", "흐르고", "산이",     "높다",     "시장에서", "사람들은",
                                                 "봄이",   "오면",   "서울에",   "모여",     "바다를",   "바라본다",
                                                 "눈이",   "내리는", "겨울에도", "학교까지", "걸어서",   "갔으며",
                                                 "2024년", "Linux",  "커널은"};
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : " ") + words[random.below(words.size())];
  return text;
}

/// JSON lines, each a document of some 300 bytes; no two are alike.
inline std::string made_up_documents(int count, uint64_t seed) {
  Random random(seed);
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const std::string text =
        "이야기 " + std::to_string(seed) + "-" + std::to_string(i) + ": " + random_words(30, random);
    lines += to_json_line(Json{{"text", text + "."}}) + "\n";
  }
  return lines;
}

/// Prepares `documents` (JSON lines), a tenth of them for validation.
inline corpus::PreparedCorpus prepare_documents(const std::string& documents, const std::filesystem::path& directory) {
  TemporaryDirectory input;
  write_file_atomically(input / "documents.jsonl", documents);
  corpus::PrepareConfig config;
  config.val_fraction = 0.1;
  config.near_duplicates = false;  // of so few words, documents are alike
  config.quality = "off";
  corpus::prepare({(input / "documents.jsonl").string()}, directory, config, StopFlag(), {}, {});
  return corpus::PreparedCorpus::open(directory);
}

struct SmallCorpus {
  TemporaryDirectory directory;
  corpus::PreparedCorpus corpus;
  tokenizer::Tokenizer tokenizer;

  /// Of `num_documents` made-up documents and the sample's 150 dialogues.
  explicit SmallCorpus(int num_documents)
      : corpus(prepare_documents(made_up_documents(num_documents, 1) +
                                     read_file(std::string(KTLM_TEST_DATA_DIR) + "/sample/dialogues.jsonl"),
                                 directory / "prepared")),
        tokenizer(trained_tokenizer(corpus, directory / "tokenizer")) {}

 private:
  static tokenizer::Tokenizer trained_tokenizer(const corpus::PreparedCorpus& corpus,
                                                const std::filesystem::path& path) {
    tokenizer::TokenizerTrainConfig config;
    config.vocab_size = 800;
    tokenizer::train_tokenizer(tokenizer::training_texts(corpus, config), path, config, {}, StopFlag());
    return tokenizer::Tokenizer::load(path);
  }
};

}  // namespace ktlm::test
