#include "mediawiki_reader.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "error_message.h"

namespace ktlm::corpus {
namespace {

using test::dump_of;
using test::error_message;
using test::page_of;

std::vector<RawDocument> read(const std::string& xml, size_t step = SIZE_MAX) {
  test::MemorySource source(xml, step);
  return test::collect([&](const EmitDocument& emit) {
    EXPECT_EQ(read_mediawiki(source, "dump.xml", emit), static_cast<int64_t>(xml.size()));
  });
}

TEST(MediawikiReader, AnArticleComesWithItsTextTitleAndId) {
  const auto pages =
      read(dump_of(page_of("서울 &amp; 한강", 12, "'''서울'''은 &lt;b&gt;수도&lt;/b&gt;이다.\n둘째 줄.")));
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].id, "kowiki:12");
  EXPECT_EQ(pages[0].title, "서울 & 한강");
  EXPECT_EQ(pages[0].source, "kowiki");
  EXPECT_EQ(pages[0].body, "'''서울'''은 <b>수도</b>이다.\n둘째 줄.");
  EXPECT_EQ(pages[0].form, RawForm::kWikitext);
  EXPECT_EQ(pages[0].dropped, DropReason::kNone);
}

TEST(MediawikiReader, ReadsTheSameInAnySteps) {
  const std::string xml =
      dump_of(page_of("가", 1, "한글과 漢字와 🙂 그림") + page_of("나", 2, "둘째 &#xAC00; 글"));
  for (const size_t step : {1, 2, 3, 5, 7}) {
    const auto pages = read(xml, step);
    ASSERT_EQ(pages.size(), 2U);
    EXPECT_EQ(pages[0].body, "한글과 漢字와 🙂 그림");
    EXPECT_EQ(pages[0].utf8_repairs, 0);
    EXPECT_EQ(pages[1].body, "둘째 가 글");
  }
}

TEST(MediawikiReader, WhatIsNoArticleIsCountedAsDropped) {
  const std::string redirect =
      "<page><title>넘</title><ns>0</ns><id>3</id><redirect title=\"서울\" /><revision><text>#넘겨주기 [[서울]]</text>"
      "</revision></page>";
  const auto pages = read(dump_of(page_of("토론:서울", 1, "의견", 1) + redirect + page_of("쪽", 4, "{}", 0, "json")));
  ASSERT_EQ(pages.size(), 3U);
  EXPECT_EQ(pages[0].dropped, DropReason::kOtherNamespace);
  EXPECT_EQ(pages[1].dropped, DropReason::kRedirect);
  EXPECT_EQ(pages[2].dropped, DropReason::kNotWikitext);
  for (const RawDocument& page : pages) EXPECT_EQ(page.body, "");
}

TEST(MediawikiReader, OfSeveralRevisionsTheLastCounts) {
  const auto pages = read(dump_of(
      "<page><title>가</title><ns>0</ns><id>3</id><revision><id>1</id><model>json</model><text>옛 글</text></revision>"
      "<revision><id>2</id><text>새 글</text></revision></page>"));
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].id, "kowiki:3");
  EXPECT_EQ(pages[0].body, "새 글");
  EXPECT_EQ(pages[0].dropped, DropReason::kNone);
}

// Export-0.11 puts the other slots of a revision into <content>, each with a model and a text of its own.
TEST(MediawikiReader, OnlyTheMainSlotIsRead) {
  const auto pages = read(
      dump_of("<page><title>가</title><ns>0</ns><id>3</id><revision><id>2</id><model>wikitext</model><text>본문</text>"
              "<content><role>metadata</role><model>json</model><text>{}</text></content></revision></page>"));
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].body, "본문");
  EXPECT_EQ(pages[0].dropped, DropReason::kNone);
}

TEST(MediawikiReader, TextThatWasDeletedIsEmpty) {
  const auto pages =
      read(dump_of("<page><title>가</title><ns>0</ns><id>3</id><revision><text deleted=\"deleted\" />"
                   "</revision></page>" +
                   page_of("나", 4, "남은 글")));
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].body, "");
  EXPECT_EQ(pages[1].body, "남은 글");
}

TEST(MediawikiReader, OlderSchemasWithoutNamespacesRead) {
  const auto pages = read(
      "<mediawiki version=\"0.3\"><page><title>가</title><id>1</id><revision><text>글</text></revision>"
      "</page></mediawiki>");
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].body, "글");
  EXPECT_EQ(pages[0].id, "1");
}

TEST(MediawikiReader, MalformedUtf8IsRepairedAndCounted) {
  for (const size_t step : {size_t{1}, size_t{4}, SIZE_MAX}) {
    const auto pages = read(dump_of(page_of("가", 1, "온\xEA\xB0글\xFF끝") + page_of("나", 2, "성한 글")), step);
    ASSERT_EQ(pages.size(), 2U);
    EXPECT_EQ(pages[0].body, "온\uFFFD글\uFFFD끝");
    int64_t repairs = 0;
    for (const RawDocument& page : pages) repairs += page.utf8_repairs;
    EXPECT_EQ(repairs, 2);
  }
}

TEST(MediawikiReader, CharactersThatXmlForbidsDoNotStopIt) {
  for (const size_t step : {size_t{1}, SIZE_MAX}) {
    const auto pages = read(dump_of(page_of("가", 1, "앞\x0B\x01뒤\uFFFE\uFFFF끝\t.\uFFE6")), step);
    ASSERT_EQ(pages.size(), 1U);
    EXPECT_EQ(pages[0].body, "앞\x7F\x7F뒤\uFFFD\uFFFD끝\t.\uFFE6");
  }
}

TEST(MediawikiReader, ATruncatedDumpNamesThePlace) {
  const std::string xml = dump_of(page_of("가", 1, "하나") + page_of("나", 2, "둘째 문서의 글"));
  const size_t in_text = xml.find("둘째");
  std::vector<RawDocument> pages;
  const auto read_part = [&](size_t size) {
    test::MemorySource source(xml.substr(0, size));
    read_mediawiki(source, "dump.xml", [&](RawDocument&& page) { pages.push_back(std::move(page)); });
  };
  EXPECT_EQ(error_message([&] { read_part(in_text); }),
            "dump.xml: line 27, byte " + std::to_string(in_text) +
                ": the XML ends inside the page \"나\" (an unfinished download?); fetch the file again");
  EXPECT_EQ(pages.size(), 1U);
  EXPECT_EQ(error_message([&] { read_part(xml.rfind("</mediawiki>")); }),
            "dump.xml: line 30, byte " + std::to_string(xml.rfind("</mediawiki>")) +
                ": the XML ends before </mediawiki> (an unfinished download?); fetch the file again");
}

TEST(MediawikiReader, DamagedXmlNamesThePlace) {
  const std::string xml = dump_of(page_of("가", 1, "한 </b> 글"));
  test::MemorySource source(xml);
  EXPECT_EQ(error_message([&] { read_mediawiki(source, "dump.xml", [](RawDocument&&) {}); }),
            "dump.xml: line 15, byte " + std::to_string(xml.find("</b>") + 2) +
                ": damaged XML: mismatched tag in the page \"가\"; fetch the file again");
}

TEST(MediawikiReader, WhatIsNoDumpIsRefused) {
  EXPECT_EQ(error_message([] { read("{\"text\": \"글\"}\n"); }),
            "dump.xml: is no XML; expected a MediaWiki export, choose another --format");
  EXPECT_EQ(error_message([] { read(""); }),
            "dump.xml: is no XML; expected a MediaWiki export, choose another --format");
  EXPECT_EQ(error_message([] { read("<html><body/></html>"); }),
            "dump.xml: its outermost element is <html>, expected <mediawiki>; choose another --format");
}

}  // namespace
}  // namespace ktlm::corpus
