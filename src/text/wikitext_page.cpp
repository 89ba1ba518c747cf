// What kind of page it is, told from the wikitext without parsing it.
#include "ktlm/text/wikitext.h"
#include "wikitext_names.h"
#include "wikitext_templates.h"

namespace ktlm::text {

bool is_redirect(std::string_view wikitext) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (wikitext.starts_with(kByteOrderMark)) wikitext.remove_prefix(kByteOrderMark.size());
  const size_t begin = wikitext.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || wikitext[begin] != '#') return false;
  // "#넘겨주기 [[..]]", "#REDIRECT: [[..]]": the word is at most this long, the link follows at once.
  constexpr size_t kLongestStart = 40;
  const std::string_view start = wikitext.substr(begin + 1, kLongestStart);
  const size_t link = start.find("[[");
  if (link == std::string_view::npos) return false;
  std::string_view word = trimmed(start.substr(0, link));
  if (word.ends_with(':')) word = trimmed(word.substr(0, word.size() - 1));
  if (word == "넘겨주기") return true;
  constexpr std::string_view kRedirect = "redirect";
  if (word.size() != kRedirect.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if ((word[i] | 0x20) != kRedirect[i]) return false;
  }
  return true;
}

bool is_disambiguation(std::string_view wikitext, std::string_view title) {
  title = trimmed(title);
  if (title.ends_with("(동음이의)") || title.ends_with("(disambiguation)")) return true;
  for (size_t position = 0; (position = wikitext.find("{{", position)) != std::string_view::npos;) {
    position += 2;
    constexpr size_t kLongestName = 60;
    const std::string_view start = wikitext.substr(position, kLongestName);
    const std::string_view name = start.substr(0, start.find_first_of("|}{\n"));
    if (is_disambiguation_template(name)) return true;
  }
  return wikitext.find("__DISAMBIG__") != std::string_view::npos;
}

}  // namespace ktlm::text
