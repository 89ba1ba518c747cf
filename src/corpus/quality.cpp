// Two passes, over the word units and over the lines, measure the text; then the cheap filters come first and those
// that need tables of n-grams last.
#include "quality.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <unordered_set>
#include <vector>

#include "ktlm/core/hash.h"
#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/word_units.h"
#include "repetition.h"
#include "words.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kMaxJudgedBytes = size_t{4} << 20;
constexpr size_t kMaxKeptBuckets = 10'000;
constexpr size_t kMinJudgedWords = 50;  // GopherQualityFilter's min_doc_words, which FineWeb-2 keeps

// kor_Hang.yml's stop words.
constexpr auto kStopWords =
    std::to_array<std::string_view>({"의", "다", "이", "는", "에", "을",   "한", "년",   "하", "은", "를",
                                     "했", "고", "가", "있", "인", "에서", "월", "으로", "로", "되"});

// IT기업, K팝.
size_t hangul_behind_latin(std::string_view unit) {
  if ((unit.front() & 0x80) != 0 || (unit.back() & 0x80) == 0) return 0;
  return static_cast<size_t>(std::ranges::count_if(unit, [](char c) { return (c & 0xF0) == 0xE0; }));
}

struct WordMeasures {
  size_t units = 0;
  size_t words = 0, word_chars = 0;  // units that are no mark
  size_t letter_words = 0;
  size_t hangul_chars = 0, letter_chars = 0;  // a unit counts for the script it begins with
  size_t hashes = 0, ellipses = 0;
  int64_t stop_words = 0;  // different ones
};

WordMeasures measure_words(std::string_view text, int64_t min_stop_words, std::vector<std::string_view>& units,
                           WordSums& sums, std::vector<uint64_t>& word_hashes) {
  units.clear();
  text::split_word_units(text, units);
  sums.start(units.size());
  WordMeasures measures{.units = units.size()};
  const char* const text_end = text.data() + text.size();
  uint32_t seen_stop_words = 0;
  for (const std::string_view unit : units) {
    const auto [hash, chars] = hash_unit(unit, text_end);
    sums.add(hash, chars);
    const UnitKind kind = kind_of(unit);
    if (kind == UnitKind::kMark) {  // one, or a run of it
      if (unit.front() == '#') measures.hashes += unit.size();
      if (unit.front() == '.') measures.ellipses += unit.size() / 3;
      if (unit.starts_with("…")) measures.ellipses += chars;
      continue;
    }
    word_hashes.push_back(hash);
    ++measures.words;
    measures.word_chars += chars;
    if (kind == UnitKind::kDigits) continue;
    ++measures.letter_words;
    measures.letter_chars += chars;
    if (kind != UnitKind::kHangul) {
      measures.hangul_chars += hangul_behind_latin(unit);
      continue;
    }
    measures.hangul_chars += chars;
    if (measures.stop_words < min_stop_words && chars <= 2) {
      const auto found = std::ranges::find(kStopWords, unit);
      if (found != kStopWords.end()) {
        seen_stop_words |= uint32_t{1} << (found - kStopWords.begin());
        measures.stop_words = std::popcount(seen_stop_words);
      }
    }
  }
  return measures;
}

struct LineMeasures {
  size_t lines = 0;
  size_t line_breaks = 0;  // a blank line is part of the break before it: FineWeb-2's extractor leaves none
  size_t ended = 0, bullets = 0, ellipses = 0;
  size_t repeated = 0, repeated_chars = 0;
};

// FineWebQualityFilter asks for a line's last character alone; but a petition's one paragraph may lack its last full
// stop, and a statute's dates of amendment stand behind it. So the end of a sentence within the line counts as well:
// 다.
bool holds_sentence_end(std::string_view line) {
  if (line.ends_with('.') || line.ends_with('?') || line.ends_with('!')) return true;
  for (const std::string_view end : {"。", "！", "？", "｡", "‼", "⁇", "⁈", "⁉", "‽"}) {
    if (line.ends_with(end)) return true;
  }
  for (size_t stop = line.find(". "); stop != std::string_view::npos; stop = line.find(". ", stop + 2)) {
    if (stop > 0 && (line[stop - 1] & 0x80) != 0) return true;  // not 1. 2. and A.
  }
  return false;
}

LineMeasures measure_lines(std::string_view text, std::unordered_set<uint64_t>& seen) {
  LineMeasures measures;
  // clear() takes time for every bucket there ever was: after one huge text, as long for each small one.
  if (seen.bucket_count() > kMaxKeptBuckets) seen = {};
  seen.clear();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    ++measures.lines;
    measures.ended += holds_sentence_end(line);
    const std::string_view trimmed = line.substr(first, line.find_last_not_of(" \t") + 1 - first);
    measures.bullets += trimmed.starts_with('-') || trimmed.starts_with("•");
    measures.ellipses += trimmed.ends_with("...") || trimmed.ends_with("…");
    if (!seen.insert(hash64(line)).second) {
      ++measures.repeated;
      measures.repeated_chars += text::count_code_points(line);
    }
  }
  measures.line_breaks = measures.lines - (measures.lines > 0);
  return measures;
}

double ratio(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

DropReason judge_words(const WordMeasures& measures, const QualityConfig& config) {
  const double word_chars = ratio(measures.word_chars, measures.words);
  if (word_chars < config.min_word_chars || word_chars > config.max_word_chars) return DropReason::kWordLength;
  if (ratio(measures.letter_words, measures.units) < config.min_letter_word_share) return DropReason::kFewLetters;
  if (measures.stop_words < config.min_stop_words) return DropReason::kFewStopWords;
  if (ratio(measures.hashes, measures.units) > config.max_hashes_per_word) return DropReason::kHashes;
  if (ratio(measures.ellipses, measures.units) > config.max_ellipses_per_word) return DropReason::kEllipses;
  return DropReason::kNone;
}

DropReason judge_lines(const LineMeasures& measures, size_t chars, size_t units, const QualityConfig& config) {
  if (ratio(measures.bullets, measures.lines) > config.max_bullet_line_share) return DropReason::kBullets;
  if (ratio(measures.ellipses, measures.lines) > config.max_ellipsis_line_share) return DropReason::kEllipses;
  if (ratio(measures.ended, measures.lines) < config.min_ended_line_share) return DropReason::kUnendedLines;
  if (ratio(measures.line_breaks, units) > config.max_line_breaks_per_word) return DropReason::kManyLines;
  if (ratio(measures.repeated, measures.lines) > config.max_repeated_line_share ||
      ratio(measures.repeated_chars, chars) > config.max_repeated_line_char_share)
    return DropReason::kRepetitiveLines;
  return DropReason::kNone;
}

DropReason judge_ngrams(const WordSums& words, size_t chars, const QualityConfig& config, RepetitionMeter& meter) {
  const auto limit = [chars](double share) { return share * static_cast<double>(chars); };
  if (meter.top_ngram_exceeds(words, {0, 0, limit(config.max_top_2gram_share), limit(config.max_top_3gram_share),
                                      limit(config.max_top_4gram_share)}))
    return DropReason::kTopNgram;
  if (meter.repeated_ngrams_exceed(
          words, {0, 0, 0, 0, 0, limit(config.max_repeated_5gram_share), limit(config.max_repeated_6gram_share),
                  limit(config.max_repeated_7gram_share), limit(config.max_repeated_8gram_share),
                  limit(config.max_repeated_9gram_share), limit(config.max_repeated_10gram_share)}))
    return DropReason::kRepetitiveNgrams;
  return DropReason::kNone;
}

// What one thread keeps from text to text.
struct Scratch {
  std::vector<std::string_view> units;
  std::vector<uint64_t> word_hashes;
  WordSums words;
  RepetitionMeter meter;
  std::unordered_set<uint64_t> lines;
};

std::string_view judged_part(std::string_view text) {
  if (text.size() <= kMaxJudgedBytes) return text;
  const std::string_view part = text.substr(0, kMaxJudgedBytes);
  return part.substr(0, part.size() - text::incomplete_utf8_suffix(part));
}

}  // namespace

DropReason judge_quality(std::string_view whole_text, const QualityConfig& config, TextMeasures* measures) {
  thread_local Scratch scratch;
  const std::string_view text = judged_part(whole_text);
  scratch.word_hashes.clear();
  const WordMeasures words =
      measure_words(text, config.min_stop_words, scratch.units, scratch.words, scratch.word_hashes);
  const double hangul_share = ratio(words.hangul_chars, words.letter_chars);
  if (measures != nullptr) {
    measures->hangul_share = hangul_share;
    if (text.size() == whole_text.size()) measures->word_hashes = scratch.word_hashes;
  }
  if (hangul_share < config.min_hangul_share) return DropReason::kLanguage;
  if (words.words < kMinJudgedWords) return DropReason::kNone;
  if (const DropReason reason = judge_words(words, config); reason != DropReason::kNone) return reason;
  const LineMeasures lines = measure_lines(text, scratch.lines);
  const size_t chars = text::count_code_points(text);
  if (const DropReason reason = judge_lines(lines, chars, words.units, config); reason != DropReason::kNone)
    return reason;
  return judge_ngrams(scratch.words, chars, config, scratch.meter);
}

}  // namespace ktlm::corpus
