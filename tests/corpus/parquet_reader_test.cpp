#include "parquet_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compress.h"
#include "corpus_fixtures.h"
#include "error_message.h"
#include "input_reader.h"
#include "ktlm/core/json.h"
#include "temporary_directory.h"

#ifdef KTLM_HAS_PARQUET
#include "write_parquet.h"
#endif

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::error_message;
using test::sentence;

class ParquetReaderTest : public testing::Test {
 protected:
  std::vector<RawDocument> read(const std::string& name) {
    return test::collect([&](const EmitDocument& emit) {
      reading_ = read_input_file({.path = path_of(name), .name = name}, config_, hooks_, emit);
    });
  }

  std::vector<std::string> bodies(const std::string& name) {
    std::vector<std::string> all;
    for (RawDocument& document : read(name)) all.push_back(std::move(document.body));
    return all;
  }

  std::string error_of(const std::string& name) {
    return error_message([&] { read(name); });
  }

  // What is said of the first of two rows, both of them dropped for want of a text.
  std::string dropped_for(const std::string& name) {
    const std::vector<RawDocument> rows = read(name);
    EXPECT_EQ(rows.size(), 2U);
    for (const RawDocument& row : rows) EXPECT_EQ(row.dropped, DropReason::kNoText);
    EXPECT_EQ(rows.back().problem, "");
    return rows.front().problem;
  }

  std::string path_of(const std::string& name) { return (folder_ / name).string(); }

  test::TemporaryDirectory folder_;
  PrepareConfig config_;
  ReadHooks hooks_;
  InputReading reading_;
};

TEST_F(ParquetReaderTest, AFileThatIsNotWholeIsNamed) {
  test::write_text(path_of("a.parquet"), "PAR1\x15\x04 and no more");
  EXPECT_EQ(error_of("a.parquet"),
            "a.parquet: a Parquet file without its end (an unfinished download?); fetch the file again");
  test::write_text(path_of("download"), "PAR1\x15\x04 and no more");
  EXPECT_EQ(error_of("download"),
            "download: a Parquet file without its end (an unfinished download?); fetch the file again");
  test::write_text(path_of("b.parquet"), "PAR1");
  EXPECT_EQ(error_of("b.parquet"),
            "b.parquet: a Parquet file without its end (an unfinished download?); fetch the file again");
}

TEST_F(ParquetReaderTest, AFileThatOnlyHasTheNameIsNamed) {
  test::write_text(path_of("a.parquet"), "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n");
  EXPECT_EQ(error_of("a.parquet"),
            "a.parquet: named .parquet, but holds something else (a page, or Git LFS's pointer to the file?); fetch "
            "the file again or rename it");
  config_.format = "text";
  EXPECT_EQ(read("a.parquet").size(), 1U);
  config_.format = "auto";
  fs::rename(path_of("a.parquet"), path_of("B.PARQUET"));
  EXPECT_EQ(error_of("B.PARQUET").substr(0, 53), "B.PARQUET: named .parquet, but holds something else (");
}

TEST_F(ParquetReaderTest, AStreamIsRefused) {
  test::write_text(path_of("a.parquet.gz"), test::gzip("PAR1 .... PAR1"));
  EXPECT_EQ(error_of("a.parquet.gz"),
            "a.parquet.gz: a compressed Parquet file, whose table of contents is at its end; unpack it first");
  EXPECT_EQ(error_message([&] { read_parquet("-", "standard input", config_, hooks_, {}); }),
            "standard input: a Parquet file, whose table of contents is at its end; save it to a file first");
  test::write_text(path_of("a.gz"), test::gzip("PAR1\x15 ... PAR1"));
  EXPECT_EQ(error_of("a.gz"),
            "a.gz: a compressed Parquet file, whose table of contents is at its end; unpack it first");
}

#ifndef KTLM_HAS_PARQUET

TEST_F(ParquetReaderTest, WithoutArrowTheErrorSaysWhatToDo) {
  test::write_text(path_of("a.parquet"), "PAR1 .... PAR1");
  EXPECT_EQ(error_of("a.parquet"),
            "a.parquet: a Parquet file, which this ktlm was built without Arrow to read; run .venv/bin/pip install "
            "pyarrow and build it again, or convert the file to JSONL");
}

TEST_F(ParquetReaderTest, RowsAreReadAsTheLinesOfAJsonlFile) {
  GTEST_SKIP() << "ktlm was built without Arrow: KTLM_WITH_PARQUET";
}

#else

using arrow::utf8;

TEST_F(ParquetReaderTest, RowsAreReadAsTheLinesOfAJsonlFile) {
  test::write_parquet(path_of("a.parquet"), {{"id", arrow::int64(), "[17, null, -5]"},
                                             {"text", utf8(), R"(["강\n\"산\"\t\\", "둘", null])"},
                                             {"source", utf8(), R"(["신문", null, null])"}});
  const auto documents = read("a.parquet");
  ASSERT_EQ(documents.size(), 3U);
  EXPECT_EQ(documents[0].body, R"({"id":17,"text":"강\n\"산\"\u0009\\","source":"신문"})");
  EXPECT_EQ(documents[1].body, R"({"text":"둘"})");
  EXPECT_EQ(documents[2].body, R"({"id":-5})");
  EXPECT_EQ(documents[2].id, "a.parquet:3");
  EXPECT_EQ(documents[2].where, "a.parquet:3");
  EXPECT_EQ(documents[2].form, RawForm::kJson);
  EXPECT_EQ(reading_.bytes,
            static_cast<int64_t>(documents[0].body.size() + documents[1].body.size() + documents[2].body.size() + 3));
}

TEST_F(ParquetReaderTest, TextIsReadFromAnyTypeThatHoldsBytes) {
  const auto dictionary = arrow::dictionary(arrow::int32(), utf8());
  for (const auto& type :
       {utf8(), arrow::large_utf8(), arrow::binary(), arrow::large_binary(), arrow::utf8_view(), dictionary}) {
    test::write_parquet(path_of("a.parquet"), {{"text", type, R"(["하나", null, "둘", "하나"])"}});
    EXPECT_THAT(bodies("a.parquet"),
                testing::ElementsAre(R"({"text":"하나"})", "{}", R"({"text":"둘"})", R"({"text":"하나"})"))
        << type->ToString();
  }
}

TEST_F(ParquetReaderTest, BytesThatAreNoUtf8AreLeftToTheRepair) {
  test::write_parquet(path_of("a.parquet"), {{"text", arrow::binary(), R"(["가나다"])"}});
  std::string bytes = read_file(path_of("a.parquet"));
  for (size_t at = bytes.find("나"); at != std::string::npos; at = bytes.find("나")) bytes[at] = '\xFF';
  test::write_text(path_of("a.parquet"), bytes);
  EXPECT_THAT(bodies("a.parquet"), testing::ElementsAre("{\"text\":\"가\xFF\x82\x98다\"}"));
}

TEST_F(ParquetReaderTest, DialoguesAndMetadataAreListsAndObjects) {
  const auto message = arrow::struct_({arrow::field("role", utf8()), arrow::field("content", utf8())});
  const auto metadata = arrow::struct_({arrow::field("title", utf8()), arrow::field("pages", arrow::uint8())});
  const std::string values =
      R"([[{"role":"user","content":"안녕?"},{"role":"assistant","content":"네."}],[],[{"role":"user","content":null}]])";
  for (const auto& type : {arrow::list(message), arrow::large_list(message)}) {
    test::write_parquet(path_of("a.parquet"),
                        {{"messages", type, values},
                         {"metadata", metadata, R"([{"title":"인사","pages":3},null,{"title":null,"pages":null}])"}});
    EXPECT_THAT(bodies("a.parquet"),
                testing::ElementsAre(R"({"messages":[{"role":"user","content":"안녕?"},)"
                                     R"({"role":"assistant","content":"네."}],"metadata":{"title":"인사","pages":3}})",
                                     R"({"messages":[]})", R"({"messages":[{"role":"user"}],"metadata":{}})"))
        << type->ToString();
  }
}

TEST_F(ParquetReaderTest, OnlyWhatADocumentIsMadeOfIsRead) {
  test::write_parquet(path_of("a.parquet"), {{"text", utf8(), R"(["글"])"},
                                             {"본문", utf8(), R"(["본문이다"])"},
                                             {"id", arrow::float64(), "[1.5]"},
                                             {"label", arrow::int64(), "[1]"}});
  EXPECT_THAT(bodies("a.parquet"), testing::ElementsAre(R"({"text":"글","id":null})"));
  config_.text_field = "본문";
  EXPECT_THAT(bodies("a.parquet"), testing::ElementsAre(R"({"본문":"본문이다","id":null})"));
}

TEST_F(ParquetReaderTest, ATextFieldGoesIntoListsAndSplitsThem) {
  const auto paragraph = arrow::struct_({arrow::field("form", utf8())});
  const auto document = arrow::struct_({arrow::field("id", utf8()), arrow::field("paragraph", arrow::list(paragraph))});
  test::write_parquet(path_of("a.parquet"),
                      {{"id", utf8(), R"(["x", "y"])"},
                       {"document", arrow::list(document),
                        R"([[{"id":"1","paragraph":[{"form":"가"}]},{"id":"2","paragraph":[]}],[{"id":"3"}]])"}});
  config_.text_field = "document[].paragraph.form";
  EXPECT_THAT(bodies("a.parquet"), testing::ElementsAre(R"({"id":"1","paragraph":[{"form":"가"}]})",
                                                        R"({"id":"2","paragraph":[]})", R"({"id":"3"})"));
  config_.text_field = "document.paragraph.form";
  EXPECT_EQ(bodies("a.parquet").size(), 2U);
}

TEST_F(ParquetReaderTest, RowGroupsOfEachCompressionComeInTheirOrder) {
  using parquet::Compression;
  std::string values = "[";
  std::vector<std::string> expected;
  for (int i = 0; i < 2500; ++i) {
    values += (i == 0 ? "\"" : ",\"") + sentence(i) + "\"";
    expected.push_back("{\"text\":\"" + sentence(i) + "\"}");
  }
  values += "]";
  for (const auto compression :
       {Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP, Compression::ZSTD}) {
    test::write_parquet(path_of("a.parquet"), {{"text", utf8(), values}},
                        {.rows_per_group = 700, .compression = compression});
    std::atomic<int64_t> file_bytes = 0;
    hooks_.file_bytes = &file_bytes;
    EXPECT_TRUE(bodies("a.parquet") == expected) << compression;
    EXPECT_GE(file_bytes, static_cast<int64_t>(fs::file_size(path_of("a.parquet"))));
  }
}

// The most that Arrow holds while the file is read, pages included.
int64_t most_bytes_held(const std::string& path, const PrepareConfig& config,
                        const std::vector<std::string>& expected) {
  const arrow::MemoryPool& pool = *arrow::default_memory_pool();
  const int64_t before = pool.bytes_allocated();
  int64_t most = 0;
  std::vector<std::string> bodies;
  read_input_file({.path = path, .name = "a.parquet"}, config, {}, [&](RawDocument&& document) {
    most = std::max(most, pool.bytes_allocated() - before);
    bodies.push_back(std::move(document.body));
  });
  EXPECT_TRUE(bodies == expected);
  return most;
}

TEST_F(ParquetReaderTest, RowsThatAreStoredOnceAreNotHeldAllAtATime) {
  const std::string text(60'000, 'x');
  std::string values = "[\"" + text + "\"";
  for (int i = 1; i < 1000; ++i) values += ",\"" + text + "\"";
  test::write_parquet(path_of("a.parquet"), {{"text", utf8(), values + "]"}});
  ASSERT_LT(fs::file_size(path_of("a.parquet")), 1'000'000U);
  const std::vector<std::string> expected(1000, "{\"text\":\"" + text + "\"}");
  EXPECT_LT(most_bytes_held(path_of("a.parquet"), config_, expected), 4 << 20);
}

TEST_F(ParquetReaderTest, LongRowsBehindShortOnesAreNotHeldAllAtATime) {
  std::string values = "[";
  std::vector<std::string> expected;
  for (int i = 0; i < 20'400; ++i) {
    const std::string text = sentence(i) + (i < 20'000 ? "" : std::string(60'000, 'x'));
    values += (i == 0 ? "\"" : ",\"") + text + "\"";
    expected.push_back("{\"text\":\"" + text + "\"}");
  }
  values += "]";
  // In a row group of their own, they are read from its first row on as what they are; else once as the short ones.
  for (const auto& [rows_per_group, most_mb] : {std::pair{10'000, 6}, std::pair{30'000, 20}}) {
    test::write_parquet(path_of("a.parquet"), {{"text", utf8(), values}},
                        {.rows_per_group = rows_per_group, .rows_per_write = 10});
    EXPECT_LT(most_bytes_held(path_of("a.parquet"), config_, expected), most_mb << 20) << rows_per_group;
  }
}

// Arrow copies a dictionary into every batch.
TEST_F(ParquetReaderTest, ALargeDictionaryIsNotCopiedEveryFewRows) {
  std::string values = "[\"" + sentence(0) + "\"";
  for (int i = 1; i < 40'000; ++i) values += ",\"" + sentence(i) + "\"";
  test::write_parquet(path_of("a.parquet"), {{"text", arrow::dictionary(arrow::int32(), utf8()), values + "]"}});
  const int64_t before = arrow::default_memory_pool()->total_bytes_allocated();
  EXPECT_EQ(bodies("a.parquet").size(), 40'000U);
  EXPECT_LT(arrow::default_memory_pool()->total_bytes_allocated() - before,
            100 * static_cast<int64_t>(fs::file_size(path_of("a.parquet"))));
}

TEST_F(ParquetReaderTest, TheStopFlagIsAskedBetweenBatches) {
  std::string values = "[\"" + sentence(0) + "\"";
  for (int i = 1; i < 20'000; ++i) values += ",\"" + sentence(i) + "\"";
  test::write_parquet(path_of("a.parquet"), {{"text", utf8(), values + "]"}});
  int64_t num_asked = 0, num_documents = 0;
  hooks_.check = [&] {
    if (++num_asked == 4) throw Error("stopped");
  };
  EXPECT_EQ(error_message([&] {
              read_input_file({.path = path_of("a.parquet"), .name = "a.parquet"}, config_, hooks_,
                              [&](RawDocument&&) { ++num_documents; });
            }),
            "stopped");
  EXPECT_GT(num_documents, 0);
  EXPECT_LT(num_documents, 20'000);
}

TEST_F(ParquetReaderTest, AFileWithoutRowsHasNoDocuments) {
  test::write_parquet(path_of("a.parquet"), {{"text", utf8(), "[]"}});
  EXPECT_TRUE(bodies("a.parquet").empty());
}

TEST_F(ParquetReaderTest, EachFileGivesTheFirstOfSeveralFieldsThatItHas) {
  config_.text_field = "본문,meta.글,문서[].글";
  test::write_parquet(path_of("a.parquet"), {{"본문", utf8(), R"(["하나"])"}});
  test::write_parquet(path_of("b.parquet"),
                      {{"meta", arrow::struct_({arrow::field("글", utf8())}), R"([{"글":"둘"}])"}});
  test::write_parquet(path_of("c.parquet"), {{"문서", arrow::list(arrow::struct_({arrow::field("글", utf8())})),
                                              R"([[{"글":"셋"},{"글":"넷"}]])"}});
  EXPECT_EQ(bodies("a.parquet").size(), 1U);
  EXPECT_EQ(bodies("b.parquet").size(), 1U);
  EXPECT_EQ(bodies("c.parquet").size(), 2U);
}

TEST_F(ParquetReaderTest, RowsWithoutATextColumnAreDroppedAndTheColumnsNamedOnce) {
  const auto metadata = arrow::struct_({arrow::field("제목", utf8()), arrow::field("쪽", arrow::int32())});
  test::write_parquet(path_of("a.parquet"),
                      {{"번호", arrow::int64(), "[1,2]"},
                       {"문서", utf8(), R"(["글","글"])"},
                       {"meta", arrow::list(metadata), R"([[{"제목":"가","쪽":1}],[{"제목":"나","쪽":2}]])"}});
  const std::string columns =
      "; its columns are 번호 (int64), 문서, meta.제목, meta.쪽 (int32); --text-field names the text's";
  EXPECT_EQ(dropped_for("a.parquet"),
            R"(a.parquet: has no text column "text", "content", "body", "messages", "conversations" or "instruction")" +
                columns);
  for (const std::string field : {"본문", "번호", "meta", "meta.쪽", "meta.제목.더", "문서.글", "번호[].글"}) {
    config_.text_field = field;
    EXPECT_EQ(dropped_for("a.parquet"), "a.parquet: has no text column \"" + field + "\"" + columns);
  }
  for (const std::string field : {"문서", "meta.제목", "meta[].제목"}) {
    config_.text_field = field;
    EXPECT_EQ(bodies("a.parquet").size(), 2U) << field;
  }
}

TEST_F(ParquetReaderTest, DamageIsNamedInOneLine) {
  std::string values = "[\"" + sentence(0) + "\"";
  for (int i = 1; i < 2000; ++i) values += ",\"" + sentence(i) + "\"";
  test::write_parquet(path_of("a.parquet"), {{"text", utf8(), values + "]"}}, {.checksums = true});
  const std::string whole = read_file(path_of("a.parquet"));
  const std::string wanted = "b.parquet: can't be read as Parquet: .+; fetch the file again";
  for (const size_t at : {whole.size() / 2, whole.size() - 60, whole.size() - 7}) {  // a page, the contents, their size
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    damaged[at + 1] = static_cast<char>(damaged[at + 1] ^ 0x55);
    test::write_text(path_of("b.parquet"), damaged);
    const std::string message = error_of("b.parquet");
    EXPECT_THAT(message, testing::MatchesRegex(wanted)) << at;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

class ParquetPrepareTest : public testing::Test {
 protected:
  // The same rows as Parquet and as JSONL, without what the file's name would get into.
  void write_rows() {
    std::string ids, texts, lines;
    for (int i = 0; i < 20'000; ++i) {
      const std::string comma = i == 0 ? "[" : ",";
      const std::string id = "\"문서-" + std::to_string(i) + "\"";
      const std::string text = i % 7 == 0 ? "null" : "\"" + sentence(i) + "\"";
      ids += comma + id;
      texts += comma + text;
      lines += "{\"source\":\"모음\",\"text\":" + text + ",\"id\":" + id + "}\n";
    }
    std::string sources = "[\"모음\"";
    for (int i = 1; i < 20'000; ++i) sources += ",\"모음\"";
    test::write_parquet((folder_ / "a.parquet").string(),
                        {{"source", arrow::dictionary(arrow::int32(), utf8()), sources + "]"},
                         {"text", utf8(), texts + "]"},
                         {"id", utf8(), ids + "]"}},
                        {.rows_per_group = 3000});
    test::write_text(folder_ / "a.jsonl", lines);
  }

  PrepareSummary prepare_file(const std::string& name, int64_t threads, const ProgressCallback& progress = {}) {
    config_.threads = threads;
    return prepare({(folder_ / name).string()}, folder_ / "out", config_, stop_flag_, progress, {});
  }

  std::string content_hash() { return read_json_file((folder_ / "out/manifest.json").string()).at("content_hash"); }

  test::TemporaryDirectory folder_;
  PrepareConfig config_{.near_duplicates = false};
  StopFlag stop_flag_;
};

TEST_F(ParquetPrepareTest, GivesWhatTheSameRowsAsJsonlGiveWhateverTheThreads) {
  write_rows();
  const PrepareSummary lines = prepare_file("a.jsonl", 2);
  const std::string expected = content_hash();
  EXPECT_GT(lines.total.kept, 10'000);
  for (const int64_t threads : {1, 3}) {
    const PrepareSummary rows = prepare_file("a.parquet", threads);
    EXPECT_EQ(content_hash(), expected);
    EXPECT_EQ(rows.total.kept, lines.total.kept);
    EXPECT_EQ(rows.total.dropped, lines.total.dropped);
  }
}

TEST_F(ParquetPrepareTest, StoppedWorkGoesOnWhereItWas) {
  write_rows();
  prepare_file("a.parquet", 2);
  const std::string expected = content_hash();
  fs::remove_all(folder_ / "out");
  const PrepareSummary stopped =
      prepare_file("a.parquet", 2, [&](const Progress& progress) { stop_flag_.request(progress.done > 0 ? 2 : 0); });
  ASSERT_TRUE(stopped.stopped);
  EXPECT_TRUE(stopped.can_go_on);
  stop_flag_.clear();
  EXPECT_TRUE(prepare_file("a.parquet", 2).resumed);
  EXPECT_EQ(content_hash(), expected);
}

#endif

}  // namespace
}  // namespace ktlm::corpus
