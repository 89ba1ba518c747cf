#include "bpe_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "ktlm/core/random.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/utf8.h"
#include "pieces.h"
#include "training_text.h"

namespace ktlm::tokenizer {
namespace {

using Segments = std::vector<SegmentCounts::Segment>;

const auto kAlways = [](int64_t) { return true; };

Segments segments_of(const std::vector<std::string>& lines) {
  SegmentCounts counts;
  for (const std::string& line : lines) counts.add(text::normalize(line));
  return counts.take();
}

std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    text::decode_utf8(text, position);
    characters.push_back(text.substr(start, position - start));
  }
  return characters;
}

// BPE as the paper has it: counts all pairs of all segments anew before each merge. Symbols are numbered in the order
// in which they appear, and ties go to the smaller numbers.
std::vector<std::string> naive_merges(const Segments& segments, const std::vector<std::string>& characters,
                                      size_t num_merges) {
  std::vector<std::string> symbols = characters;
  std::vector<std::pair<std::vector<size_t>, int64_t>> words;
  const auto number_of = [&](const std::string& text) {
    return static_cast<size_t>(std::ranges::find(symbols, text) - symbols.begin());
  };
  for (const auto& segment : segments) {
    std::vector<size_t> word;
    for (const std::string& character : characters_of(segment.text)) word.push_back(number_of(character));
    words.emplace_back(word, segment.count);
  }
  std::vector<std::string> merged;
  while (merged.size() < num_merges) {
    std::map<std::pair<size_t, size_t>, int64_t> counts;
    for (const auto& [word, count] : words)
      for (size_t i = 0; i + 1 < word.size(); ++i) {
        const std::string joined = symbols[word[i]] + symbols[word[i + 1]];
        if (text::count_code_points(joined) <= kMaxPieceCharacters) counts[{word[i], word[i + 1]}] += count;
      }
    const auto best = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
    if (best == counts.end() || best->second < 2) break;
    const auto [left, right] = best->first;
    const std::string joined = symbols[left] + symbols[right];
    if (number_of(joined) == symbols.size()) {
      symbols.push_back(joined);
      merged.push_back(joined);
    }
    for (auto& [word, count] : words) {
      std::vector<size_t> rewritten;
      for (size_t i = 0; i < word.size(); ++i) {
        const bool is_pair = i + 1 < word.size() && word[i] == left && word[i + 1] == right;
        rewritten.push_back(is_pair ? number_of(joined) : word[i]);
        if (is_pair) ++i;
      }
      word = rewritten;
    }
  }
  return merged;
}

TEST(BpeTrainer, EqualsCountingAllPairsAnewOnText) {
  const Segments segments = segments_of(training_lines());
  const BpeVocabulary all = train_bpe(segments, 100'000, 1.0, kAlways);
  EXPECT_TRUE(all.exhausted);
  EXPECT_GT(all.merged.size(), 200U);
  EXPECT_EQ(all.merged, naive_merges(segments, all.characters, 100'000));
}

TEST(BpeTrainer, EqualsCountingAllPairsAnewOnRandomLetters) {
  Random random(5);
  for (int round = 0; round < 40; ++round) {
    // Few letters, so that runs (aaaa), overlaps and several ways to one piece abound.
    std::vector<std::string> words;
    for (int i = 0; i < 30; ++i) {
      std::string word;
      for (uint64_t n = 1 + random.below(24); n > 0; --n) word += static_cast<char>('a' + random.below(2 + round % 3));
      words.push_back(word);
    }
    const Segments segments = segments_of(words);
    const BpeVocabulary all = train_bpe(segments, 10'000, 1.0, kAlways);
    ASSERT_EQ(all.merged, naive_merges(segments, all.characters, 10'000)) << "round " << round;
  }
}

TEST(BpeTrainer, ShorterVocabularyIsAPrefixOfTheLonger) {
  const Segments segments = segments_of(training_lines());
  const BpeVocabulary longer = train_bpe(segments, 500, 1.0, kAlways);
  const BpeVocabulary shorter = train_bpe(segments, 400, 1.0, kAlways);
  ASSERT_EQ(shorter.merged.size() + shorter.characters.size(), 400U);
  EXPECT_TRUE(std::ranges::equal(shorter.merged, std::span(longer.merged).first(shorter.merged.size())));
}

TEST(BpeTrainer, PiecesAreAtMostSixteenCharactersLong) {
  const BpeVocabulary all = train_bpe(segments_of({std::string(200, 'a'), std::string(200, 'a')}), 1000, 1.0, kAlways);
  for (const std::string& piece : all.merged) EXPECT_LE(piece.size(), 16U);
  EXPECT_EQ(std::ranges::max(all.merged, {}, [](const std::string& s) { return s.size(); }).size(), 16U);
}

TEST(BpeTrainer, RareCharactersAreLeftToBytes) {
  std::vector<std::string> lines(100, "가나 가나");
  lines.push_back("뷁");
  const BpeVocabulary most = train_bpe(segments_of(lines), 100, 0.99, kAlways);
  const BpeVocabulary all = train_bpe(segments_of(lines), 100, 1.0, kAlways);
  EXPECT_EQ(std::ranges::count(most.characters, "뷁"), 0);
  EXPECT_EQ(std::ranges::count(all.characters, "뷁"), 1);
}

TEST(BpeTrainer, SpaceHasItsPieceEvenInTextWithoutSpaces) {
  const BpeVocabulary vocabulary = train_bpe(segments_of({"가나다", "가나다"}), 100, 1.0, kAlways);
  EXPECT_EQ(std::ranges::count(vocabulary.characters, "▁"), 1);
}

TEST(BpeTrainer, EndsWhenToldTo) {
  const BpeVocabulary none = train_bpe(segments_of(training_lines()), 1000, 1.0, [](int64_t) { return false; });
  EXPECT_TRUE(none.merged.empty());
  EXPECT_FALSE(none.exhausted);
}

}  // namespace
}  // namespace ktlm::tokenizer
