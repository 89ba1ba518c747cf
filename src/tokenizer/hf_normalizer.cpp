#include "hf_normalizer.h"

#include <functional>
#include <string>

#include "ktlm/text/normalize.h"
#include "ktlm/text/utf8.h"
#include "pieces.h"

namespace ktlm::tokenizer {
namespace {

constexpr char32_t kLimit = 0x110000;  // behind the last code point
constexpr char32_t kJoiner = 0x200D;   // zero-width joiner: kept inside emoji only
constexpr char32_t kEmoji = 0x1F468;

std::string utf8(std::initializer_list<char32_t> characters) {
  std::string text;
  for (const char32_t c : characters) text::append_utf8(text, c);
  return text;
}

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

// Oniguruma's escape, so that the pattern can be read and no editor swallows what is invisible.
std::string escaped(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%04X}", static_cast<unsigned>(c));
  return text;
}

// "[\x{0000}-\x{0008}...]" of the code points for which `holds`.
std::string character_class(const std::function<bool(char32_t)>& holds) {
  std::string ranges;
  for (char32_t c = 0; c < kLimit; ++c) {
    if (is_surrogate(c) || !holds(c)) continue;
    const char32_t first = c;
    while (c + 1 < kLimit && !is_surrogate(c + 1) && holds(c + 1)) ++c;
    ranges += escaped(first);
    if (c > first) ranges += "-" + escaped(c);
  }
  return "[" + ranges + "]";
}

Json replace_pattern(const std::string& pattern, const std::string& by) {
  return {{"type", "Replace"}, {"pattern", {{"Regex", pattern}}}, {"content", by}};
}

Json replace_text(const std::string& text, const std::string& by) {
  return {{"type", "Replace"}, {"pattern", {{"String", text}}}, {"content", by}};
}

// Asks about each code point, which takes a tenth of a second.
Json spell_normalizer() {
  std::vector<std::string> mapped(kLimit);
  for (char32_t c = 0; c < kLimit; ++c)
    if (!is_surrogate(c)) mapped[c] = text::normalize(utf8({c}));
  const auto becomes = [&](const char* text) {
    return [&mapped, text](char32_t c) { return mapped[c] == text && utf8({c}) != text && c != '\r' && c != kJoiner; };
  };
  const auto joins = [](char32_t before, char32_t behind) {
    return text::normalize(utf8({before, kJoiner, behind})).find(utf8({kJoiner})) != std::string::npos;
  };

  Json steps = Json::array();
  steps.push_back(replace_pattern("\\r\\n?|" + character_class(becomes("\n")), "\n"));
  // normalize() looks at what stands behind a joiner as it is, and at what it has written before it. So the second goes
  // behind the removal of junk.
  const std::string joiner = escaped(kJoiner);
  steps.push_back(
      replace_pattern(joiner + "(?!" + character_class([&](char32_t c) { return joins(kEmoji, c); }) + ")", ""));
  steps.push_back(replace_pattern(character_class(becomes("")), ""));
  steps.push_back(
      replace_pattern("(?<!" + character_class([&](char32_t c) { return joins(c, kEmoji); }) + ")" + joiner, ""));
  steps.push_back(replace_pattern(character_class(becomes(" ")), " "));
  // Half-width and full-width forms: one by one, since a pattern can't compute.
  for (char32_t c = 0xFF00; c < 0xFFF0; ++c) {
    const std::string text = utf8({c});
    if (mapped[c] != text && !mapped[c].empty() && mapped[c] != " " && mapped[c] != "\n")
      steps.push_back(replace_text(text, mapped[c]));
  }
  steps.push_back({{"type", "NFC"}});
  steps.push_back(replace_text(" ", std::string(kSpaceMarkUtf8)));
  return {{"type", "Sequence"}, {"normalizers", steps}};
}

}  // namespace

Json hf_normalizer() {
  static const Json normalizer = spell_normalizer();
  return normalizer;
}

}  // namespace ktlm::tokenizer
