// Whole pages as sites build them, written for this project, against their main text as a person marked it: PAGE.html
// and PAGE.txt in tests/data/html. The first line of PAGE.txt is the heading that names the page; it may be in the text
// or not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "ktlm/text/html.h"
#include "text/text_files.h"

namespace ktlm::text {
namespace {

/// The lines of `text` that are not empty, without the marks of list items.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("- ")) line.erase(0, 2);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

struct Page {
  std::vector<std::string> found;
  std::vector<std::string> expected;
};
Page read_page(const std::string& name) {
  const std::filesystem::path page = std::filesystem::path(KTLM_TEST_DATA_DIR) / "html" / (name + ".html");
  EXPECT_TRUE(std::filesystem::exists(page)) << page;
  const std::string marked = read_text(std::filesystem::path(page).replace_extension(".txt"));
  const std::string heading = marked.substr(0, marked.find('\n'));
  std::vector<std::string> expected = lines_of(marked);
  std::vector<std::string> found = lines_of(html_to_text(read_text(page)).text);
  std::erase(expected, heading);
  std::erase(found, heading);
  return {found, expected};
}

void expect_main_text(const std::string& name) {
  const auto [found, expected] = read_page(name);
  EXPECT_EQ(found, expected);
}

TEST(HtmlPages, ANewsArticleWithoutMenusRelatedArticlesAndComments) { expect_main_text("news"); }
TEST(HtmlPages, AnArticleThatNoNameMarks) { expect_main_text("news_unnamed"); }
TEST(HtmlPages, ABlogPostOfShortLines) { expect_main_text("blog"); }
TEST(HtmlPages, AQuestionOnABoardWithoutItsAnswers) { expect_main_text("forum"); }
TEST(HtmlPages, DocumentationWithItsCode) { expect_main_text("docs"); }
TEST(HtmlPages, ARecipeWithItsLists) { expect_main_text("recipe"); }
TEST(HtmlPages, APageThatIsAllList) { expect_main_text("list"); }
TEST(HtmlPages, MarkupWithoutEndTagsAndWithWrongOnes) { expect_main_text("broken"); }
TEST(HtmlPages, ATableForTheSakeOfTheLayoutIsNoTable) { expect_main_text("layout_table"); }
TEST(HtmlPages, AFormAroundThePageIsNoForm) { expect_main_text("form_page"); }
TEST(HtmlPages, AnEncyclopediaWithoutItsApparatus) { expect_main_text("wiki"); }
TEST(HtmlPages, AnEssayKeepsItsShortParagraphs) { expect_main_text("essay"); }
TEST(HtmlPages, APublicNoticeInATable) { expect_main_text("gov"); }
TEST(HtmlPages, AChapterOfDialogueBesideLongerComments) { expect_main_text("novel"); }
TEST(HtmlPages, APortalsArticleWithoutCaptionsAndAddresses) { expect_main_text("portal_news"); }
TEST(HtmlPages, ABlogPostWithCodeAndAQuotation) { expect_main_text("tistory"); }
TEST(HtmlPages, AMagazineByAPublishingSystem) { expect_main_text("magazine"); }
TEST(HtmlPages, AReviewWithoutCommentsThatNoNameMarks) { expect_main_text("shop_review"); }
TEST(HtmlPages, APressReleaseWithoutItsTableAndContact) { expect_main_text("press"); }
TEST(HtmlPages, ALetterOfShortLines) { expect_main_text("school"); }

TEST(HtmlPages, AQuestionWithAllItsAnswers) {
  const auto [found, expected] = read_page("qna");
  for (const std::string& line : expected) EXPECT_THAT(found, ::testing::Contains(line));
}

TEST(HtmlPages, FramesHoldNoText) { expect_main_text("frames"); }

}  // namespace
}  // namespace ktlm::text
