#include "ktlm/generate/text_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"
#include "regex_items.h"

namespace ktlm::generate {

namespace {

constexpr size_t kFirstWorkspace = 1000, kLargestWorkspace = 1 << 20;  // ints

using Kind = RegexItem::Kind;

bool is_look_behind(const RegexItem& item) {
  return item.kind == Kind::kGroup && (item.text == "(?<=" || item.text == "(?<!");
}

// What PCRE2's DFA matcher looks for in a call of its own (groups that give nothing back, subroutines), or further on
// in the text (\X, \R), it can't go on with in the middle of. A call that looks back ends where it began, and that is
// behind the last character where it is made of characters alone.
bool is_resumable(const std::vector<RegexItem>& items) {
  bool looks_back = false, behind_group = false;
  for (const RegexItem& item : items) {
    const std::string_view text = item.text;
    if (looks_back && item.kind == Kind::kGroupEnd)
      looks_back = false;
    else if (looks_back && item.kind != Kind::kCharacter && text != "|")
      return false;
    if (is_look_behind(item)) {
      looks_back = true;
    } else if (item.kind == Kind::kGroup && text.starts_with("(?")) {
      const bool is_named = text[2] == '<' || text[2] == '\'' || text.starts_with("(?P<");
      if (!is_named && std::string_view(":|imsxn^").find(text[2]) == std::string_view::npos) return false;
    }
    if (item.is_possessive() && (behind_group || text[0] == '{')) return false;
    if (item.kind == Kind::kEscape && !item.is_in_class &&
        std::string_view("gkXRG").find(text[1]) != std::string_view::npos)
      return false;
    behind_group = item.kind == Kind::kGroupEnd;
  }
  return true;
}

// Asks what stands further on in the text, where nothing stands yet: what PCRE2 says would be no more than that it
// doesn't know.
bool looks_ahead(const RegexItem& item) {
  const std::string_view text = item.text;
  return item.kind == Kind::kGroup && (text == "(?=" || text == "(?!" || text == "(?*" || text.starts_with("[[:"));
}

// What PCRE2 compiles, but its DFA matcher has no notion of: other starts of a match, verbs (and assertions by name),
// conditions on groups, arguments of subroutines.
bool is_unknown(const RegexItem& item) {
  const std::string_view text = item.text;
  if (item.kind == Kind::kEscape) return text == "\\K";
  if (item.kind != Kind::kGroup || text.size() < 2) return false;
  if (text.starts_with("(*") || text == "(?<*") return true;
  if (text.starts_with("(?("))  // those on a group's number or name count as back references
    return text != "(?(R)" && !text.starts_with("(?(DEFINE") && !text.starts_with("(?(VERSION");
  return text.back() == '(';
}

std::vector<char32_t> find_borders(const std::vector<RegexItem>& items) {
  std::vector<char32_t> borders;
  for (const RegexItem& item : items) {
    const char32_t code_point = item.character;
    if (code_point < 0x80 || code_point > 0x10FFFF) continue;
    for (char32_t near = code_point - 1; near <= code_point + 1; ++near)
      if (near >= 0x80 && near <= 0x10FFFF && (near < 0xD800 || near > 0xDFFF)) borders.push_back(near);
  }
  std::sort(borders.begin(), borders.end());
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  return borders;
}

bool is_by_borders(const RegexItem& item) {
  switch (item.kind) {
    case Kind::kCharacter:
    case Kind::kGroupEnd:
    case Kind::kQuantifier:
      return true;
    case Kind::kMeta:
      return item.text == "|";
    case Kind::kEscape:
      return false;
    case Kind::kGroup:
      return item.text == "(" || item.text == "(?:" || is_look_behind(item);
  }
  return false;
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

// Newer versions compile what looks back by varying lengths, which their DFA matchers don't know; older ones refuse it.
struct CompileContext {
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 43
  CompileContext() { pcre2_set_max_varlookbehind(context, 0); }
#else
  CompileContext() = default;
#endif
  CompileContext(const CompileContext&) = delete;
  CompileContext& operator=(const CompileContext&) = delete;
  ~CompileContext() { pcre2_compile_context_free(context); }
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
};

}  // namespace

struct TextPattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

struct PatternMatcher::MatchData {
  pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
  ~MatchData() { pcre2_match_data_free(data); }
};

TextPattern::TextPattern(const std::string& regex, const std::string& where) : code_(std::make_unique<Code>()) {
  if (!text::is_valid_utf8(regex)) throw ConfigError(where + ": the regular expression is no UTF-8");
  int error = 0;
  PCRE2_SIZE offset = 0;
  constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
  const CompileContext context;
  code_->code = pcre2_compile(units(regex), regex.size(), kOptions, &error, &offset, context.context);
  if (error == PCRE2_ERROR_PATTERN_TOO_LARGE)
    throw ConfigError(where +
                      ": the regular expression is larger than PCRE2 takes, 64 KB once compiled; lower the "
                      "counts of groups and items ({0,100}, minItems, maxItems), or give a schema's properties "
                      "and items a type");
  if (error == PCRE2_ERROR_QUANTIFIER_TOO_BIG)
    throw ConfigError(where +
                      ": a count is larger than PCRE2 takes, 65535; lower it, such as {0,1000}, or minItems, "
                      "maxItems, minLength and maxLength of a schema");
  if (code_->code == nullptr)
    throw ConfigError(where + ": " + error_text(error) + " (at byte " + std::to_string(offset) + " of " +
                      quoted(regex) + ")");
  uint32_t back_references = 0;
  pcre2_pattern_info(code_->code, PCRE2_INFO_BACKREFMAX, &back_references);
  if (back_references > 0)
    throw ConfigError(where + ": " + quoted(regex) +
                      " refers back to what a group matched, which can't be held while a text is drawn");
  const std::vector<RegexItem> items = regex_items(regex);
  for (const RegexItem& item : items) {
    if (looks_ahead(item))
      throw ConfigError(where + ": " + quoted(regex) + " looks ahead by \"" + std::string(item.text) +
                        "\", where nothing is drawn yet");
    if (is_unknown(item))
      throw ConfigError(where + ": " + quoted(regex) + " holds \"" + std::string(item.text) +
                        "\", which can't be followed while a text is drawn");
  }
  is_resumable_ = is_resumable(items);
  borders_ = find_borders(items);
  has_borders_alone_ = std::ranges::all_of(items, is_by_borders);
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
  if (!pattern_->is_resumable_) begin = 0;
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
