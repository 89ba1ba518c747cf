#include "ktlm/core/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktlm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a page of someone else's making may hold as its title.
constexpr const char* kHostile = "</script><img src=x onerror='alert(1)'>\"&amp;\x01";

TEST(HtmlPage, ShowsMarkupOfTheDataAsText) {
  EXPECT_EQ(Html::text(kHostile).str(),
            "&lt;/script&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;amp;\xef\xbf\xbd");
  EXPECT_EQ(Html::text("한글\n\t").str(), "한글\n\t");
}

TEST(HtmlPage, EscapesDataWhereverItEnters) {
  const Html body = html_section(kHostile, html_key_figures({{kHostile, kHostile, kHostile}}) +
                                               html_details(Html::text(kHostile), Html::text(kHostile)) +
                                               html_table({{kHostile, true}}, {{Html::text(kHostile)}}));
  const std::string page = html_page(kHostile, kHostile, body);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("</script")));
}

TEST(HtmlPage, FetchesNothingAndRunsNothing) {
  const std::string page = html_page("title", "subtitle", Html());
  for (const char* outside : {"http", "url(", "@import", "<script", "<link", "src="})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

TEST(HtmlPage, SetsNumbersToTheRight) {
  const std::string table =
      html_table({{"reason"}, {"documents", true}}, {{Html::text("redirect"), Html::text("17")}}).str();
  EXPECT_THAT(table, HasSubstr("<th>reason</th><th class=\"number\">documents</th>"));
  EXPECT_THAT(table, HasSubstr("<tr><td>redirect</td><td class=\"number\">17</td></tr>"));
}

TEST(HtmlPage, GroupsDigitsByThree) {
  EXPECT_EQ(format_grouped(0), "0");
  EXPECT_EQ(format_grouped(999), "999");
  EXPECT_EQ(format_grouped(1000), "1,000");
  EXPECT_EQ(format_grouped(-123'456), "-123,456");
  EXPECT_EQ(format_grouped(12'345'678), "12,345,678");
}

TEST(HtmlPage, RoundsNoShareToNothingOrAll) {
  EXPECT_EQ(format_share(0), "0.0 %");
  EXPECT_EQ(format_share(0.0001), "< 0.1 %");
  EXPECT_EQ(format_share(0.1234), "12.3 %");
  EXPECT_EQ(format_share(0.9999), "> 99.9 %");
  EXPECT_EQ(format_share(1), "100.0 %");
}

TEST(HtmlTwoViews, ShowsTheFirstAtFirstAndEscapesTheNames) {
  const std::string views = html_two_views("x", {"<b>", Html::text("one")}, {"time", Html::text("two")}).str();
  EXPECT_THAT(views,
              HasSubstr("<input type=\"radio\" name=\"x\" id=\"x-1\" checked><label for=\"x-1\">&lt;b&gt;</label>"));
  EXPECT_THAT(views, HasSubstr("id=\"x-2\"><label for=\"x-2\">time</label>"));
  EXPECT_THAT(views, HasSubstr("<div>one</div>\n<div>two</div>"));
}

}  // namespace
}  // namespace ktlm
