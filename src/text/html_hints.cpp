#include "html_hints.h"

#include <algorithm>
#include <array>
#include <string>

namespace ktlm::text {
namespace {

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
char to_lower(char c) { return is_capital(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

// Whole names without - and _, in lower case. Naver, Daum, Tistory, newspapers' systems (ndsoft and others), Gnuboard,
// XE, Rhymix, kBoard; WordPress, Medium, Ghost, MediaWiki, GitHub and others.
constexpr auto kMainText = std::to_array<std::string_view>({"articlebody",
                                                            "articlebodycontent",
                                                            "articlebodycontents",
                                                            "articlecont",
                                                            "articlecontent",
                                                            "articlecontents",
                                                            "articletext",
                                                            "articletxt",
                                                            "articleview",
                                                            "articleviewcontentdiv",
                                                            "artbody",
                                                            "arttext",
                                                            "blogcontent",
                                                            "boardcontent",
                                                            "boardview",
                                                            "boardviewcontent",
                                                            "bodycontent",
                                                            "bovcon",
                                                            "contentsstyle",
                                                            "dicarea",
                                                            "entrycontent",
                                                            "ghcontent",
                                                            "harmonycontainer",
                                                            "kboardcontent",
                                                            "markdownbody",
                                                            "mwcontenttext",
                                                            "mwparseroutput",
                                                            "newsbody",
                                                            "newsbodyarea",
                                                            "newscontent",
                                                            "newsct",
                                                            "newsctarticle",
                                                            "newsendcontents",
                                                            "newsview",
                                                            "newstext",
                                                            "postarticle",
                                                            "postbody",
                                                            "postcontent",
                                                            "postct",
                                                            "postview",
                                                            "postviewarea",
                                                            "rdbody",
                                                            "readbody",
                                                            "rhymixcontent",
                                                            "semaincontainer",
                                                            "storybody",
                                                            "storycontent",
                                                            "tdpostcontent",
                                                            "ttarticle",
                                                            "usercontent",
                                                            "viewcon",
                                                            "viewcont",
                                                            "viewcontent",
                                                            "viewcontents",
                                                            "viewtext",
                                                            "xecontent",
                                                            "게시글",
                                                            "기사본문",
                                                            "본문"});

// Single words of names, in lower case.
constexpr auto kBoilerplate = std::to_array<std::string_view>(
    {"ad",          "date",       "contact",  "cmts",          "attachments", "attachment",   "attach",
     "ads",         "adsense",    "advert",   "advertisement", "banner",      "bio",          "breadcrumb",
     "breadcrumbs", "btn",        "button",   "buttons",       "byline",      "catlinks",     "cbox",
     "cmt",         "comment",    "comments", "consent",       "cookie",      "cookies",      "copyright",
     "disqus",      "foot",       "footer",   "gdpr",          "gnb",         "gutter",       "hatnote",
     "infobox",     "lineno",     "linenos",  "lnb",           "login",       "menu",         "menus",
     "meta",        "modal",      "most",     "nav",           "navbar",      "navbox",       "navi",
     "navigation",  "newsletter", "noprint",  "pager",         "pagination",  "paging",       "popular",
     "popup",       "print",      "promo",    "promotion",     "rank",        "ranking",      "recommend",
     "recommended", "references", "relate",   "related",       "relation",    "replies",      "reply",
     "reporter",    "search",     "share",    "side",          "sidebar",     "skip",         "snb",
     "sns",         "social",     "sponsor",  "sponsored",     "subscribe",   "subscription", "tags",
     "toc",         "toolbar",    "trending", "util",          "utils",       "widget",       "댓글"});

template <size_t N>
constexpr std::array<std::string_view, N> sorted(std::array<std::string_view, N> words) {
  std::ranges::sort(words);
  return words;
}
constexpr auto kMainTextSorted = sorted(kMainText);
constexpr auto kBoilerplateSorted = sorted(kBoilerplate);

const HtmlAttributes* attributes_of(const HtmlTree& tree, const HtmlNode& node) {
  return node.attributes < 0 ? nullptr : &tree.attributes[static_cast<size_t>(node.attributes)];
}

/// Whether any of the names, separated by white space, satisfies `test`.
template <class Test>
bool any_name(std::string_view names, Test&& test) {
  for (size_t begin = 0; begin < names.size();) {
    if (is_white(names[begin])) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < names.size() && !is_white(names[end])) ++end;
    if (test(names.substr(begin, end - begin))) return true;
    begin = end;
  }
  return false;
}

bool is_main_text_name(std::string_view name) {
  if (name.size() > 64) return false;
  std::string plain;
  for (const char c : name) {
    if (c != '-' && c != '_') plain += to_lower(c);
  }
  return std::ranges::binary_search(kMainTextSorted, plain);
}

/// Cuts "relatedNews_list-top" into its words. Names with a colon are style switches ("print:hidden").
bool has_boilerplate_word(std::string_view name) {
  if (name.find(':') != std::string_view::npos) return false;
  std::string word;
  const auto is_hit = [&] { return std::ranges::binary_search(kBoilerplateSorted, word); };
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool is_border = c == '-' || c == '_' || (c >= '0' && c <= '9');
    const bool starts_word = is_capital(c) && i > 0 && !is_capital(name[i - 1]);
    if (is_border || starts_word) {
      if (is_hit()) return true;
      word.clear();
    }
    if (!is_border && word.size() < 32) word += to_lower(c);
  }
  return is_hit();
}

}  // namespace

bool is_named_main_text(const HtmlTree& tree, const HtmlNode& node) {
  const HtmlAttributes* names = attributes_of(tree, node);
  if (names == nullptr || !has_trait(node.tag, kBlock)) return false;
  return names->itemprop == "articleBody" || any_name(names->id, is_main_text_name) ||
         any_name(names->class_names, is_main_text_name);
}

bool is_named_boilerplate(const HtmlTree& tree, const HtmlNode& node) {
  const HtmlAttributes* names = attributes_of(tree, node);
  if (names == nullptr || !has_trait(node.tag, kBlock)) return false;
  return names->role == "navigation" || names->role == "banner" || names->role == "contentinfo" ||
         names->role == "complementary" || names->role == "search" || names->role == "dialog" ||
         any_name(names->id, has_boilerplate_word) || any_name(names->class_names, has_boilerplate_word);
}

}  // namespace ktlm::text
