// The text that the tokenizer's tests train on (tests/data/tokenizer/text.txt, written for this project), and a
// tokenizer trained on it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"

namespace ktlm::tokenizer {

inline const std::filesystem::path kTokenizerData = std::filesystem::path(KTLM_TEST_DATA_DIR) / "tokenizer";

inline std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  const std::string content = read_file(path);
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    lines.push_back(content.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

inline std::vector<std::string> training_lines() { return lines_of(kTokenizerData / "text.txt"); }

inline TrainingTexts texts_from(std::vector<std::string> lines) {
  const TextSource source = [lines = std::move(lines)](const auto& visit) {
    for (const std::string& line : lines)
      if (!visit(line)) return;
  };
  return {.name = "data/prepared", .train = source, .train_bytes = 0, .measure = source, .measured_on = "train"};
}

inline TokenizerTrainConfig config_with(int64_t vocab_size) {
  TokenizerTrainConfig config;
  config.vocab_size = vocab_size;
  return config;
}

inline Tokenizer trained_tokenizer(const std::filesystem::path& directory, int64_t vocab_size = 800) {
  train_tokenizer(texts_from(training_lines()), directory, config_with(vocab_size), {}, StopFlag());
  return Tokenizer::load(directory);
}

/// Lines that no corpus has: every script, width and control character, runs without spaces, emoji sequences.
std::vector<std::string> odd_lines(int count, uint64_t seed);

}  // namespace ktlm::tokenizer
