// Real pages, which lie beside the checkout: no markup may be left in what comes out.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
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

TEST(WikitextPages, KoreanPagesKeepTheirSentences) {
  const auto pages = files_in(kWikitextDir / "pages");
  if (pages.empty()) GTEST_SKIP() << "no pages in " << kWikitextDir;
  std::string all;
  for (const auto& path : pages) {
    const std::string text = wikitext_to_text(read_text(path));
    expect_no_markup(text, path.string());
    all += text + "\n";
  }
  for (const char* sentence : {
           "베를린(독일어: Berlin)은 독일의 수도이다. 2014년 12월 현재 인구 3,562,166명으로, 독일 내",
           "최대 도시이기도 하다. 독일 북동부 슈프레강과 하펠강 연안에 있다.",
           "한자로 음차해서 백림(伯林)이라고도 한다.\n\n역사\n\n초기 역사\n약 1,500년 전에는",
           "그는 브란덴부르크주를 1640년부터 1688년까지 통치하였고",
           "\n- 로스앤젤레스 (1967년)\n- 파리 (1987년)\n",
           "조지 월턴 루카스 주니어(George Walton Lucas, Jr., 1944년 5월 14일 ~ )는 미국의 영화 제작자이자",
           "회장 겸 최고경영자(CEO)였다.\n\n상세\n",
           "카터 주니어(영어: James Earl \"Jimmy\" Carter, Jr., 1924년 10월 1일 ~ )는 민주당 출신",
           "공화당의 반대로 무산되었다.\n",
           "각 토큰은 워드 임베딩 테이블에서 조회를 통해 벡터로 변환된다. 각 레이어에서",
           "주요 돌파구는 LSTM (1995)이었다. LSTM은 소실 경사 문제를",
           "각각의 상태로 잡을 때 이것들의 집합으로 정의되는 공간으로 보고",
       }) {
    EXPECT_NE(all.find(sentence), std::string::npos) << sentence;
  }
  for (const char* gone :
       {"섬네일", "분류:", "각주", "외부 링크", "wikitable", "10115", "서적 인용", "기본정렬", "250px"}) {
    EXPECT_EQ(all.find(gone), std::string::npos) << gone;
  }
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
