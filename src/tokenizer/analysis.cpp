#include "ktlm/tokenizer/analysis.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "korean_cuts.h"
#include "ktlm/text/hangul.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/sentence_split.h"
#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {
namespace {

constexpr size_t kNumLongestPieces = 16;

double ratio(int64_t a, int64_t b) { return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b); }

// The script of the first character behind the space.
text::Script script_of_piece(const std::string& bytes) {
  size_t position = bytes.size() > 1 && bytes.front() == ' ' ? 1 : 0;
  return text::script_of(text::decode_utf8(bytes, position));
}

void describe_vocabulary(const Tokenizer& tokenizer, TokenizerAnalysis& analysis) {
  std::map<std::string, int64_t> counts;
  std::vector<std::pair<size_t, std::string>> hangul;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string& bytes = tokenizer.token_bytes(id);
    if (tokenizer.is_control(id)) {
      ++counts["control"];
    } else if (tokenizer.is_byte(id)) {
      ++counts["byte"];
    } else {
      const text::Script script = script_of_piece(bytes);
      ++counts[std::string(text::script_name(script))];
      if (script == text::Script::kHangulSyllable) hangul.emplace_back(text::count_code_points(bytes), bytes);
    }
  }
  analysis.pieces_by_script.assign(counts.begin(), counts.end());
  std::ranges::stable_sort(analysis.pieces_by_script, std::greater(), &std::pair<std::string, int64_t>::second);
  std::ranges::stable_sort(hangul, std::greater(), &std::pair<size_t, std::string>::first);
  for (size_t i = 0; i < std::min(hangul.size(), kNumLongestPieces); ++i)
    analysis.longest_pieces.push_back(hangul[i].second);
}

void describe_training(const Tokenizer& tokenizer, std::span<const int64_t> counts, TokenizerAnalysis& analysis) {
  for (size_t id = 0; id < counts.size(); ++id) {
    const auto token = static_cast<TokenId>(id);
    if (tokenizer.is_control(token) || tokenizer.is_byte(token)) continue;
    ++analysis.learned_pieces;
    if (counts[id] < kRarePieceCount) ++analysis.rare_pieces;
  }
}

// Add-one smoothing (Laplace), for what the training text lacks.
class UnigramModel {
 public:
  explicit UnigramModel(std::span<const int64_t> counts)
      : counts_(counts),
        log_total_(std::log2(static_cast<double>(std::accumulate(counts.begin(), counts.end(), int64_t{0})) +
                             static_cast<double>(counts.size()))) {}
  double bits(TokenId id) const {
    if (counts_.empty()) return 0;
    return log_total_ - std::log2(static_cast<double>(counts_[static_cast<size_t>(id)]) + 1);
  }

 private:
  std::span<const int64_t> counts_;
  double log_total_;
};

int64_t count_words(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool is_space = c == ' ' || c == '\n' || c == '\t';
    if (!is_space && !inside) ++words;
    inside = !is_space;
  }
  return words;
}

// A text, and all that no tokenizer changes.
struct MeasuredText {
  explicit MeasuredText(std::string_view raw)
      : text(text::normalize(raw)),
        characters(static_cast<int64_t>(text::count_code_points(text))),
        words(count_words(text)),
        sentences(static_cast<int64_t>(text::split_sentences(text).size())),
        landmarks(find_landmarks(text)) {}

  std::string text;
  int64_t characters, words, sentences;
  TextLandmarks landmarks;
};

// One tokenizer's analysis as it comes about.
class Measurement {
 public:
  explicit Measurement(const MeasuredTokenizer& measured)
      : tokenizer_(*measured.tokenizer), unigrams_(measured.training_counts) {
    analysis_.vocab_size = tokenizer_.vocab_size();
    describe_vocabulary(tokenizer_, analysis_);
    describe_training(tokenizer_, measured.training_counts, analysis_);
  }

  void add(const MeasuredText& text) {
    const std::vector<TokenId> ids = tokenizer_.encode_normalized(text.text);
    ++analysis_.documents;
    analysis_.bytes += static_cast<int64_t>(text.text.size());
    analysis_.characters += text.characters;
    analysis_.words += text.words;
    analysis_.sentences += text.sentences;
    analysis_.tokens += static_cast<int64_t>(ids.size());
    for (const TokenId id : ids) {
      const std::string& bytes = tokenizer_.token_bytes(id);
      if (bytes == "\n" || bytes == "\t") {
        ++analysis_.whitespace_tokens;
        continue;
      }
      if (tokenizer_.is_byte(id)) ++analysis_.fallback_tokens;
      bits_ += unigrams_.bits(id);
    }
    cuts_.add(text.landmarks, ids, tokenizer_);
  }

  TokenizerAnalysis result() const {
    TokenizerAnalysis analysis = analysis_;
    analysis.scripts = cuts_.scripts();
    analysis.particles = cuts_.particles();
    analysis.endings = cuts_.endings();
    if (analysis.bytes > 0) analysis.unigram_bits_per_byte = bits_ / static_cast<double>(analysis.bytes);
    return analysis;
  }

 private:
  const Tokenizer& tokenizer_;
  UnigramModel unigrams_;
  KoreanCuts cuts_;
  double bits_ = 0;
  TokenizerAnalysis analysis_;
};

}  // namespace

double ScriptUse::tokens_per_character() const { return ratio(tokens, characters); }
double ScriptUse::byte_rate() const { return ratio(byte_tokens, tokens); }
double BoundaryUse::share() const { return ratio(cut, words); }

double TokenizerAnalysis::characters_per_token() const { return ratio(characters, tokens); }
double TokenizerAnalysis::bytes_per_token() const { return ratio(bytes, tokens); }
double TokenizerAnalysis::tokens_per_word() const { return ratio(tokens - whitespace_tokens, words); }
double TokenizerAnalysis::tokens_per_sentence() const { return ratio(tokens - whitespace_tokens, sentences); }
double TokenizerAnalysis::rare_share() const { return ratio(rare_pieces, learned_pieces); }
double TokenizerAnalysis::fallback_rate() const { return ratio(fallback_tokens, tokens); }
double TokenizerAnalysis::whitespace_rate() const { return ratio(whitespace_tokens, tokens); }

std::vector<TokenizerAnalysis> analyze(std::span<const MeasuredTokenizer> tokenizers, const TextSource& texts,
                                       const std::string& measured_on) {
  std::vector<Measurement> measurements(tokenizers.begin(), tokenizers.end());
  texts([&](std::string_view raw) {
    const MeasuredText text(raw);
    for (Measurement& measurement : measurements) measurement.add(text);
    return true;
  });
  std::vector<TokenizerAnalysis> analyses;
  for (const Measurement& measurement : measurements) {
    analyses.push_back(measurement.result());
    analyses.back().measured_on = measured_on;
  }
  return analyses;
}

TokenizerAnalysis analyze(const Tokenizer& tokenizer, const TextSource& texts, const std::string& measured_on,
                          std::span<const int64_t> training_counts) {
  const MeasuredTokenizer measured{&tokenizer, training_counts};
  return analyze(std::span(&measured, 1), texts, measured_on).front();
}

namespace {

Json to_json(const BoundaryUse& use) { return {{"words", use.words}, {"cut", use.cut}, {"share", use.share()}}; }

}  // namespace

Json to_json(const TokenizerAnalysis& analysis) {
  Json pieces = Json::object(), scripts = Json::object();
  for (const auto& [script, count] : analysis.pieces_by_script) pieces[script] = count;
  for (const ScriptUse& use : analysis.scripts)
    scripts[use.script] = {{"characters", use.characters},
                           {"tokens", use.tokens},
                           {"tokens_per_character", use.tokens_per_character()},
                           {"byte_rate", use.byte_rate()}};
  return {{"vocab_size", analysis.vocab_size},
          {"characters_per_token", analysis.characters_per_token()},
          {"bytes_per_token", analysis.bytes_per_token()},
          {"tokens_per_word", analysis.tokens_per_word()},
          {"tokens_per_sentence", analysis.tokens_per_sentence()},
          {"byte_fallback_rate", analysis.fallback_rate()},
          {"newline_and_tab_rate", analysis.whitespace_rate()},
          {"unigram_bits_per_byte", analysis.unigram_bits_per_byte},
          {"learned_pieces", analysis.learned_pieces},
          {"rare_pieces", analysis.rare_pieces},
          {"measured_on", analysis.measured_on},
          {"documents", analysis.documents},
          {"bytes", analysis.bytes},
          {"characters", analysis.characters},
          {"words", analysis.words},
          {"sentences", analysis.sentences},
          {"tokens", analysis.tokens},
          {"particle_boundaries", to_json(analysis.particles)},
          {"ending_boundaries", to_json(analysis.endings)},
          {"scripts", std::move(scripts)},
          {"pieces_by_script", std::move(pieces)},
          {"longest_pieces", analysis.longest_pieces}};
}

}  // namespace ktlm::tokenizer
