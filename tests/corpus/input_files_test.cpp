#include "input_files.h"

#include <gtest/gtest.h>

#include "corpus_fixtures.h"
#include "error_message.h"
#include "parquet_reader.h"
#include "temporary_directory.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::error_message;

class InputFilesTest : public testing::Test {
 protected:
  std::vector<std::string> names(const std::vector<std::string>& inputs) {
    std::vector<std::string> all;
    for (const InputFile& file : list(inputs)) all.push_back(file.name);
    return all;
  }
  std::vector<InputFile> list(const std::vector<std::string>& inputs) {
    return list_input_files(inputs, folder_ / "out",
                            [this](const std::string& warning) { warnings_.push_back(warning); });
  }
  std::string put(const std::string& name, const std::string& content = "글") {
    return test::write_text(folder_ / name, content);
  }
  std::string path(const std::string& name) { return (folder_ / name).string(); }

  test::TemporaryDirectory folder_;
  std::vector<std::string> warnings_;
};

TEST_F(InputFilesTest, AFolderStandsForItsFilesInOrder) {
  for (const char* name : {"in/나.txt", "in/가.txt", "in/b/z.jsonl.zst", "in/b/a.HTML", "in/c.xml.bz2", "in/d.wiki"})
    put(name);
  EXPECT_EQ(names({path("in")}), (std::vector<std::string>{"in/b/a.HTML", "in/b/z.jsonl.zst", "in/c.xml.bz2",
                                                           "in/d.wiki", "in/가.txt", "in/나.txt"}));
  EXPECT_EQ(names({path("in") + "/"}), names({path("in")}));
  EXPECT_EQ(warnings_, std::vector<std::string>{});
}

TEST_F(InputFilesTest, HiddenAndOtherFilesAndTheOutputAreLeftOut) {
  for (const char* name : {"a.txt", ".hidden.txt", ".git/b.txt", "c.png", "d.pdf", "out/train-00000.jsonl.zst"})
    put(name);
  EXPECT_EQ(list({folder_.path().string()}).size(), 1U);
  EXPECT_EQ(warnings_, std::vector<std::string>{folder_.path().string() +
                                                ": 2 files of other kinds left out; name them to read them too"});
}

TEST_F(InputFilesTest, ParquetFilesOfAFolderAreLeftOutWhereTheyCannotBeRead) {
  for (const char* name : {"in/a.txt", "in/b.parquet", "in/c.Parquet"}) put(name);
  if (can_read_parquet()) {
    EXPECT_EQ(names({path("in")}), (std::vector<std::string>{"in/a.txt", "in/b.parquet", "in/c.Parquet"}));
    return;
  }
  const std::string warning = path("in") +
                              ": 2 Parquet files left out, which this ktlm was built without Arrow to read; run "
                              ".venv/bin/pip install pyarrow and build it again, or convert them to JSONL";
  EXPECT_EQ(names({path("in")}), std::vector<std::string>{"in/a.txt"});
  EXPECT_EQ(warnings_, std::vector<std::string>{warning});
  fs::remove(folder_ / "in/a.txt");
  EXPECT_EQ(error_message([&] { list({path("in")}); }), warning);
}

TEST_F(InputFilesTest, InputsKeepTheirOrderAndKnowTheirSize) {
  put("b.txt", "12345");
  put("a/x.txt");
  const auto files = list({path("b.txt"), "-", path("a")});
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].name, "b.txt");
  EXPECT_EQ(files[0].size_bytes, 5);
  EXPECT_EQ(files[1].path, "-");
  EXPECT_EQ(files[1].name, "standard input");
  EXPECT_EQ(files[2].input, 2U);
}

TEST_F(InputFilesTest, NamesAreUtf8WhateverTheFileSystemHolds) {
  std::error_code error;
  fs::create_directory(folder_ / "in", error);
  std::ofstream(folder_ / "in/\xC7\xD1.txt") << "글";
  if (!fs::exists(folder_ / "in/\xC7\xD1.txt")) GTEST_SKIP() << "this file system takes UTF-8 names alone";
  EXPECT_EQ(names({path("in")}), std::vector<std::string>{"in/\uFFFD\uFFFD.txt"});
  EXPECT_EQ(names({path("in/\xC7\xD1.txt")}), std::vector<std::string>{"\uFFFD\uFFFD.txt"});
}

TEST_F(InputFilesTest, DecomposedNamesOfMacOsAreComposed) {
  const std::string decomposed = "\u1112\u1161\u11AB\u1100\u1173\u11AF";
  put("in/" + decomposed + ".txt");
  EXPECT_EQ(names({path("in")}), std::vector<std::string>{"in/한글.txt"});
  EXPECT_EQ(names({path("in/" + decomposed + ".txt")}), std::vector<std::string>{"한글.txt"});
}

TEST_F(InputFilesTest, MissingAndEmptyInputsAreNamed) {
  EXPECT_EQ(error_message([&] { list({path("none.txt")}); }),
            path("none.txt") + ": can't be read: No such file or directory (errno 2)");
  put("pictures/a.png");
  EXPECT_EQ(error_message([&] { list({path("pictures")}); }),
            path("pictures") + ": holds no .txt, .text, .md, .jsonl, .json, .ndjson, .html, .htm, .xml, .xhtml" +
                (can_read_parquet() ? ", .wiki or .parquet" : " or .wiki") +
                " file; name the files and, with --format, what they are");
  put("out/a.txt");
  EXPECT_EQ(error_message([&] { list({path("out")}); }),
            path("out") + ": is both input and --out; choose another --out");
}

Format detect(const std::string& name, const std::string& content, const std::string& forced = "auto") {
  test::MemorySource source(content);
  return detect_format(name, source, forced);
}

TEST(DetectFormat, TheNameDecidesFirst) {
  EXPECT_EQ(detect("a.txt", "{\"text\": \"글\"}"), Format::kText);
  EXPECT_EQ(detect("a.md.gz", "<html>"), Format::kText);
  EXPECT_EQ(detect("a.jsonl.zst", "글"), Format::kJsonl);
  EXPECT_EQ(detect("a.NDJSON", "글"), Format::kJsonl);
  EXPECT_EQ(detect("a.htm", "글"), Format::kHtml);
  EXPECT_EQ(detect("a.wiki", "글"), Format::kWikitext);
}

TEST(DetectFormat, ElseTheContentDecides) {
  EXPECT_EQ(detect("kowiki.xml.bz2", "<mediawiki xmlns=\"...\">"), Format::kMediawiki);
  EXPECT_EQ(detect("a.xml", "<?xml version=\"1.0\"?>\n<!DOCTYPE HTML PUBLIC>\n<HTML>"), Format::kHtml);
  EXPECT_EQ(detect("standard input", "\n <mediawiki>"), Format::kMediawiki);
  EXPECT_EQ(detect("standard input", "<!doctype html><p>글"), Format::kHtml);
  EXPECT_EQ(detect("standard input", "{\"text\": \"글\"}"), Format::kJsonl);
  EXPECT_EQ(detect("a.json", "{\"text\": \"글\"}\n"), Format::kJsonl);
  EXPECT_EQ(detect("standard input", "{{틀}}\n'''서울'''"), Format::kText);
  EXPECT_EQ(detect("standard input", "그냥 글이다."), Format::kText);
  EXPECT_EQ(detect("standard input", ""), Format::kText);
}

TEST(DetectFormat, JsonIsLinesWhereItsFirstLineIsAnObject) {
  EXPECT_EQ(detect("a.json", "{\"text\": \"글\"}\n{\"text\": "), Format::kJsonl);
  EXPECT_EQ(detect("a.json", "{\"text\": \"}\\\"\"}\r\n"), Format::kJsonl);
  EXPECT_EQ(detect("a.json", "{\n  \"text\": \"글\"\n}\n"), Format::kJson);
  EXPECT_EQ(detect("a.json", "{\"text\": \"" + std::string(2'000'000, 'x') + "\"}"), Format::kJson);
  EXPECT_EQ(detect("a.json", "[]"), Format::kJson);
  EXPECT_EQ(detect("standard input", "[\n {\"text\": \"글\"}]"), Format::kJson);
  EXPECT_EQ(detect("standard input", "[서울=기자] 그냥 글이다."), Format::kText);
}

TEST(DetectFormat, WhatIsForcedWins) {
  EXPECT_EQ(detect("a.txt", "글", "jsonl"), Format::kJsonl);
  EXPECT_EQ(detect("a.jsonl", "글", "mediawiki"), Format::kMediawiki);
}

TEST(DetectFormat, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(error_message([] { detect("a.doc", std::string("\xd0\xcf\x11\xe0\0\0", 6)); }),
            "a.doc: binary data; expected a MediaWiki dump, wikitext, HTML, JSON or plain text");
  EXPECT_EQ(error_message([] { detect("a.xml", "<?xml version=\"1.0\"?><rss/>"); }),
            "a.xml: XML, but neither a MediaWiki export nor XHTML; --format text reads it as it is");
}

}  // namespace
}  // namespace ktlm::corpus
