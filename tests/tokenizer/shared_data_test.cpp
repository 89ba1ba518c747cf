// The round trip over real text: what decoding gives back is the normalised text, to the byte, for every kind of text
// at hand. A tokenizer of 700 pieces makes bytes of much of it. In ctest a part of the large files; KTLM_ALL_TEXTS=1
// takes everything (300 MB, under a minute).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "ktlm/core/files.h"
#include "ktlm/corpus/jsonl_texts.h"
#include "ktlm/text/normalize.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

namespace fs = std::filesystem;

const fs::path kSharedData = KTLM_SHARED_DATA_DIR;

bool takes_all() { return std::getenv("KTLM_ALL_TEXTS") != nullptr; }

// Without printing texts of megabytes where they differ.
void expect_round_trip(const Tokenizer& tokenizer, const std::string& text, const std::string& where) {
  const std::string normal = text::normalize(text), back = tokenizer.decode(tokenizer.encode(text));
  if (back == normal) return;
  const auto at = std::ranges::mismatch(back, normal).in2 - normal.begin();
  ADD_FAILURE() << where << " differs at byte " << at << " of the normalised text: ..."
                << normal.substr(static_cast<size_t>(std::max<int64_t>(0, at - 20)), 60) << "...";
}

class SharedData : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kSharedData)) GTEST_SKIP() << kSharedData << " is not here";
  }
  const Tokenizer tokenizer_ = Tokenizer::load(kTokenizerData / "trained");
};

TEST_F(SharedData, FilesComeBackAsTheyAreNormalised) {
  int64_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kSharedData)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".zst") continue;
    if (!takes_all() && entry.file_size() > 500'000) continue;
    expect_round_trip(tokenizer_, read_file(entry.path()), entry.path().string());
    ++files;
  }
  EXPECT_GT(files, 100);
}

TEST_F(SharedData, TextsOfTheCorpusComeBack) {
  const size_t step = takes_all() ? 1 : 50;
  for (const auto& entry : fs::directory_iterator(kSharedData / "corpus")) {
    if (entry.path().extension() != ".zst" || (!takes_all() && entry.file_size() > 3'000'000)) continue;
    const std::vector<std::string> texts = corpus::read_jsonl_texts(entry.path().string());
    EXPECT_FALSE(texts.empty()) << entry.path();
    for (size_t i = 0; i < texts.size(); i += step)
      expect_round_trip(tokenizer_, texts[i], entry.path().string() + ", text " + std::to_string(i));
  }
}

}  // namespace
}  // namespace ktlm::tokenizer
