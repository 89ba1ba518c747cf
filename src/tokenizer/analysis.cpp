#include "ktlm/tokenizer/analysis.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "ktlm/core/text_format.h"
#include "ktlm/text/hangul.h"
#include "ktlm/text/normalize.h"
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

std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (int64_t at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string fixed(double value, const char* unit = "") {
  char text[64];
  std::snprintf(text, sizeof text, "%.2f%s", value, unit);
  return text;
}

}  // namespace

double TokenizerAnalysis::characters_per_token() const { return ratio(characters, tokens); }
double TokenizerAnalysis::bytes_per_token() const { return ratio(bytes, tokens); }
double TokenizerAnalysis::tokens_per_word() const { return ratio(tokens - whitespace_tokens, words); }
double TokenizerAnalysis::fallback_rate() const { return ratio(fallback_tokens, tokens); }
double TokenizerAnalysis::whitespace_rate() const { return ratio(whitespace_tokens, tokens); }

TokenizerAnalysis analyze(const Tokenizer& tokenizer, const TextSource& texts, std::string measured_on) {
  TokenizerAnalysis analysis;
  analysis.vocab_size = tokenizer.vocab_size();
  analysis.measured_on = std::move(measured_on);
  describe_vocabulary(tokenizer, analysis);
  texts([&](std::string_view raw) {
    const std::string text = text::normalize(raw);
    ++analysis.documents;
    analysis.bytes += static_cast<int64_t>(text.size());
    analysis.characters += static_cast<int64_t>(text::count_code_points(text));
    analysis.words += count_words(text);
    for (const TokenId id : tokenizer.encode(text)) {
      ++analysis.tokens;
      if (!tokenizer.is_byte(id)) continue;
      const std::string& bytes = tokenizer.token_bytes(id);
      if (bytes == "\n" || bytes == "\t")
        ++analysis.whitespace_tokens;
      else
        ++analysis.fallback_tokens;
    }
    return true;
  });
  return analysis;
}

Json to_json(const TokenizerAnalysis& analysis) {
  Json scripts = Json::object();
  for (const auto& [script, pieces] : analysis.pieces_by_script) scripts[script] = pieces;
  return {{"vocab_size", analysis.vocab_size},
          {"characters_per_token", analysis.characters_per_token()},
          {"bytes_per_token", analysis.bytes_per_token()},
          {"tokens_per_word", analysis.tokens_per_word()},
          {"byte_fallback_rate", analysis.fallback_rate()},
          {"newline_and_tab_rate", analysis.whitespace_rate()},
          {"measured_on", analysis.measured_on},
          {"documents", analysis.documents},
          {"bytes", analysis.bytes},
          {"characters", analysis.characters},
          {"words", analysis.words},
          {"tokens", analysis.tokens},
          {"pieces_by_script", std::move(scripts)},
          {"longest_pieces", analysis.longest_pieces}};
}

std::string to_table(const TokenizerAnalysis& analysis) {
  std::string scripts, longest;
  for (const auto& [script, pieces] : analysis.pieces_by_script)
    scripts += (scripts.empty() ? "" : ", ") + script + " " + grouped(pieces);
  for (const std::string& piece : analysis.longest_pieces) longest += (longest.empty() ? "" : ", ") + piece;
  return "vocabulary            " + grouped(analysis.vocab_size) + " pieces: " + scripts + "\nlongest of Hangul     " +
         longest + "\nmeasured on           " + analysis.measured_on + ": " + grouped(analysis.documents) +
         " documents, " + format_bytes(analysis.bytes) + ", " + grouped(analysis.tokens) + " tokens" +
         "\ncharacters per token  " + fixed(analysis.characters_per_token()) + "\nbytes per token       " +
         fixed(analysis.bytes_per_token()) + "\ntokens per 어절       " + fixed(analysis.tokens_per_word()) +
         "\nbyte fallback         " + fixed(100 * analysis.fallback_rate(), " %") +
         " of the tokens; newlines and tabs " + fixed(100 * analysis.whitespace_rate(), " %") + " more";
}

}  // namespace ktlm::tokenizer
