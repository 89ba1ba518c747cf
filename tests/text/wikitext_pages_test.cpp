// Real pages, which lie beside the checkout: no markup may be left in what comes out.
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ktlm/text/utf8.h"
#include "ktlm/text/wikitext.h"
#include "text/text_files.h"

namespace ktlm::text {
namespace {

const std::filesystem::path kWikitextDir = std::filesystem::path(KTLM_SHARED_DATA_DIR) / "wikitext";

void expect_no_markup(const std::string& text, std::string_view where) {
  EXPECT_TRUE(is_valid_utf8(text)) << where;
  for (const char* mark :
       {"{{", "}}", "[[", "]]", "{|", "|}", "<ref", "</", "<!--", "'''", "__NOTOC__", "&nbsp;", "\n\n\n", "\n|"}) {
    const size_t position = text.find(mark);
    EXPECT_EQ(position, std::string::npos) << where << ": " << text.substr(position < 60 ? 0 : position - 60, 120);
  }
}

// What a reader wants of a page, by hand: the page without the passages listed, with the others replaced, and then
// links, bold type, headings and lists as their words.
class Page {
 public:
  explicit Page(const std::string& name) : name_(name), text_(read_text(kWikitextDir / "pages" / name)) {}

  /// Each passage, from the first string through the second, stands in the page and goes.
  Page& without(const std::string& from, const std::string& through) {
    const size_t begin = text_.find(from);
    const size_t end = begin == std::string::npos ? begin : text_.find(through, begin);
    if (end == std::string::npos) {
      ADD_FAILURE() << name_ << " has no " << from << " ... " << through;
    } else {
      text_.erase(begin, end + through.size() - begin);
    }
    return *this;
  }
  Page& without(const std::string& passage) { return with(passage, ""); }
  Page& with(const std::string& passage, const std::string& words) {
    if (text_.find(passage) == std::string::npos) ADD_FAILURE() << name_ << " has no " << passage;
    replace_all(text_, passage, words);
    return *this;
  }

  std::string words() const {
    std::string text = std::regex_replace(text_, std::regex(R"(\[\[[^\[\]|]*\|([^\[\]]*)\]\])"), "$1");
    text = std::regex_replace(text, std::regex(R"(\[\[([^\[\]]*)\]\])"), "$1");
    replace_all(text, "'''", "");
    text = std::regex_replace(text, std::regex("\n*==+ ([^\n=]+) ==+\n*"), "\n\n$1\n");
    replace_all(text, "\n* ", "\n- ");
    text = std::regex_replace(text, std::regex("\n\n\n+"), "\n\n");
    const size_t begin = text.find_first_not_of('\n');
    return text.substr(begin, text.find_last_not_of('\n') - begin + 1);
  }

 private:
  static void replace_all(std::string& text, const std::string& passage, const std::string& words) {
    for (size_t begin = 0; (begin = text.find(passage, begin)) != std::string::npos; begin += words.size()) {
      text.replace(begin, passage.size(), words);
    }
  }

  std::string name_;
  std::string text_;
};

TEST(WikitextPages, KoreanPagesGiveTheTextWrittenDownByHand) {
  if (files_in(kWikitextDir / "pages").empty()) GTEST_SKIP() << "no pages in " << kWikitextDir;
  const auto expect_words = [](const std::string& name, const Page& page) {
    EXPECT_EQ(wikitext_to_text(read_text(kWikitextDir / "pages" / name)), page.words()) << name;
  };

  Page search("상태_공간_탐색.wiki");
  search.without("{{출처 필요|날짜=2017-11-08}}").without("{{토막글", "}}").without("[[분류:", "검색 알고리즘]]");
  expect_words("상태_공간_탐색.wiki", search);

  Page lucas("조지_루카스_발췌.wiki");
  lucas.without("{{영화인 정보", "\n}}").without("<ref>{{서적", "</ref>").without("<ref>{{뉴스", "</ref>");
  lucas.without("{{스타 워즈}}", "머데스토 출신]]");
  expect_words("조지_루카스_발췌.wiki", lucas);

  Page carter("지미_카터_발췌.wiki");
  carter.without("{{국가원수 정보", "\n}}")
      .with("{{llang|en|James Earl \"Jimmy\" Carter, Jr.}}", "영어: James Earl \"Jimmy\" Carter, Jr.");
  carter.without("<ref>{{웹", "</ref>").without("[[파일:", "카터]]\n").without("<ref>[http", "연설]</ref>");
  expect_words("지미_카터_발췌.wiki", carter);

  Page transformer("트랜스포머_발췌.wiki");
  transformer.without("{{기계 학습|", "사용한다.]]\n").without("<ref name=\"2017", "</ref>").without("<ref>", "</ref>");
  transformer.without("{{참고|기계 학습 연표}}\n")
      .without("{{주태그|", "줄였다.}}")
      .without("== 각주 ==", "소프트웨어]]");
  expect_words("트랜스포머_발췌.wiki", transformer);

  Page berlin("베를린.wiki");
  berlin.without("{{다른 뜻}}", "마이클 뮬러}}\n").without("[[파일:Berlin Reichstag", "Berlin Ampelmann]]\n");
  berlin.with("{{llang|de|Berlin}} {{IPA-all|bɛɐˈliːn}} {{소리|de-Berlin.ogg}}", "독일어: Berlin");
  berlin.without("[[파일:Berlin, administrative", "행정 구역]]\n").without("{| class=", "\n|}\n");
  berlin.without("{{historical populations", "{{-}}\n").without("== 기후 ==", "|date=April 2013}}\n");
  berlin.without("== 각주 ==", "가맹도시]]");
  // A legend shows a colour beside its words, a flag the country's name.
  for (const char* colour : {"#EB001F", "#BE3075", "#64A12D", "#000000", "#009EE0", "#FFED00"}) {
    berlin.without(std::string("{{범례|") + colour + "|");
  }
  berlin.with("석)}}", "석)").with("{{국기나라|영국}}", "영국");
  const std::vector<std::pair<std::string, std::string>> countries = {
      {"USA", "미국"},       {"FRA", "프랑스"},       {"ESP", "스페인"}, {"TUR", "튀르키예"},
      {"POL", "폴란드"},     {"RUS", "러시아"},       {"HUN", "헝가리"}, {"BEL", "벨기에"},
      {"IDN", "인도네시아"}, {"UZB", "우즈베키스탄"}, {"MEX", "멕시코"}, {"CHN", "중화인민공화국"},
      {"JPN", "일본"},       {"ARG", "아르헨티나"},   {"CZE", "체코"},   {"NAM", "나미비아"}};
  for (const auto& [code, country] : countries) berlin.with("{{" + code + "}}", country);
  expect_words("베를린.wiki", berlin);
}

TEST(WikitextPages, EnglishPagesLeaveNoMarkup) {
  const auto pages = files_in(kWikitextDir / "parser-tests/wtf_wikipedia/tests/cache");
  if (pages.empty()) GTEST_SKIP() << "no parser tests in " << kWikitextDir;
  int num_with_text = 0;
  for (const auto& path : pages) {
    const std::string page = read_text(path);
    // Two were damaged on their way here: escaped for XML once too often, so that "<ref>" is text, and put on one line.
    const bool is_one_line = page.size() > 10'000 && page.find('\n') + 1 >= page.size();
    if (page.find("&lt;ref") != std::string::npos || is_one_line) continue;
    const std::string text = wikitext_to_text(page);
    expect_no_markup(text, path.filename().string());
    num_with_text += text.size() > 200 ? 1 : 0;
  }
  EXPECT_GT(num_with_text, 60);  // of 71: the others are redirects, tables, stubs
}

}  // namespace
}  // namespace ktlm::text
