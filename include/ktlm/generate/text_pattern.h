// A regular expression that a text is to match as a whole, asked while the text is still being written: can it become a
// match, is it one? PCRE2's DFA matcher keeps all ways in which the text may go on as a list of states, and goes on
// from there, so that a question takes as long as the piece it is about, and not as the text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ktlm::generate {

/// A compiled expression, in PCRE2's syntax, of Unicode characters; \w and \d are Unicode's. Several matchers may use
/// it at the same time.
class TextPattern {
 public:
  /// Throws ConfigError "<where>: missing closing parenthesis (at byte 5 of "(가")". What looks ahead is refused, for
  /// nothing stands there yet, and so is what a DFA doesn't know: back references, conditions on groups, \K, verbs.
  TextPattern(const std::string& regex, const std::string& where);
  ~TextPattern();
  TextPattern(const TextPattern&) = delete;
  TextPattern& operator=(const TextPattern&) = delete;

  /// The characters beyond ASCII that its classes and words may begin or end at, and their neighbours; ascending. Of
  /// characters between two of these either all match at a place or none, but for classes by property (\w).
  const std::vector<char32_t>& borders() const { return borders_; }
  /// Whether the borders are all of them: it has no classes by property, none that follows from what a line end or
  /// another case of a letter is. A schema's expression has none.
  bool has_borders_alone() const { return has_borders_alone_; }

 private:
  friend class PatternMatcher;
  struct Code;
  std::unique_ptr<Code> code_;
  bool is_resumable_ = false;  // else each question goes through the text from its beginning
  bool has_borders_alone_ = false;
  std::vector<char32_t> borders_;
};

/// A text on its way through a pattern, in whole characters. Throws Error where the expression takes too much memory.
class PatternMatcher {
 public:
  explicit PatternMatcher(std::shared_ptr<const TextPattern> pattern);
  PatternMatcher(const PatternMatcher& other);
  PatternMatcher& operator=(const PatternMatcher&) = delete;
  ~PatternMatcher();

  /// Whether the text with `more`, valid UTF-8 of at least a character, is a match or can become one.
  bool fits(std::string_view more);
  void append(std::string_view more);
  /// Whether the text is a match.
  bool matches();
  const std::string& text() const { return text_; }

 private:
  struct MatchData;
  enum class Found { kNothing, kBeginning, kMatch };
  Found run(size_t begin, uint32_t options);
  void grow_workspace(size_t length);

  std::shared_ptr<const TextPattern> pattern_;
  std::unique_ptr<MatchData> match_data_;
  std::string text_;
  std::vector<int> state_, trial_;  // PCRE2's workspaces: behind the text, and one to try in
};

}  // namespace ktlm::generate
