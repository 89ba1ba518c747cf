#include "text_readers.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"

namespace ktlm::corpus {
namespace {

std::vector<RawDocument> read_as_text(const std::string& content, size_t step = SIZE_MAX) {
  test::MemorySource source(content, step);
  return test::collect([&](const EmitDocument& emit) {
    EXPECT_EQ(read_text(source, "novels/책.txt", emit), static_cast<int64_t>(content.size()));
  });
}

TEST(JsonlReader, EachLineThatIsNotBlankIsADocumentWithItsPlace) {
  test::MemorySource source("{\"text\":\"가\"}\n\n  \n{\"text\":\"나\"}\r\nno json");
  const auto lines = test::collect([&](const EmitDocument& emit) { read_jsonl(source, "a.jsonl", emit); });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].body, "{\"text\":\"가\"}");
  EXPECT_EQ(lines[1].body, "{\"text\":\"나\"}");
  EXPECT_EQ(lines[1].where, "a.jsonl:4");
  EXPECT_EQ(lines[1].id, "a.jsonl:4");
  EXPECT_EQ(lines[2].body, "no json");
}

TEST(TextReader, AFileIsOneDocument) {
  const auto documents = read_as_text("첫 줄\n\n둘째 단락\n");
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents[0].body, "첫 줄\n\n둘째 단락\n");
  EXPECT_EQ(documents[0].id, "novels/책.txt");
  EXPECT_EQ(documents[0].title, "책");
}

TEST(TextReader, AnEmptyFileIsAnEmptyDocument) {
  const auto documents = read_as_text("");
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(documents[0].body, "");
}

TEST(TextReader, ALongFileIsCutBehindBlankLines) {
  std::string content;
  for (int i = 0; content.size() < 1'000'000; ++i)
    content += test::sentence(i) + "\n" + test::sentence(i + 1) + (i % 5 == 0 ? "\r\n\r\n" : "\n");
  for (const size_t step : {size_t{999}, SIZE_MAX}) {
    const auto documents = read_as_text(content, step);
    ASSERT_EQ(documents.size(), 3U);
    std::string joined;
    for (size_t i = 0; i < documents.size(); ++i) {
      EXPECT_EQ(documents[i].id, "novels/책.txt:" + std::to_string(i + 1));
      if (i + 1 < documents.size()) {
        EXPECT_GE(documents[i].body.size(), kTextPieceBytes);
        EXPECT_LT(documents[i].body.size(), kTextPieceBytes + 2000);
        EXPECT_EQ(documents[i + 1].body.substr(0, 2), "\r\n");  // the blank line itself opens the next piece
      }
      joined += documents[i].body;
    }
    EXPECT_TRUE(joined == content);
  }
}

TEST(TextReader, WithoutBlankLinesItIsCutBehindALine) {
  std::string content;
  for (int i = 0; content.size() < 1'000'000; ++i) content += test::sentence(i) + "\n";
  std::string joined;
  for (const RawDocument& document : read_as_text(content)) {
    EXPECT_EQ(document.body.back(), '\n');
    EXPECT_LE(document.body.size(), 2 * kTextPieceBytes);
    joined += document.body;
  }
  EXPECT_TRUE(joined == content);
}

TEST(TextReader, ALongLineIsCutBetweenSentences) {
  std::string content, joined;
  while (content.size() < 1'000'000) content += "그는 3.5 km를 걸었다. \"정말이에요?\" 하고 물었다. ";
  const auto documents = read_as_text(content);
  ASSERT_GT(documents.size(), 1U);
  for (const RawDocument& document : documents) {
    EXPECT_EQ(document.body.substr(document.body.size() - 5), "다. ") << document.id;
    joined += document.body;
  }
  EXPECT_TRUE(joined == content);
}

TEST(TextReader, OneEndlessLineIsCutBetweenCharacters) {
  std::string content;
  while (content.size() < 1'000'000) content += "가🙂a";
  std::string joined;
  for (const RawDocument& document : read_as_text(content)) {
    EXPECT_NE(static_cast<unsigned char>(document.body.front()) & 0xC0, 0x80) << "begins inside a character";
    joined += document.body;
  }
  EXPECT_TRUE(joined == content);
}

TEST(PageReader, TheWholeFileIsOneDocument) {
  test::MemorySource source("<html>\n\n</html>", 3);
  const auto pages =
      test::collect([&](const EmitDocument& emit) { read_page(source, "a/쪽.html", RawForm::kHtml, emit); });
  ASSERT_EQ(pages.size(), 1U);
  EXPECT_EQ(pages[0].body, "<html>\n\n</html>");
  EXPECT_EQ(pages[0].form, RawForm::kHtml);
  EXPECT_EQ(pages[0].id, "a/쪽.html");
}

TEST(TitleFromName, DropsFolderExtensionsAndUnderscores) {
  EXPECT_EQ(title_from_name("novels/메밀꽃_필_무렵.txt.gz"), "메밀꽃 필 무렵");
  EXPECT_EQ(title_from_name("README"), "README");
  EXPECT_EQ(title_from_name("standard input"), "standard input");
}

}  // namespace
}  // namespace ktlm::corpus
