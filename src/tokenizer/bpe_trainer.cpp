#include "bpe_trainer.h"

#include <algorithm>
#include <map>
#include <queue>
#include <span>
#include <unordered_map>
#include <utility>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"
#include "pieces.h"

namespace ktlm::tokenizer {
namespace {

using Symbol = uint32_t;

constexpr int64_t kMinPairCount = 2;  // a piece seen once says nothing about the language

struct PairHash {
  size_t operator()(uint64_t pair) const { return static_cast<size_t>(mix64(pair)); }
};
uint64_t pair_of(Symbol left, Symbol right) { return (uint64_t{left} << 32) | right; }

class Merger {
 public:
  Merger(const std::vector<SegmentCounts::Segment>& segments, const std::vector<std::string>& characters);

  /// Merges the most frequent pair everywhere. False where no pair occurs kMinPairCount times.
  bool merge_once();

  std::vector<std::string> take_merged() { return std::move(merged_); }
  int64_t num_merged() const { return static_cast<int64_t>(merged_.size()); }

 private:
  // A run of covered characters, as a span of symbols_; merging shortens it in place.
  struct Word {
    size_t begin;
    uint32_t length;
    int64_t count;
  };
  struct PairInfo {
    int64_t count = 0;
    int64_t queued = 0;           // the count that stands in the queue; 0: none
    std::vector<uint32_t> words;  // where it occurs, or has occurred
  };
  struct Candidate {
    int64_t count;
    uint64_t pair;
    // Ties go to the pair of older symbols: characters by frequency, then merges in their order.
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.count != b.count ? a.count < b.count : a.pair > b.pair;
    }
  };

  void add_word(const std::vector<Symbol>& symbols, int64_t count);
  void count_pairs(uint32_t word_index, int64_t sign);
  void replace_in(Word& word, Symbol left, Symbol right, Symbol merged);
  void queue_grown();
  std::span<Symbol> symbols_of(const Word& word) { return std::span(symbols_).subspan(word.begin, word.length); }

  std::vector<std::string> texts_;  // of each symbol
  std::vector<int> lengths_;        // in characters
  std::unordered_map<std::string, Symbol> symbol_of_text_;
  std::vector<Symbol> symbols_;
  std::vector<Word> words_;
  std::unordered_map<uint64_t, PairInfo, PairHash> pairs_;
  std::vector<uint64_t> grown_;  // pairs that have been counted up since they were queued
  std::priority_queue<Candidate> queue_;
  std::vector<std::string> merged_;
};

Merger::Merger(const std::vector<SegmentCounts::Segment>& segments, const std::vector<std::string>& characters) {
  for (const std::string& character : characters) {
    symbol_of_text_.emplace(character, static_cast<Symbol>(texts_.size()));
    texts_.push_back(character);
    lengths_.push_back(1);
  }
  std::unordered_map<char32_t, Symbol> symbol_of_character;
  for (const auto& [text, symbol] : symbol_of_text_) {
    size_t position = 0;
    symbol_of_character.emplace(text::decode_utf8(text, position), symbol);
  }
  std::vector<Symbol> run;
  for (const auto& segment : segments) {
    run.clear();
    for (size_t position = 0; position < segment.text.size();) {
      const auto found = symbol_of_character.find(text::decode_utf8(segment.text, position));
      if (found != symbol_of_character.end()) {
        run.push_back(found->second);
      } else {  // an uncovered character becomes bytes, which never merge
        add_word(run, segment.count);
        run.clear();
      }
    }
    add_word(run, segment.count);
  }
  queue_grown();
}

void Merger::add_word(const std::vector<Symbol>& symbols, int64_t count) {
  if (symbols.size() < 2) return;
  words_.push_back({symbols_.size(), static_cast<uint32_t>(symbols.size()), count});
  symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
  count_pairs(static_cast<uint32_t>(words_.size() - 1), +1);
}

void Merger::count_pairs(uint32_t word_index, int64_t sign) {
  const Word& word = words_[word_index];
  const auto symbols = symbols_of(word);
  for (size_t i = 0; i + 1 < symbols.size(); ++i) {
    if (lengths_[symbols[i]] + lengths_[symbols[i + 1]] > kMaxPieceCharacters) continue;
    const uint64_t pair = pair_of(symbols[i], symbols[i + 1]);
    PairInfo& info = pairs_[pair];
    info.count += sign * word.count;
    if (sign < 0) continue;
    if (info.words.empty() || info.words.back() != word_index) info.words.push_back(word_index);
    if (info.count > info.queued) grown_.push_back(pair);
  }
}

void Merger::queue_grown() {
  for (const uint64_t pair : grown_) {
    const auto found = pairs_.find(pair);
    if (found == pairs_.end()) continue;
    PairInfo& info = found->second;
    if (info.count <= info.queued || info.count < kMinPairCount) continue;
    info.queued = info.count;
    queue_.push({info.count, pair});
  }
  grown_.clear();
}

void Merger::replace_in(Word& word, Symbol left, Symbol right, Symbol merged) {
  const auto symbols = symbols_of(word);
  uint32_t out = 0;
  for (size_t i = 0; i < symbols.size(); ++i, ++out) {
    const bool is_pair = i + 1 < symbols.size() && symbols[i] == left && symbols[i + 1] == right;
    symbols[out] = is_pair ? merged : symbols[i];
    if (is_pair) ++i;
  }
  word.length = out;
}

bool Merger::merge_once() {
  while (!queue_.empty()) {
    const Candidate best = queue_.top();
    queue_.pop();
    const auto found = pairs_.find(best.pair);
    if (found == pairs_.end() || best.count != found->second.queued) continue;  // a newer entry stands in the queue
    if (found->second.count < best.count) {                                     // it has shrunk since it was queued
      found->second.queued = found->second.count >= kMinPairCount ? found->second.count : 0;
      if (found->second.queued > 0) queue_.push({found->second.count, best.pair});
      continue;
    }
    const auto left = static_cast<Symbol>(best.pair >> 32), right = static_cast<Symbol>(best.pair);
    const std::string text = texts_[left] + texts_[right];
    // Two pairs may give the same text (ab|c, a|bc). The encoder merges both, so training does too.
    const auto [place, is_new] = symbol_of_text_.emplace(text, static_cast<Symbol>(texts_.size()));
    const Symbol merged = place->second;
    if (is_new) {
      texts_.push_back(text);
      lengths_.push_back(lengths_[left] + lengths_[right]);
      merged_.push_back(text);
    }
    const std::vector<uint32_t> words = std::move(found->second.words);
    for (const uint32_t index : words) {
      const auto symbols = symbols_of(words_[index]);
      bool occurs = false;
      for (size_t i = 0; i + 1 < symbols.size() && !occurs; ++i) occurs = symbols[i] == left && symbols[i + 1] == right;
      if (!occurs) continue;
      count_pairs(index, -1);
      replace_in(words_[index], left, right, merged);
      count_pairs(index, +1);
    }
    pairs_.erase(best.pair);
    queue_grown();
    if (is_new) return true;
  }
  return false;
}

std::vector<std::string> covered_characters(const std::vector<SegmentCounts::Segment>& segments, double coverage) {
  std::map<char32_t, int64_t> counts;
  int64_t total = 0;
  for (const auto& segment : segments) {
    for (size_t position = 0; position < segment.text.size();) {
      counts[text::decode_utf8(segment.text, position)] += segment.count;
      total += segment.count;
    }
  }
  std::vector<std::pair<char32_t, int64_t>> by_count(counts.begin(), counts.end());
  std::ranges::stable_sort(by_count, std::greater(), &std::pair<char32_t, int64_t>::second);
  std::vector<std::string> characters;
  int64_t covered = 0;
  for (const auto& [character, count] : by_count) {
    if (static_cast<double>(covered) >= coverage * static_cast<double>(total)) break;
    covered += count;
    text::append_utf8(characters.emplace_back(), character);
  }
  // A space must have its piece: without one, encoders differ in what they make of it.
  if (std::ranges::find(characters, kSpaceMarkUtf8) == characters.end()) characters.emplace_back(kSpaceMarkUtf8);
  return characters;
}

}  // namespace

BpeVocabulary train_bpe(const std::vector<SegmentCounts::Segment>& segments, int64_t size, double character_coverage,
                        const std::function<bool(int64_t)>& keep_going) {
  BpeVocabulary vocabulary;
  vocabulary.characters = covered_characters(segments, character_coverage);
  const int64_t num_merges = size - static_cast<int64_t>(vocabulary.characters.size());
  if (num_merges <= 0) return vocabulary;
  Merger merger(segments, vocabulary.characters);
  while (merger.num_merged() < num_merges && !vocabulary.exhausted) {
    if (merger.num_merged() % 64 == 0 && !keep_going(merger.num_merged())) break;
    vocabulary.exhausted = !merger.merge_once();
  }
  vocabulary.merged = merger.take_merged();
  return vocabulary;
}

}  // namespace ktlm::tokenizer
