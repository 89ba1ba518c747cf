#include "wikitext_names.h"

#include <algorithm>
#include <array>

#include "byte_set.h"
#include "name_table.h"
#include "wikitext_languages.h"

namespace ktlm::text {
namespace {

struct Namespace {
  std::string_view name;
  LinkKind kind;
};
// The namespaces of files and categories in Korean, English and, from pages translated in haste, other languages: their
// links show nothing. And the sister projects' prefixes. A page title such as "CSI: 마이애미" must not look like one of
// them.
constexpr auto kNamespaces = std::to_array<Namespace>({
    {"archivo", LinkKind::kSilent},     {"b", LinkKind::kVisible},          {"bestand", LinkKind::kSilent},
    {"c", LinkKind::kVisible},          {"categoria", LinkKind::kSilent},   {"category", LinkKind::kSilent},
    {"categoría", LinkKind::kSilent},   {"catégorie", LinkKind::kSilent},   {"commons", LinkKind::kVisible},
    {"d", LinkKind::kVisible},          {"datei", LinkKind::kSilent},       {"ficheiro", LinkKind::kSilent},
    {"fichier", LinkKind::kSilent},     {"fil", LinkKind::kSilent},         {"file", LinkKind::kSilent},
    {"image", LinkKind::kSilent},       {"immagine", LinkKind::kSilent},    {"kategori", LinkKind::kSilent},
    {"kategorie", LinkKind::kSilent},   {"kategorija", LinkKind::kSilent},  {"m", LinkKind::kVisible},
    {"media", LinkKind::kVisible},      {"meta", LinkKind::kVisible},       {"mw", LinkKind::kVisible},
    {"n", LinkKind::kVisible},          {"plik", LinkKind::kSilent},        {"q", LinkKind::kVisible},
    {"s", LinkKind::kVisible},          {"species", LinkKind::kVisible},    {"thểloại", LinkKind::kSilent},
    {"v", LinkKind::kVisible},          {"voy", LinkKind::kVisible},        {"w", LinkKind::kVisible},
    {"wikibooks", LinkKind::kVisible},  {"wikinews", LinkKind::kVisible},   {"wikipedia", LinkKind::kVisible},
    {"wikiquote", LinkKind::kVisible},  {"wikisource", LinkKind::kVisible}, {"wikt", LinkKind::kVisible},
    {"wiktionary", LinkKind::kVisible}, {"wmf", LinkKind::kVisible},        {"категория", LinkKind::kSilent},
    {"файл", LinkKind::kSilent},        {"カテゴリ", LinkKind::kSilent},    {"ファイル", LinkKind::kSilent},
    {"分类", LinkKind::kSilent},        {"分類", LinkKind::kSilent},        {"文件", LinkKind::kSilent},
    {"檔案", LinkKind::kSilent},        {"画像", LinkKind::kSilent},        {"그림", LinkKind::kSilent},
    {"미디어", LinkKind::kVisible},     {"분류", LinkKind::kSilent},        {"위키낱말사전", LinkKind::kVisible},
    {"파일", LinkKind::kSilent},
});
static_assert(is_sorted_by_name(kNamespaces));

// As kowiki names them, then enwiki; canonical_name() has taken case and spaces away.
constexpr auto kCutSections = std::to_array<std::string_view>({
    "bibliography",   "citations",      "externallinks",      "footnotes",  "furtherreading",
    "gallery",        "notes",          "notesandreferences", "references", "referencesandnotes",
    "seealso",        "sources",        "workscited",         "각주",       "각주및참고문헌",
    "각주및출처",     "각주와참고문헌", "각주와출처",         "같이보기",   "갤러리",
    "관련문서",       "관련문헌",       "관련항목",           "내용주",     "더보기",
    "더읽기",         "더읽어보기",     "더읽을거리",         "더읽을책",   "둘러보기",
    "바깥고리",       "바깥링크",       "외부고리",           "외부링크",   "주석",
    "주해",           "참고",           "참고도서",           "참고링크",   "참고문헌",
    "참고문헌및각주", "참고서적",       "참고자료",           "참조",       "참조주",
    "출처",           "출처및각주",     "출처및참고문헌",     "함께보기",
});
static_assert(std::ranges::is_sorted(kCutSections));

// MediaWiki's own and those of extensions that Wikipedia runs, in Korean (MessagesKo.php) and in English. Not just any
// word: "__LINE__" and "__init__" are names in programs.
constexpr auto kBehaviourSwitches = std::to_array<std::string_view>({
    "ARCHIVEDTALK",
    "DISAMBIG",
    "END",
    "EXPECTUNUSEDCATEGORY",
    "EXPECTUNUSEDTEMPLATE",
    "EXPECTWITHOUTSCANS",
    "FORCETOC",
    "HIDDENCAT",
    "INDEX",
    "NEWSECTIONLINK",
    "NOCC",
    "NOCONTENTCONVERT",
    "NOEDITSECTION",
    "NOGALLERY",
    "NOGLOBAL",
    "NOHEADER",
    "NOINDEX",
    "NONEWSECTIONLINK",
    "NOTALK",
    "NOTC",
    "NOTITLECONVERT",
    "NOTOC",
    "START",
    "STATICREDIRECT",
    "TOC",
    "갤러리숨김",
    "넘겨주기고정",
    "단락편집숨김",
    "동음이의",
    "목차",
    "목차보임",
    "목차숨김",
    "새글쓰기",
    "새글쓰기숨기기",
    "색인",
    "색인거부",
    "숨은분류",
    "헤더숨김",
    "화랑숨김",
});
static_assert(std::ranges::is_sorted(kBehaviourSwitches));

// A link with a prefix and one of these endings shows a file, whatever language the prefix is in ("Datei:",
// "ファイル:").
constexpr auto kFileEndings = std::to_array<std::string_view>(
    {".gif", ".jpeg", ".jpg", ".ogg", ".ogv", ".pdf", ".png", ".svg", ".tif", ".tiff", ".webm", ".webp"});

constexpr auto kUrlSchemes =
    std::to_array<std::string_view>({"http://", "https://", "//", "ftp://", "mailto:", "news:", "irc://", "tel:"});

constexpr ByteSet kUrlStarts("hHfFmMnNiItT/");

bool names_file(std::string_view target) {
  constexpr size_t kLongestEnding = 5;
  if (target.find(':') == std::string_view::npos || target.size() < kLongestEnding) return false;
  const std::string end = canonical_name(target.substr(target.size() - kLongestEnding));
  return std::ranges::any_of(kFileEndings, [&](std::string_view ending) { return end.ends_with(ending); });
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && is_space(text[begin])) ++begin;
  while (end > begin && is_space(text[end - 1])) --end;
  return text.substr(begin, end - begin);  // where empty, still within the text
}

bool is_url(std::string_view text) {
  if (text.empty() || !kUrlStarts.has(text.front())) return false;
  const auto starts_with = [&](std::string_view scheme) {
    return text.size() > scheme.size() &&
           std::string_view(" ]\n|").find(text[scheme.size()]) == std::string_view::npos &&
           std::equal(scheme.begin(), scheme.end(), text.begin(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
  };
  return std::ranges::any_of(kUrlSchemes, starts_with);
}

LinkTarget parse_link_target(std::string_view target) {
  LinkTarget result = {LinkKind::kPage, trimmed(target)};
  std::string_view& words = result.words;
  const bool has_colon = words.starts_with(':');
  if (!has_colon && names_file(words)) return {LinkKind::kSilent, {}};
  if (has_colon) words = trimmed(words.substr(1));
  // Two prefixes at most: "wikt:ko:낱말".
  for (int i = 0; i < 2; ++i) {
    constexpr size_t kLongestPrefix = 40;
    const size_t colon = words.substr(0, kLongestPrefix).find(':');
    if (colon == std::string_view::npos) break;
    const std::string prefix = canonical_name(words.substr(0, colon));
    // Prefixes of projects and languages are written small: "IT: ..." and "M: ..." are titles.
    const bool is_small = words.starts_with(prefix);
    const Namespace* known = find_by_name(kNamespaces, prefix);
    const bool is_language = is_small && known == nullptr && is_language_code(prefix);
    const bool is_silent = is_language || (known != nullptr && known->kind == LinkKind::kSilent);
    if (!is_silent && !(known != nullptr && is_small)) break;
    if (i == 0 && is_silent && !has_colon) return {LinkKind::kSilent, {}};
    result.kind = LinkKind::kVisible;
    words = trimmed(words.substr(colon + 1));
  }
  if (words.starts_with('#')) words.remove_prefix(1);
  return result;
}

bool is_cut_section(std::string_view heading) {
  return std::ranges::binary_search(kCutSections, std::string_view(canonical_name(heading)));
}

bool is_behaviour_switch(std::string_view word) { return std::ranges::binary_search(kBehaviourSwitches, word); }

}  // namespace ktlm::text
