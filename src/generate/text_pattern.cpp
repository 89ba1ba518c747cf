#include "ktlm/generate/text_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::generate {

namespace {

constexpr size_t kFirstWorkspace = 1000, kLargestWorkspace = 1 << 20;  // ints

// What PCRE2's DFA matcher looks for in a call of its own (groups that look back or give nothing back, subroutines), or
// further on in the text (\X, \R), it can't go on with in the middle of. Taken as there wherever it may be, in a class
// too: that costs speed alone.
bool looks_resumable(std::string_view regex) {
  for (size_t i = 0; i + 2 < regex.size(); ++i) {
    const std::string_view rest = regex.substr(i);
    if (rest.starts_with("(?")) {
      const bool is_named = (rest[2] == '<' && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') ||
                            rest.starts_with("(?P<") || rest[2] == '\'';
      if (!is_named && std::string_view(":|#imsxn^").find(rest[2]) == std::string_view::npos) return false;
    }
    if ((rest[0] == ')' || rest[0] == '}') && std::string_view("*+?").find(rest[1]) != std::string_view::npos &&
        rest[2] == '+')
      return false;
    if (rest.starts_with("}+")) return false;
  }
  for (size_t i = 0; i + 1 < regex.size(); ++i)
    if (regex[i] == '\\' && std::string_view("gkKXRG").find(regex[++i]) != std::string_view::npos) return false;
  return true;
}

// A group that asks what stands further on in the text, where nothing stands yet: what it says would be no more than
// that it doesn't know. Empty where there is none.
std::string_view find_look_ahead(std::string_view regex) {
  for (size_t i = 0; i < regex.size(); ++i) {
    const std::string_view rest = regex.substr(i);
    if (rest[0] == '\\') ++i;
    for (const std::string_view begin : {"(?=", "(?!", "(*"})
      if (rest.starts_with(begin)) return begin;
  }
  return {};
}

std::vector<char32_t> find_borders(std::string_view regex) {
  std::vector<char32_t> borders;
  const auto add = [&](char32_t code_point) {
    if (code_point < 0x80 || code_point > 0x10FFFF) return;
    for (char32_t near = code_point - 1; near <= code_point + 1; ++near)
      if (near >= 0x80 && near <= 0x10FFFF && (near < 0xD800 || near > 0xDFFF)) borders.push_back(near);
  };
  for (size_t position = 0; position < regex.size();) {
    if (regex.substr(position).starts_with("\\x{")) {
      uint32_t code_point = 0;
      std::from_chars(regex.data() + position + 3, regex.data() + regex.size(), code_point, 16);
      add(code_point);
    }
    add(text::decode_utf8(regex, position));
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  return borders;
}

std::string quoted(const std::string& regex) {
  constexpr size_t kMostBytes = 80;
  if (regex.size() <= kMostBytes) return "\"" + regex + "\"";
  std::string beginning = regex.substr(0, kMostBytes);
  beginning.resize(beginning.size() - text::incomplete_utf8_suffix(beginning));
  return "\"" + beginning + "...\"";
}

std::string error_text(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

PCRE2_SPTR units(const std::string& text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

struct TextPattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

struct PatternMatcher::MatchData {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  ~MatchData() { pcre2_match_data_free(data); }
};

TextPattern::TextPattern(const std::string& regex, const std::string& where)
    : code_(std::make_unique<Code>()), resumable_(looks_resumable(regex)), borders_(find_borders(regex)) {
  if (!text::is_valid_utf8(regex)) throw ConfigError(where + ": the regular expression is no UTF-8");
  int error = 0;
  PCRE2_SIZE offset = 0;
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
  code_->code = pcre2_compile(units(regex), regex.size(), kOptions, &error, &offset, nullptr);
  if (error == PCRE2_ERROR_PATTERN_TOO_LARGE || error == PCRE2_ERROR_QUANTIFIER_TOO_BIG)
    throw ConfigError(where + ": " + error_text(error) +
                      "; lower its counts, such as {0,1000}, or minItems and maxLength of a schema");
  if (code_->code == nullptr)
    throw ConfigError(where + ": " + error_text(error) + " (at byte " + std::to_string(offset) + " of " +
                      quoted(regex) + ")");
  if (const std::string_view begin = find_look_ahead(regex); !begin.empty())
    throw ConfigError(where + ": " + quoted(regex) + " looks ahead by \"" + std::string(begin) +
                      "\", where nothing is drawn yet");
  uint32_t back_references = 0;
  pcre2_pattern_info(code_->code, PCRE2_INFO_BACKREFMAX, &back_references);
  if (back_references > 0)
    throw ConfigError(where + ": " + quoted(regex) +
                      " refers back to what a group matched, which can't be held while a text is drawn");
}

TextPattern::~TextPattern() = default;

PatternMatcher::PatternMatcher(std::shared_ptr<const TextPattern> pattern)
    : pattern_(std::move(pattern)), match_data_(std::make_unique<MatchData>()), state_(kFirstWorkspace) {}

PatternMatcher::PatternMatcher(const PatternMatcher& other)
    : pattern_(other.pattern_), match_data_(std::make_unique<MatchData>()), text_(other.text_), state_(other.state_) {}

PatternMatcher::~PatternMatcher() = default;

// Takes in the text from `begin` on, before which `state_` stands, and leaves the states behind it in `trial_`. PCRE2
// has no partial matches that are held at the end as well: a match counts where the longest one takes all of the text.
PatternMatcher::Found PatternMatcher::run(size_t begin, uint32_t options) {
  if (!pattern_->resumable_) begin = 0;
  while (true) {
    trial_ = state_;
    const int result = pcre2_dfa_match(pattern_->code_->code, units(text_), text_.size(), begin,
                                       options | PCRE2_NO_UTF_CHECK | (begin > 0 ? PCRE2_DFA_RESTART : 0),
                                       match_data_->data, nullptr, trial_.data(), trial_.size());
    if (result == PCRE2_ERROR_NOMATCH) return Found::kNothing;
    if (result == PCRE2_ERROR_PARTIAL) return Found::kBeginning;
    if (result >= 0)
      return pcre2_get_ovector_pointer(match_data_->data)[1] == text_.size() ? Found::kMatch : Found::kNothing;
    if (result != PCRE2_ERROR_DFA_WSSIZE || state_.size() >= kLargestWorkspace)
      throw Error("the regular expression can't be followed any further: " + error_text(result) +
                  "; choose a simpler one");
    grow_workspace(begin);
  }
}

// How a workspace is laid out follows its size: the first `length` bytes go through a larger one again.
void PatternMatcher::grow_workspace(size_t length) {
  std::string whole = std::exchange(text_, text_.substr(0, length));
  state_.assign(2 * state_.size(), 0);
  if (length > 0) {
    run(0, PCRE2_PARTIAL_HARD);
    state_ = trial_;
  }
  text_ = std::move(whole);
}

bool PatternMatcher::fits(std::string_view more) {
  const size_t length = text_.size();
  text_ += more;
  const Found found = run(length, PCRE2_PARTIAL_HARD);
  text_.resize(length);
  return found != Found::kNothing;
}

void PatternMatcher::append(std::string_view more) {
  const size_t length = text_.size();
  text_ += more;
  run(length, PCRE2_PARTIAL_HARD);
  state_.swap(trial_);
}

bool PatternMatcher::matches() { return run(text_.size(), 0) == Found::kMatch; }

}  // namespace ktlm::generate
