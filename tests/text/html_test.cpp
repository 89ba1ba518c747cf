#include "ktlm/text/html.h"

#include <gtest/gtest.h>

#include <string>

#include "ktlm/core/random.h"
#include "ktlm/text/utf8.h"
#include "text/text_files.h"

namespace ktlm::text {
namespace {

std::string text_of(std::string_view body) {
  return html_to_text("<html><body>" + std::string(body) + "</body></html>").text;
}

TEST(Html, TitleHeadingsParagraphsAndLists) {
  const HtmlText page = html_to_text(
      "<!DOCTYPE html><html><head><title> 강의\n 이름 </title></head><body><h1>강</h1><p>물이 <b>흐르는</b>\n "
      "곳이다.</p>"
      "<h2>종류</h2><ul><li>한강</li><li>낙동강</li></ul><p>끝.</p></body></html>");
  EXPECT_EQ(page.title, "강의 이름");
  EXPECT_EQ(page.text, "강\n물이 흐르는 곳이다.\n\n종류\n- 한강\n- 낙동강\n\n끝.");
}

TEST(Html, TheFirstHeadingServesAsTitle) { EXPECT_EQ(html_to_text("<h1>제목</h1><p>글</p>").title, "제목"); }

TEST(Html, WhatIsNoProseGoes) {
  EXPECT_EQ(
      text_of("<header>배너</header><nav><a href=x>메뉴</a></nav><script>var a = '<p>b</p>';</script><style>p{}</style>"
              "<p>글이다.</p><form>검색<input></form><table><tr><td>칸</td></tr></table><aside>곁</aside>"
              "<p hidden>숨김</p><p style='display: none'>숨김</p><footer>바닥</footer>"),
      "글이다.");
}

TEST(Html, BlocksOfLinksAreMenus) {
  EXPECT_EQ(
      text_of(
          "<ul><li><a href=1>처음</a></li><li><a href=2>다음</a></li></ul><p><a href=3>한강</a>은 서울을 흐른다.</p>"),
      "한강은 서울을 흐른다.");
}

TEST(Html, TheMainElementIsTakenWhereThePageNamesIt) {
  EXPECT_EQ(text_of("<p>밖</p><main><header><h1>제목</h1></header><p>안</p></main>"), "제목\n안");
  EXPECT_EQ(text_of("<div>밖</div><article><p>안</p></article>"), "안");
  EXPECT_EQ(text_of("<article>하나</article><article>둘</article>"), "하나\n\n둘");
  EXPECT_EQ(text_of("<main></main><p>밖</p>"), "밖");
}

TEST(Html, AListOfAllTheProseKeepsItsHeadingAndLead) {
  const std::string step = "축을 고르고 서식 메뉴에서 눈금의 간격을 정한 다음 확인 단추를 누릅니다.";
  const std::string items = "<li><p>" + step + "</p></li>";
  const std::string list = items + items + items + items;
  const std::string written = "\n- " + step;
  const std::string lead = "차트 축\n축을 편집하려면\n" + written + written + written + written;
  for (const std::string tag : {"ol", "ul"}) {
    const std::string page = "<h1>차트 축</h1><p>축을 편집하려면</p><" + tag + ">" + list + "</" + tag + ">";
    EXPECT_EQ(text_of("<div id=content>" + page + "</div>"), lead) << tag;
    EXPECT_EQ(text_of("<div><a href=a>가</a> <a href=b>나</a></div><div>" + page + "</div>"), lead) << tag;
  }
  const std::string nested = text_of("<div><h1>차트 축</h1><ul><li>축<ol>" + list + "</ol></ul></div>");
  EXPECT_TRUE(nested.starts_with("차트 축\n")) << nested;
  const std::string terms =
      text_of("<div><h1>차트 축</h1><dl><dt>축<dd>" + step + step + "<dt>눈금<dd>" + step + step + "</dl></div>");
  EXPECT_TRUE(terms.starts_with("차트 축\n")) << terms;
}

TEST(Html, LineBreaksAndPreformattedText) {
  EXPECT_EQ(text_of("<p>가<br>나<br/> 다</p><pre>  a\n    b</pre>"), "가\n나\n다\n\n  a\n    b");
}

TEST(Html, EntitiesAreDecoded) { EXPECT_EQ(text_of("<p>A&amp;B &lt;b&gt; &hellip; &#44032;</p>"), "A&B <b> … 가"); }

TEST(Html, BrokenMarkupIsRepaired) {
  EXPECT_EQ(text_of("<p>첫째<p>둘째 <b>굵게 <i>기운</b> 글</i><ul><li>하나<li>둘</ul></div></p>"),
            "첫째\n\n둘째 굵게 기운 글\n\n- 하나\n- 둘");
  EXPECT_EQ(html_to_text("꼬리표 없는 글").text, "꼬리표 없는 글");
  EXPECT_TRUE(html_to_text("<p>끊긴 글 <a href=\"x").text.starts_with("끊긴 글"));
}

TEST(Html, AnyBytesGiveValidText) {
  EXPECT_EQ(html_to_text("").text, "");
  EXPECT_TRUE(is_valid_utf8(html_to_text(std::string("<p>\xFF\xEA\xB0 a\0b</p>", 15)).text));
  const char* pieces[] = {"<p>",   "</p>",     "<div", ">",       "<",        "가",        " ",      "&amp;",
                          "&#x",   ";",        "\xFF", "<table>", "<li>",     "</ul>",     "<!--",   "-->",
                          "<pre>", "<a href=", "\"",   "<h1>",    "<script>", "</script>", "<main>", "글자"};
  Random random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string page;
    for (uint64_t n = random.below(30); n > 0; --n) page += pieces[random.below(std::size(pieces))];
    ASSERT_TRUE(is_valid_utf8(html_to_text(page).text)) << page;
  }
}

TEST(Html, DeepNestingKeepsTheText) {
  std::string page;
  for (int i = 0; i < 100'000; ++i) page += "<div><span>";
  EXPECT_EQ(html_to_text(page + "글").text, "글");
}

// Each of these takes quadratic time where end tags, attributes or subtrees are searched for one by one.
TEST(Html, HostileMarkupTakesLinearTime) {
  const auto repeat = [](std::string_view piece) {
    std::string page;
    for (int i = 0; i < 100'000; ++i) page += piece;
    return page;
  };
  EXPECT_EQ(html_to_text(repeat("<div>") + "글" + repeat("</span></b></p></td>")).text, "글");
  EXPECT_EQ(html_to_text(repeat("<a b=\"") + "글").text, "");
  EXPECT_EQ(html_to_text(repeat("<script>") + "글").text, "");
  EXPECT_EQ(html_to_text(repeat("<title>") + "글").text, "");
  EXPECT_EQ(html_to_text(repeat("<table><tr><td>") + repeat("</div>")).text, "");
  EXPECT_FALSE(html_to_text(repeat("<div class=\"article_view nav\">이 글은 문장으로 보일 만큼은 길다.")).text.empty());
  EXPECT_EQ(html_to_text(repeat("<")).text.size(), 100'000U);
  for (const char* piece : {"<!--", "<!-- --!", "<!-- --", "<svg>", "<svg><foreignObject>", "<svg><div>", "<math><p>",
                            "<select>", "<select><p>", "<button>", "<button><div>", "</button>", "<body>", "</body>",
                            "<head>", "<html><head><title>a</title></head><body>", "<head><p>", "<p></svg>"})
    EXPECT_EQ(html_to_text(repeat(piece) + repeat("</div></svg></b>")).text, "") << piece;
}

TEST(Html, WhatReadersWroteGoesWithItsHeading) {
  const std::string prose = "<p>강은 산에서 시작해 들을 지나 바다로 흘러가는 큰 물줄기를 말한다.</p>";
  const std::string comment = "<p>글쓴이에게 묻고 싶은 것이 있습니다. 강은 모두 바다로 흘러갑니까?</p>";
  for (const std::string heading : {"댓글", "댓글 2", "댓글목록", "전체 댓글 (12)", "댓글 3개", "Comments (3)"})
    EXPECT_EQ(text_of(prose + "<h3>" + heading + "</h3>" + comment).find("글쓴이"), std::string::npos) << heading;
  for (const std::string heading : {"댓글을 읽는 법", "댓글 문화의 역사"})
    EXPECT_NE(text_of(prose + "<h3>" + heading + "</h3>" + comment).find("글쓴이"), std::string::npos) << heading;
}

TEST(Html, MarksOfWikisGo) {
  EXPECT_EQ(text_of("<h2>이름 <a href=e>[편집]</a></h2><p>강이다.<a href=f>[3]</a> [가]와 [5]는 글이다.</p>"),
            "이름\n강이다. [가]와 [5]는 글이다.");
}

TEST(Html, EndTagsReachNoFurtherThanTheirTable) {
  EXPECT_EQ(text_of("<main><table><tr><td></div></main></td></tr></table>글</main><p>밖</p>"), "글");
}

TEST(Html, AHiddenInlineElementEndsWhereItIsClosed) {
  EXPECT_EQ(text_of("<p>가<span style='display:none'>나</span>다 <span class=blind>라</span>마</p>"), "가다 마");
}

TEST(Html, AHeadingIsEndedByAnyHeadingsEndTag) { EXPECT_EQ(text_of("<h2>제목</h3>글<p>글</p>"), "제목\n글\n\n글"); }

TEST(Html, AQuotationMarkThatNeverComesAgainTakesNothing) {
  EXPECT_EQ(text_of("<p>앞</p><a href=\"x.html>고리</a><p>뒤</p>"), "앞\n\n뒤");
}

TEST(Html, TextAroundTheBodyStays) {
  EXPECT_EQ(html_to_text("<html><body><p>안</p></body>뒤<p>더 뒤</p></html><p>끝</p>").text, "안\n\n뒤\n\n더 뒤\n\n끝");
  EXPECT_EQ(html_to_text("<html><head><title>이름</title></head><p>앞</p><body class=a><p>안</p></body></html>").text,
            "앞\n\n안");
  EXPECT_EQ(html_to_text("앞<body>안</body>").text, "앞안");
  EXPECT_EQ(html_to_text("<html><head></head><body>하나</body></html><html><head><title>둘째</title></head><body><p>둘"
                         "</p></body></html>")
                .text,
            "하나\n\n둘");
  EXPECT_EQ(html_to_text("<html><head><title>이름</title><body style='visibility: hidden'><p>안</p>").text, "안");
}

TEST(Html, WhatTheHeadHidesStaysHidden) {
  for (const std::string hidden :
       {"<noscript><div>가</div></noscript>", "<template><p>가</p></template>", "<noscript>가<img src=x></noscript>",
        "<template><template>가</template>", "<noscript><p>가"}) {
    EXPECT_EQ(html_to_text("<html><head>" + hidden + "<title>이름</title></head><body><p>글</p>").text, "글") << hidden;
    EXPECT_EQ(html_to_text(hidden + "<body><p>글</p>").text, "글") << hidden;
  }
  EXPECT_EQ(html_to_text("<noscript><div>가</div></noscript><p>글</p>").text, "글");
}

TEST(Html, CommentsEndAsInBrowsers) {
  for (const std::string comment : {"<!-- 가 -->", "<!-- 가 --!>", "<!-->", "<!--->", "<!---->", "<!--- 가 --->",
                                    "<!-- <!-- 가 -->", "<!-- --! > - -> 가 -->", "<!--!> 가 -->"})
    EXPECT_EQ(text_of("앞" + comment + " 뒤<p>끝</p>"), "앞 뒤\n\n끝") << comment;
}

TEST(Html, AnUnclosedElementWithoutProseTakesNoMoreThanItsLine) {
  for (const std::string element :
       {"<svg>", "<svg><path d=''/>", "<svg><g>", "<math>", "<math><mi>x", "<select>", "<select><option>가<option>나",
        "<select><option>가</option>", "<button>", "<button type=button>검색", "<svg><svg>", "<select><select>"}) {
    EXPECT_EQ(text_of("<p>앞</p>" + element + "<p>뒤</p><div>끝</div>"), "앞\n\n뒤\n\n끝") << element;
    EXPECT_EQ(text_of("<div><p>앞 " + element + "</p></div><table></table><p>뒤</p>"), "앞\n\n뒤") << element;
    EXPECT_EQ(text_of("<div><a href=x>" + element + "</a> 앞</div><p>뒤</p>"), "앞\n\n뒤") << element;
  }
  EXPECT_EQ(text_of("<button>가<p>앞</p><button>나</button><p>뒤</p>"), "앞\n\n뒤");
}

TEST(Html, ClosedElementsWithoutProseGoWhole) {
  EXPECT_EQ(text_of("<p>앞</p><button><div>단추</div></button><svg><foreignObject><div>그림</div></foreignObject></svg>"
                    "<svg><title>그림</title><text>글자</text></svg><select><option>가<hr><option>나</select>"
                    "<BUTTON><p>단추</p></BUTTON><math><mtext>식</mtext></math><p>뒤</p>"),
            "앞\n\n뒤");
  EXPECT_EQ(text_of("<button><div>단추</button><svg><foreignObject><div>그림</svg><p>뒤</p>"), "뒤");
}

TEST(Html, RealPagesKeepTheirTextAndLoseTheirMenus) {
  const std::filesystem::path folder = std::filesystem::path(KTLM_SHARED_DATA_DIR) / "sample/html";
  const auto pages = files_in(folder);
  if (pages.empty()) GTEST_SKIP() << "no pages in " << folder;
  for (const auto& path : pages) {
    const HtmlText page = html_to_text(read_text(path));
    EXPECT_FALSE(page.title.empty()) << path;
    EXPECT_GT(count_code_points(page.text), 200U) << path;
    for (const char* gone :
         {"Help content debug info", "D'oh!", "search-bar", "Module", "Index", "<p", "&nbsp;", "function"}) {
      EXPECT_EQ(page.text.find(gone), std::string::npos) << path << ": " << gone;
    }
  }
  const HtmlText page = html_to_text(read_text(folder / "border_paragraph.html"));
  EXPECT_EQ(page.title, "단락의 테두리 지정");
  EXPECT_EQ(
      page.text.find(
          "단락의 테두리 지정\n\n미리 정의된 테두리 스타일 설정\n- 테두리를 지정할 단락에 커서를 놓습니다.\n- 서식"),
      0U)
      << page.text;
}

}  // namespace
}  // namespace ktlm::text
