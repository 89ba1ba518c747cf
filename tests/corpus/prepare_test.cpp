#include "ktlm/corpus/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "compress.h"
#include "corpus_fixtures.h"
#include "encode.h"
#include "error_message.h"
#include "ktlm/text/normalize.h"
#include "prepare_fixture.h"

namespace ktlm::corpus {
namespace {

namespace fs = std::filesystem;
using test::dump_of;
using test::error_message;
using test::json_line;
using test::page_of;
using test::PrepareTest;
using test::sentence;

int64_t dropped(const DocumentCounts& counts, DropReason reason) { return counts.dropped[static_cast<size_t>(reason)]; }

TEST_F(PrepareTest, EveryDocumentIsKeptOrDroppedForOneReason) {
  const PrepareSummary summary = run(inputs_of_all_kinds());
  ASSERT_EQ(summary.inputs.size(), 3U);
  const DocumentCounts& wiki = summary.inputs[0].counts;
  EXPECT_EQ(wiki.documents_in, 307);
  EXPECT_EQ(wiki.kept, 301);
  for (const DropReason reason : {DropReason::kOtherNamespace, DropReason::kRedirect, DropReason::kDisambiguation,
                                  DropReason::kNotWikitext, DropReason::kEmpty, DropReason::kTooShort}) {
    EXPECT_EQ(dropped(wiki, reason), 1) << drop_reason_name(reason);
  }
  const DocumentCounts& news = summary.inputs[1].counts;
  EXPECT_EQ(news.documents_in, 7);
  EXPECT_EQ(news.kept, 3);
  EXPECT_EQ(dropped(news, DropReason::kInvalidJson), 2);
  EXPECT_EQ(dropped(news, DropReason::kNoText), 1);
  EXPECT_EQ(dropped(news, DropReason::kDuplicate), 1);
  EXPECT_EQ(news.utf8_repairs, 1);
  const DocumentCounts& books = summary.inputs[2].counts;
  EXPECT_EQ(summary.inputs[2].files, 3);
  EXPECT_EQ(books.documents_in, 3);
  EXPECT_EQ(books.kept, 2);
  EXPECT_EQ(dropped(books, DropReason::kNotUtf8), 1);

  DocumentCounts sum;
  for (const InputSummary& input : summary.inputs) {
    EXPECT_EQ(input.counts.documents_in, input.counts.kept + input.counts.num_dropped()) << input.name;
    sum += input.counts;
  }
  EXPECT_EQ(sum.documents_in, summary.total.documents_in);
  EXPECT_EQ(sum.kept, summary.total.kept);
  EXPECT_EQ(summary.total.documents_in, summary.total.kept + summary.total.num_dropped());
  EXPECT_EQ(summary.train.documents + summary.val.documents, summary.total.kept);
  EXPECT_EQ(summary.train.text_bytes + summary.val.text_bytes, summary.total.text_bytes);
  EXPECT_EQ(summary.train.dialogues + summary.val.dialogues, 1);
}

TEST_F(PrepareTest, FilesOfOtherEncodingsAreDecodedAndCounted) {
  put("books/가.txt", test::to_cp949(sentence(1)));
  put("books/나.txt", "\xFF\xFE" + test::to_utf16(sentence(2), false));
  put("books/다.txt", sentence(3));
  const PrepareSummary summary = run({(folder_ / "books").string()});
  EXPECT_EQ(summary.total.kept, 3);
  EXPECT_EQ(to_json(summary)["inputs"][0]["decoded_files"].dump(), R"({"CP949":1,"UTF-16LE":1})");
}

TEST_F(PrepareTest, WhatWasWrittenIsWhatWasCounted) {
  const PrepareSummary summary = run(inputs_of_all_kinds());
  const PreparedCorpus corpus = PreparedCorpus::open(out_);
  EXPECT_EQ(corpus.content_hash(), summary.content_hash);
  int64_t text_bytes = 0;
  for (const auto& [split, counted] : {std::pair{Split::kTrain, summary.train}, std::pair{Split::kVal, summary.val}}) {
    const auto written = documents(split);
    EXPECT_EQ(static_cast<int64_t>(written.size()), counted.documents);
    EXPECT_EQ(corpus.num_documents(split), counted.documents);
    EXPECT_EQ(corpus.text_bytes(split), counted.text_bytes);
    for (const Document& document : written) {
      text_bytes += static_cast<int64_t>(document.text.size());
      EXPECT_EQ(document.text, text::normalize(document.text));
    }
  }
  EXPECT_EQ(text_bytes, summary.total.text_bytes);

  const auto train = documents(Split::kTrain);
  EXPECT_EQ(train[0].id, "kowiki:2");
  EXPECT_EQ(train[0].title, "가");
  EXPECT_EQ(train[0].text, sentence(1));
  EXPECT_EQ(train[0].source, "kowiki");
}

TEST_F(PrepareTest, TheManifestTellsTheSameStory) {
  const PrepareSummary summary = run(inputs_of_all_kinds());
  const Json manifest = read_json_file((out_ / "manifest.json").string());
  EXPECT_EQ(manifest["format"], "ktlm-prepared");
  EXPECT_EQ(manifest["normalizer_version"], text::kNormalizerVersion);
  EXPECT_EQ(manifest["settings"]["min_chars"], 20);
  ASSERT_EQ(manifest["inputs"].size(), 3U);
  for (const Json& input : manifest["inputs"]) {
    int64_t num_dropped = 0;
    for (const auto& [reason, count] : input["dropped"].items()) num_dropped += count.get<int64_t>();
    EXPECT_EQ(input["documents_in"].get<int64_t>(), input["kept"].get<int64_t>() + num_dropped);
  }
  const Json& stages = manifest["total"]["stages"];
  EXPECT_EQ(stages["read"], summary.total.documents_in);
  EXPECT_EQ(stages["filtered"].get<int64_t>() - stages["deduplicated"].get<int64_t>(), 1);
  EXPECT_EQ(stages["extracted"].get<int64_t>() - stages["filtered"].get<int64_t>(), 1);
  EXPECT_EQ(stages["deduplicated"], summary.total.kept);
  EXPECT_EQ(manifest["train"]["files"][0]["name"], "train-00000.jsonl.zst");
}

TEST_F(PrepareTest, TheReportShowsWhatWasDroppedAndHowItBegan) {
  const std::string redirect =
      "<page><title>서울특별시청</title><ns>0</ns><id>1</id><revision><model>wikitext</model><text>"
      "#넘겨주기 [[서울특별시]]</text></revision></page>";
  run({put("dump.xml", "<mediawiki><siteinfo><dbname>kowiki</dbname></siteinfo>" + redirect + "</mediawiki>"),
       put("pages.jsonl", "{\"text\":\"" + sentence(1) + "\"}\n{\"text\":\"<b>짧은 글</b>\"}\n{\"body\":7}\n")});
  const std::string page = read_file(out_ / "report.html");
  EXPECT_THAT(page, testing::HasSubstr("<b>서울특별시청</b>"));
  EXPECT_THAT(page, testing::HasSubstr("&lt;b&gt;짧은 글&lt;/b&gt;"));
  EXPECT_THAT(page, testing::HasSubstr("{&quot;body&quot;:7}"));
  EXPECT_THAT(page, testing::HasSubstr(sentence(1)));
}

TEST_F(PrepareTest, TheManifestCountsWhatIsPoorAndWhatIsMasked) {
  const std::string path = put("a.jsonl", json_line(sentence(1) + " 010-1234-5678") + json_line(sentence(2)) +
                                              json_line("English text of more than twenty letters: kim@naver.com."));
  const PrepareSummary summary = run({path});
  EXPECT_EQ(dropped(summary.total, DropReason::kLanguage), 1);
  const Json total = read_json_file((out_ / "manifest.json").string())["total"];
  EXPECT_EQ(total["dropped"], Json({{"language", 1}}));
  EXPECT_EQ(total["stages"], Json({{"read", 3}, {"extracted", 3}, {"filtered", 2}, {"deduplicated", 2}}));
  EXPECT_THAT(read_file(out_ / "report.html"), testing::Not(testing::HasSubstr("kim@naver.com")));
  EXPECT_EQ(total["masked"], Json({{"email", 0}, {"resident_number", 0}, {"phone", 1}, {"card", 0}}));
}

TEST_F(PrepareTest, TheResultIsTheSameWhateverTheThreads) {
  const auto inputs = inputs_of_all_kinds();
  config_.shard_bytes = 10'000;
  config_.threads = 1;
  run(inputs);
  const auto expected = output();
  const auto expected_warnings = std::exchange(warnings_, {});
  EXPECT_GT(expected.size(), 4U);
  for (const int64_t threads : {2, 5}) {
    config_.threads = threads;
    run(inputs);
    EXPECT_TRUE(output() == expected) << threads << " threads";
    EXPECT_EQ(std::exchange(warnings_, {}), expected_warnings);
  }
}

TEST_F(PrepareTest, UnreadableLinesAreReportedWithFileAndLine) {
  std::string lines = json_line(sentence(1));
  for (int i = 0; i < 8; ++i) lines += "no json\n";
  run({put("a.jsonl", lines)});
  ASSERT_EQ(warnings_.size(), 6U);
  EXPECT_THAT(warnings_[0], testing::StartsWith("a.jsonl:2: not valid JSON at byte"));
  EXPECT_THAT(warnings_[0], testing::EndsWith(" (dropped)"));
  EXPECT_EQ(warnings_[5], (folder_ / "a.jsonl").string() + ": 3 more documents dropped like these");
}

TEST_F(PrepareTest, PreparedDirectoriesGiveTheirDocumentsAlone) {
  std::string a, b;
  for (int i = 0; i < 200; ++i) a += json_line(sentence(i));
  for (int i = 150; i < 300; ++i) b += json_line(sentence(i));
  const std::vector<std::string> inputs = {put("a.jsonl", a), put("b.jsonl", b)};
  const fs::path first = folder_ / "all" / "first", second = folder_ / "all" / "second", out = out_;
  out_ = first;
  run({inputs[0]});
  out_ = second;
  run({inputs[1]});
  fs::create_directories(first / "tokens" / "abc");
  test::write_text(first / "tokens" / "abc" / "notes.txt", sentence(999));
  out_ = out;
  warnings_.clear();
  const std::vector<std::vector<std::string>> ways = {{first.string(), second.string() + "/"},
                                                      {(folder_ / "all").string()}};
  for (const auto& folders : ways) {
    const PrepareSummary summary = run(folders);
    EXPECT_EQ(summary.total.documents_in, 350);
    EXPECT_EQ(summary.total.kept, 300);
    EXPECT_THAT(warnings_, testing::IsEmpty());
    EXPECT_EQ(documents(Split::kTrain)[0].source, "a.jsonl");
  }
}

TEST_F(PrepareTest, ANameThatSkipsTheFiltersMustBeOfSomething) {
  const std::string poems = put("poems/a.txt", sentence(1)), news = put("news.jsonl", json_line(sentence(2)));
  const std::string folder = (folder_ / "poems").string();
  config_.quality_off = {"poem"};
  EXPECT_EQ(
      error_message([&] { run({folder}); }),
      "prepare.quality_off: \"poem\" is none of the inputs, their files or their documents' sources; did you mean "
      "\"poems\"?");
  config_.quality_off = {"b.txt"};
  EXPECT_THAT(error_message([&] { run({folder}); }), testing::EndsWith("did you mean \"a.txt\"?"));
  expect_no_output();
  // A line of JSON may name any source: only in the end it's known that none did.
  config_.quality_off = {"poems", "news.josnl"};
  run({folder, news});
  EXPECT_EQ(warnings_,
            std::vector<std::string>{"prepare.quality_off: \"news.josnl\" is none of the inputs, their files "
                                     "or their documents' sources; did you mean \"news.jsonl\"?"});
  for (const std::string& name : {folder, folder + "/", std::string("a.txt"), std::string("poems/a.txt")}) {
    config_.quality_off = {name};
    warnings_.clear();
    run({folder, news});
    EXPECT_THAT(warnings_, testing::IsEmpty()) << name;
  }
}

TEST_F(PrepareTest, SourcesWithDifferentFieldsAreReadTogether) {
  put("in/a.jsonl", json_line(sentence(1)));
  put("in/b.jsonl", "{\"document\":{\"body\":\"" + sentence(2) + "\"}}\n");
  put("in/c.json",
      "{\"id\":1,\"text\":[1],\"articles\":[{\"form\":\"" + sentence(3) + "\"},\n{\"form\":\"" + sentence(4) + "\"}]}");
  config_.text_field = "text,document.body,articles[].form";
  EXPECT_EQ(run({(folder_ / "in").string()}).total.kept, 4);
}

TEST_F(PrepareTest, WhereNothingHasATextTheFieldIsTheRemedy) {
  EXPECT_THAT(error_message([&] { run({put("a.jsonl", "{\"글\":\"" + sentence(1) + "\"}\n")}); }),
              testing::EndsWith("a.jsonl: no document is left of 1 (dropped: no_text 1); --text-field names the text's "
                                "key, as in --text-field document.body"));
  config_.text_field = "a[";
  EXPECT_THAT(error_message([&] { run({put("a.jsonl", json_line(sentence(1)))}); }),
              testing::StartsWith("prepare.text_field: \"a[\" has brackets"));
  expect_no_output();
}

TEST_F(PrepareTest, StrictStopsAtTheFirstUnreadableLine) {
  config_.strict = true;
  const std::string path = put("a.jsonl", json_line(sentence(1)) + "{\"title\":1}\nno json\n");
  EXPECT_EQ(error_message([&] { run({path}); }),
            "a.jsonl:2: has no \"text\", \"content\", \"body\", \"messages\", \"conversations\" or \"instruction\" (it "
            "has title); --text-field names the "
            "text's key");
  expect_no_output();
}

TEST_F(PrepareTest, ANumberTooLargeForJsonDropsItsDocumentAlone) {
  const std::string bad = "{\"text\":\"" + sentence(1) + "\",\"score\":1e999}";
  const std::string lines = json_line(sentence(2)) + bad + "\n" + json_line(sentence(3));
  const std::string array =
      "[{\"text\":\"" + sentence(4) + "\"},\n" + bad + ", -1e999, {\"text\":\"" + sentence(5) + "\"}]";
  const PrepareSummary summary = run({put("a.jsonl", lines), put("b.json", array)});
  EXPECT_EQ(summary.inputs[0].counts.kept, 2);
  EXPECT_EQ(dropped(summary.inputs[0].counts, DropReason::kInvalidJson), 1);
  EXPECT_EQ(summary.inputs[1].counts.kept, 2);
  EXPECT_EQ(dropped(summary.inputs[1].counts, DropReason::kInvalidJson), 2);
  EXPECT_EQ(warnings_, (std::vector<std::string>{
                           "a.jsonl:2: not valid JSON: number overflow parsing '1e999' (dropped)",
                           "b.json: document 2: not valid JSON: number overflow parsing '1e999' (dropped)",
                           "b.json: document 3: not valid JSON: number overflow parsing '-1e999' (dropped)"}));
  config_.strict = true;
  EXPECT_EQ(error_message([&] { run({put("a.jsonl", lines)}); }),
            "a.jsonl:2: not valid JSON: number overflow parsing '1e999'");
}

TEST_F(PrepareTest, NothingLeftIsAnErrorThatNamesTheReasons) {
  const std::string path = put("a.jsonl", json_line("짧다") + json_line("역시 짧다") + json_line("") + "no json\n");
  EXPECT_EQ(error_message([&] { run({path}); }),
            path +
                ": no document is left of 4 (dropped: invalid_json 1, empty 1, too_short 2); prepare other inputs, or "
                "with another --format, --min-chars or --quality off");
  expect_no_output();
  const std::string blank = put("b.jsonl", "\n\n");
  EXPECT_EQ(error_message([&] { run({blank}); }), blank + ": holds no document; choose other inputs or --format");
}

TEST_F(PrepareTest, ADamagedInputLeavesNothingBehind) {
  const std::string xml = dump_of(page_of("가", 1, sentence(1)) + page_of("나", 2, sentence(2)));
  const std::string cut_xml = put("a.xml", xml.substr(0, xml.size() - 100));
  EXPECT_THAT(error_message([&] { run({cut_xml}); }),
              testing::MatchesRegex("a.xml: line 27, byte [0-9]+: the XML ends inside the page \"나\" .an unfinished "
                                    "download.*; fetch the file again"));
  expect_no_output();
  const std::string archive = test::bzip2(xml);
  const std::string cut_archive = put("b.xml.bz2", archive.substr(0, archive.size() - 20));
  EXPECT_THAT(error_message([&] { run({cut_archive}); }),
              testing::HasSubstr("b.xml.bz2: ends in the middle of its bzip2 data"));
  expect_no_output();
  const std::string missing = (folder_ / "none.xml").string();
  EXPECT_EQ(error_message([&] {
              run({cut_xml, missing});
            }),
            missing + ": can't be read: No such file or directory (errno 2)");
  expect_no_output();
}

TEST_F(PrepareTest, AnEarlierResultSurvivesAFailure) {
  run({put("a.txt", sentence(1))});
  const auto before = output();
  const std::string empty = put("b.txt", "");
  EXPECT_THAT(error_message([&] { run({empty}); }), testing::HasSubstr("no document is left of 1 (dropped: empty 1)"));
  EXPECT_TRUE(output() == before);
}

TEST_F(PrepareTest, OnlyAPreparedDirectoryIsReplaced) {
  const std::string input = put("a.txt", sentence(1));
  put("prepared/thesis.txt", "kept");
  EXPECT_EQ(
      error_message([&] { run({input}); }),
      out_.string() +
          ": holds something else than a prepared corpus and is left as it is; remove it or choose another --out");
  EXPECT_EQ(read_file(out_ / "thesis.txt"), "kept");
  fs::remove(out_ / "thesis.txt");
  run({input});  // an empty folder is fine
  run({put("b.txt", sentence(2))});
  EXPECT_EQ(documents(Split::kTrain).at(0).text, sentence(2));
  out_ = folder_ / "a.txt";
  EXPECT_EQ(error_message([&] { run({input}); }),
            out_.string() + ": is a file, expected a folder; choose another --out");
}

TEST_F(PrepareTest, AFileThatIsNotItsOwnIsNotLostWithTheOldOutput) {
  run({put("a.txt", sentence(1))});
  const std::string dump = put("prepared/dump.txt", sentence(2));  // an input, put into the output's folder
  EXPECT_EQ(error_message([&] { run({dump}); }),
            dump + ": is none of a prepared corpus's files and would be lost; move it away or choose another --out");
  EXPECT_EQ(read_file(dump), sentence(2));
}

TEST_F(PrepareTest, AFolderThatHoldsTheOutputCanBeItsInputAgain) {
  put("a.txt", sentence(1));
  put("b.txt", sentence(2));
  run({folder_.path().string()});
  const auto before = output();
  run({folder_.path().string()});
  EXPECT_TRUE(output() == before);
}

TEST_F(PrepareTest, PreparedDocumentsPreparedAgainAreTheSame) {
  config_.val_fraction = 0;
  run(inputs_of_all_kinds());
  const auto first = documents(Split::kTrain);
  fs::rename(out_ / "train-00000.jsonl.zst", folder_ / "again.jsonl.zst");
  out_ = folder_ / "second";
  run({(folder_ / "again.jsonl.zst").string()});
  const auto second = documents(Split::kTrain);
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(to_json_line(first[i]), to_json_line(second[i]));
}

TEST_F(PrepareTest, ProgressCountsTheBytesOfTheFiles) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  const std::string path = put("a.jsonl.gz", test::gzip(lines));
  std::vector<Progress> reports;
  const auto hear = [&](const Progress& progress) {
    if (progress.stage == "preparing") reports.push_back(progress);
  };
  prepare({path}, out_, config_, stop_flag_, hear, {});
  ASSERT_GT(reports.size(), 2U);
  EXPECT_EQ(reports.back().done, static_cast<int64_t>(fs::file_size(path)));
  EXPECT_EQ(reports.back().total, static_cast<int64_t>(fs::file_size(path)));
  EXPECT_EQ(reports.back().unit, "bytes");
}

TEST_F(PrepareTest, NamesMayBeAnyBytes) {
  const std::string path = put("a\xFF.jsonl", json_line(sentence(1)) + json_line(sentence(2)));
  const PrepareSummary summary = run({path});
  EXPECT_EQ(summary.total.kept, 2);
  EXPECT_THAT(read_file(out_ / "manifest.json"), testing::HasSubstr("a\uFFFD.jsonl"));

  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += json_line(sentence(i));
  put("a\xFF.jsonl", lines);
  prepare({path}, out_, config_, stop_flag_, [this](const Progress&) { stop_flag_.request(2); }, {});
  stop_flag_.clear();
  EXPECT_TRUE(run({path}).resumed);
}

TEST_F(PrepareTest, WhatTheFinderLeavesIsNoReasonToKeepAnOldResult) {
  const std::string path = put("a.jsonl", json_line(sentence(1)) + json_line(sentence(2)));
  run({path});
  test::write_text(out_ / ".DS_Store", "windows");
  EXPECT_EQ(run({path}).total.kept, 2);
}

TEST_F(PrepareTest, RealSamplesGoThrough) {
  const fs::path sample = fs::path(KTLM_SHARED_DATA_DIR) / "sample";
  if (!fs::exists(sample)) GTEST_SKIP() << "no shared data at " << sample;
  config_.quality = "off";
  const PrepareSummary summary =
      run({(sample / "wikitext" / "kowiki_2pages_export011.xml").string(),
           (sample / "wikitext" / "dbpedia_minidump_ko_20210807.xml").string(),
           (sample / "wikinews_260.jsonl").string(), (sample / "novels").string(), (sample / "html").string(),
           (sample / "statutes").string(), (sample / "chat" / "songys_2000.jsonl").string()});
  EXPECT_EQ(summary.inputs[0].counts.documents_in, 2);
  EXPECT_EQ(summary.inputs[2].counts.documents_in, 260);
  EXPECT_EQ(summary.inputs[3].counts.kept, 9);
  EXPECT_EQ(summary.inputs[4].counts.kept, 12);
  EXPECT_EQ(summary.inputs[5].counts.kept, 8);
  EXPECT_EQ(summary.inputs[6].counts.documents_in, 2000);
  EXPECT_EQ(summary.train.dialogues + summary.val.dialogues, summary.inputs[6].counts.kept);
  EXPECT_EQ(summary.total.utf8_repairs, 0);
  EXPECT_EQ(warnings_, std::vector<std::string>{});
  for (const Split split : {Split::kTrain, Split::kVal}) {
    for (const Document& document : documents(split)) {
      EXPECT_THAT(document.text, testing::Not(testing::HasSubstr("{{"))) << document.id;
      EXPECT_THAT(document.text, testing::Not(testing::HasSubstr("<ref"))) << document.id;
    }
  }
}

}  // namespace
}  // namespace ktlm::corpus
