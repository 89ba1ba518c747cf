#include "wikitext_names.h"

#include <algorithm>
#include <array>

#include "name_table.h"

namespace ktlm::text {
namespace {

struct Namespace {
  std::string_view name;
  LinkKind kind;
};
// The namespaces of the Korean and the English Wikipedia whose links show nothing, the sister projects' prefixes, and
// the languages with the most articles. A page title such as "CSI: 마이애미" must not look like one of them.
constexpr auto kNamespaces = std::to_array<Namespace>({
    {"b", LinkKind::kVisible},          {"c", LinkKind::kVisible},          {"category", LinkKind::kSilent},
    {"commons", LinkKind::kVisible},    {"d", LinkKind::kVisible},          {"file", LinkKind::kSilent},
    {"image", LinkKind::kSilent},       {"m", LinkKind::kVisible},          {"media", LinkKind::kVisible},
    {"meta", LinkKind::kVisible},       {"mw", LinkKind::kVisible},         {"n", LinkKind::kVisible},
    {"q", LinkKind::kVisible},          {"s", LinkKind::kVisible},          {"species", LinkKind::kVisible},
    {"v", LinkKind::kVisible},          {"voy", LinkKind::kVisible},        {"w", LinkKind::kVisible},
    {"wikibooks", LinkKind::kVisible},  {"wikinews", LinkKind::kVisible},   {"wikipedia", LinkKind::kVisible},
    {"wikiquote", LinkKind::kVisible},  {"wikisource", LinkKind::kVisible}, {"wikt", LinkKind::kVisible},
    {"wiktionary", LinkKind::kVisible}, {"wmf", LinkKind::kVisible},        {"그림", LinkKind::kSilent},
    {"미디어", LinkKind::kVisible},     {"분류", LinkKind::kSilent},        {"위키낱말사전", LinkKind::kVisible},
    {"파일", LinkKind::kSilent},
});
static_assert(is_sorted_by_name(kNamespaces));

struct Language {
  std::string_view name;  // the code
  std::string_view korean;
};
// Codes of ISO 639 and of Wikipedias. The Korean name, where given, is how kowiki's 틀:llang introduces the word.
constexpr auto kLanguages = std::to_array<Language>({
    {"af", "아프리칸스어"},
    {"als", ""},
    {"am", "암하라어"},
    {"an", "아라곤어"},
    {"ang", "고대 영어"},
    {"ar", "아랍어"},
    {"arz", "이집트 아랍어"},
    {"ast", "아스투리아스어"},
    {"az", "아제르바이잔어"},
    {"azb", ""},
    {"ba", "바시키르어"},
    {"be", "벨라루스어"},
    {"bg", "불가리아어"},
    {"bn", "벵골어"},
    {"bo", "티베트어"},
    {"br", "브르타뉴어"},
    {"bs", "보스니아어"},
    {"ca", "카탈루냐어"},
    {"ce", "체첸어"},
    {"ceb", "세부아노어"},
    {"ckb", "소라니 쿠르드어"},
    {"cs", "체코어"},
    {"cv", "추바시어"},
    {"cy", "웨일스어"},
    {"da", "덴마크어"},
    {"de", "독일어"},
    {"el", "그리스어"},
    {"en", "영어"},
    {"eo", "에스페란토"},
    {"es", "스페인어"},
    {"et", "에스토니아어"},
    {"eu", "바스크어"},
    {"fa", "페르시아어"},
    {"fi", "핀란드어"},
    {"fo", "페로어"},
    {"fr", "프랑스어"},
    {"fro", "고대 프랑스어"},
    {"fy", "서프리슬란트어"},
    {"ga", "아일랜드어"},
    {"gd", "스코틀랜드 게일어"},
    {"gl", "갈리시아어"},
    {"grc", "고대 그리스어"},
    {"he", "히브리어"},
    {"hi", "힌디어"},
    {"hr", "크로아티아어"},
    {"ht", "아이티어"},
    {"hu", "헝가리어"},
    {"hy", "아르메니아어"},
    {"ia", "인터링구아"},
    {"id", "인도네시아어"},
    {"io", "이도어"},
    {"is", "아이슬란드어"},
    {"it", "이탈리아어"},
    {"ja", "일본어"},
    {"jv", "자와어"},
    {"ka", "조지아어"},
    {"kk", "카자흐어"},
    {"km", "크메르어"},
    {"kn", "칸나다어"},
    {"ko", "한국어"},
    {"ku", "쿠르드어"},
    {"ky", "키르기스어"},
    {"la", "라틴어"},
    {"lb", "룩셈부르크어"},
    {"lo", "라오어"},
    {"lt", "리투아니아어"},
    {"lv", "라트비아어"},
    {"mg", "말라가시어"},
    {"mi", "마오리어"},
    {"min", ""},
    {"mk", "마케도니아어"},
    {"ml", "말라얄람어"},
    {"mn", "몽골어"},
    {"mr", "마라티어"},
    {"ms", "말레이어"},
    {"mt", "몰타어"},
    {"my", "미얀마어"},
    {"nds", "저지 독일어"},
    {"ne", "네팔어"},
    {"nl", "네덜란드어"},
    {"nn", "뉘노르스크"},
    {"no", "노르웨이어"},
    {"oc", "오크어"},
    {"pa", "펀자브어"},
    {"pl", "폴란드어"},
    {"pt", "포르투갈어"},
    {"qu", "케추아어"},
    {"ro", "루마니아어"},
    {"ru", "러시아어"},
    {"sa", "산스크리트어"},
    {"scn", "시칠리아어"},
    {"sco", "스코트어"},
    {"sh", "세르보크로아트어"},
    {"simple", ""},
    {"sk", "슬로바키아어"},
    {"sl", "슬로베니아어"},
    {"sq", "알바니아어"},
    {"sr", "세르비아어"},
    {"sv", "스웨덴어"},
    {"sw", "스와힐리어"},
    {"ta", "타밀어"},
    {"te", "텔루구어"},
    {"tg", "타지크어"},
    {"th", "태국어"},
    {"tl", "타갈로그어"},
    {"tr", "튀르키예어"},
    {"tt", "타타르어"},
    {"uk", "우크라이나어"},
    {"ur", "우르두어"},
    {"uz", "우즈베크어"},
    {"vi", "베트남어"},
    {"war", ""},
    {"yi", "이디시어"},
    {"yue", "광둥어"},
    {"zh", "중국어"},
    {"zh-classical", ""},
    {"zh-hans", "중국어 간체자"},
    {"zh-hant", "중국어 정체자"},
    {"zh-min-nan", ""},
    {"zh-tw", "중국어"},
    {"zh-yue", "광둥어"},
});
static_assert(is_sorted_by_name(kLanguages));

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

bool names_file(std::string_view target) {
  constexpr size_t kLongestEnding = 5;
  if (target.find(':') == std::string_view::npos || target.size() < kLongestEnding) return false;
  const std::string end = canonical_name(target.substr(target.size() - kLongestEnding));
  return std::ranges::any_of(kFileEndings, [&](std::string_view ending) { return end.ends_with(ending); });
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return text.substr(text.size());  // empty, but still within the text
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_url(std::string_view text) {
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
    const bool is_language = is_small && known == nullptr && find_by_name(kLanguages, prefix) != nullptr;
    const bool is_silent = is_language || (known != nullptr && known->kind == LinkKind::kSilent);
    if (!is_silent && !(known != nullptr && is_small)) break;
    if (i == 0 && is_silent && !has_colon) return {LinkKind::kSilent, {}};
    result.kind = LinkKind::kVisible;
    words = trimmed(words.substr(colon + 1));
  }
  if (words.starts_with('#')) words.remove_prefix(1);
  return result;
}

std::string_view language_name(std::string_view code) {
  const Language* language = find_by_name(kLanguages, canonical_name(code));
  return language == nullptr ? std::string_view() : language->korean;
}

bool is_cut_section(std::string_view heading) {
  return std::ranges::binary_search(kCutSections, std::string_view(canonical_name(heading)));
}

bool is_behaviour_switch(std::string_view word) { return std::ranges::binary_search(kBehaviourSwitches, word); }

}  // namespace ktlm::text
