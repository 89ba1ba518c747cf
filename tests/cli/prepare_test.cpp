// ktlm prepare as a shell sees it: standard input, tables and JSON, one line and an exit code for each failure,
// signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using testing::HasSubstr;
using testing::StartsWith;

std::string line_of(int number) {
  return "{\"text\":\"" + std::to_string(number) + "번째 문서는 한강의 다리와 그 둘레 이야기를 담고 있다.\"}\n";
}

std::string lines_of(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += line_of(i);
  return lines;
}

class PrepareVerb : public testing::Test {
 protected:
  // Runs in the test's folder, so that names and messages are short.
  ProgramResult prepare(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {KTLM_BINARY, "prepare"});
    return test::run_program(arguments, {.input = input, .directory = folder_.path().string()});
  }
  void put(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void expect_failure(const ProgramResult& result, int exit_code, const std::string& message) {
    EXPECT_EQ(result.exit_code, exit_code);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "ktlm prepare: " + message + "\n");
    EXPECT_FALSE(fs::exists(folder_ / "data" / "prepared"));
  }

  test::TemporaryDirectory folder_;
};

TEST_F(PrepareVerb, PrintsATableAndWritesTheDefaultDirectory) {
  put("a.jsonl", lines_of(3) + line_of(1));
  put("b.txt", "둘째 파일에도 스무 글자가 넘는 문장이 하나 들어 있다.");
  const ProgramResult result = prepare({"a.jsonl", "b.txt"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, StartsWith(" documents       kept    dropped  input\n"
                                     "         4          3          1  a.jsonl  (duplicate 1)\n"
                                     "         1          1          0  b.txt\n"
                                     "         5          4          1  total  (duplicate 1)\n"
                                     "data/prepared: train 3 documents, "));
  EXPECT_TRUE(fs::exists(folder_ / "data" / "prepared" / "manifest.json"));
  EXPECT_EQ(prepare({"a.jsonl", "--quiet"}).err, "");
}

TEST_F(PrepareVerb, SaysWhereTheReportIs) {
  put("a.jsonl", lines_of(3));
  EXPECT_THAT(prepare({"a.jsonl"}).err, testing::EndsWith("ktlm prepare: look at data/prepared/report.html\n"));
  EXPECT_TRUE(fs::exists(folder_ / "data" / "prepared" / "report.html"));
}

TEST_F(PrepareVerb, HelpListsTheValuesThatAreTakenAndSaysWhatIsTurnedOff) {
  const std::string help = prepare({"--help"}).out;
  EXPECT_THAT(help, HasSubstr("--format auto|mediawiki|wikitext|html|jsonl|json|text=auto"));
  EXPECT_THAT(help, HasSubstr("--encoding auto|utf-8|cp949|utf-16=auto"));
  EXPECT_THAT(help, HasSubstr("turns off the default, which drops documents that are nearly the same"));
  EXPECT_THAT(
      help,
      HasSubstr("\n                                  MediaWiki dumps, wikitext, HTML, JSON, Parquet and text,\n"));
}

TEST_F(PrepareVerb, AnEmptyOutIsRefusedAndLeavesNothing) {
  put("a.jsonl", lines_of(3));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"a.jsonl", "--out", ""}, {"merge", "--out", ""}}) {
    expect_failure(prepare(words), 2, "--out: is empty (a variable that isn't set?); name a directory");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
  }
}

TEST_F(PrepareVerb, SaysWhatWasMasked) {
  put("a.txt", "물을 것이 있으면 02-345-6789로 전화하거나 kim@naver.com으로 편지를 보내면 된다.");
  EXPECT_THAT(prepare({"a.txt"}).out,
              HasSubstr("\nmasked: e-mail addresses 1, telephone numbers 1, resident numbers 0, card numbers 0\n"));
  EXPECT_THAT(prepare({"a.txt", "--no-mask-personal-data"}).out, testing::Not(HasSubstr("masked")));
}

TEST_F(PrepareVerb, SaysHowToKeepWhatTheQualityFiltersDrop) {
  put("a.jsonl", lines_of(3) + "{\"text\":\"English text of more than twenty letters.\"}\n");
  put("it's.jsonl", lines_of(2));
  const ProgramResult result = prepare({"a.jsonl", "it's.jsonl", "--no-near-duplicates"});
  EXPECT_THAT(result.out, HasSubstr("         4          3          1  a.jsonl  (language 1)\n"));
  EXPECT_THAT(result.err, HasSubstr("ktlm prepare: a.jsonl: the quality filters dropped 1 of 4 documents; "
                                    "--quality-off \"a.jsonl\" keeps them\n"));
  const ProgramResult kept =
      prepare({"a.jsonl", "--no-near-duplicates", "--quality-off", "it's.jsonl", "--quality-off", "a.jsonl"});
  EXPECT_THAT(kept.out, HasSubstr("         4          4          0  a.jsonl\n"));
}

TEST_F(PrepareVerb, PrintsOneJsonObjectWhereAsked) {
  put("a.jsonl", lines_of(50) + "no json\n");
  const ProgramResult result = prepare({"a.jsonl", "--json", "--out", "out", "--val-fraction", "0.1"});
  EXPECT_EQ(result.exit_code, 0);
  const Json summary = parse_json(result.out, "stdout");
  EXPECT_EQ(summary["total"]["documents_in"], 51);
  EXPECT_EQ(summary["total"]["dropped"]["invalid_json"], 1);
  EXPECT_EQ(summary["train"]["documents"].get<int>() + summary["val"]["documents"].get<int>(), 50);
  EXPECT_EQ(summary["out_dir"], "out");
  EXPECT_THAT(result.err, StartsWith("ktlm prepare: a.jsonl:51: not valid JSON"));
}

TEST_F(PrepareVerb, ReadsStandardInput) {
  const ProgramResult result = prepare({"-", "--json"}, lines_of(200'000));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_json(result.out, "stdout")["total"]["kept"], 200'000);
}

TEST_F(PrepareVerb, OptionsWinOverSettingsAndSettingsOverFiles) {
  put("a.jsonl", "{\"text\":\"일곱 글자다\"}\n" + line_of(1));
  put("small.yaml", "prepare:\n  min_chars: 1000\n");
  EXPECT_EQ(prepare({"a.jsonl", "--config", "small.yaml"}).exit_code, 1);
  EXPECT_EQ(prepare({"a.jsonl", "--config", "small.yaml", "--set", "prepare.min_chars=5"}).exit_code, 0);
  EXPECT_EQ(prepare({"a.jsonl", "--config", "small.yaml", "--min-chars", "5"}).exit_code, 0);
}

TEST_F(PrepareVerb, OptionsStandBesideSettingsOfAnyKey) {
  put("a.jsonl", lines_of(20));
  const std::vector<std::vector<std::string>> same_key = {
      {"a.jsonl", "--min-chars", "1000", "--set", "prepare.min_chars=1"},
      {"a.jsonl", "--set", "prepare.min_chars=1", "--min-chars", "1000"}};
  const std::vector<std::vector<std::string>> other_key = {
      {"a.jsonl", "--min-chars", "1000", "--set", "prepare.threads=1"},
      {"a.jsonl", "--set", "prepare.threads=1", "--min-chars", "1000"},
      {"a.jsonl", "--set", "prepare.threads=1", "--set", "prepare.val_fraction=0.1", "--min-chars", "1000"}};
  const std::string nothing_left =
      "a.jsonl: no document is left of 20 (dropped: too_short 20); prepare other inputs, or with another --format, "
      "--min-chars or --quality off";
  for (const auto& all : {same_key, other_key})
    for (const auto& arguments : all) expect_failure(prepare(arguments), 1, nothing_left);
  // Neither does an option push a setting out.
  expect_failure(prepare({"a.jsonl", "--val-fraction", "0.1", "--set", "prepare.min_chars=1000"}), 1, nothing_left);
}

TEST_F(PrepareVerb, ShardsMergeIntoWhatOneRunMakes) {
  put("a.jsonl", lines_of(3000));
  ASSERT_EQ(prepare({"a.jsonl", "--out", "whole"}).exit_code, 0);
  for (const char* shard : {"1/2", "2/2"}) {
    const ProgramResult result = prepare({"a.jsonl", "--shard", shard});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, HasSubstr("-of-2: a shard; duplicates are found when ktlm prepare merge has them all\n"));
  }
  const ProgramResult merged = prepare({"merge", "--threads", "1", "--json"});
  EXPECT_EQ(merged.exit_code, 0) << merged.err;
  EXPECT_EQ(parse_json(merged.out, "merged")["total"]["documents_in"], 3000);
  EXPECT_EQ(read_file(folder_ / "data" / "prepared" / "manifest.json"), read_file(folder_ / "whole" / "manifest.json"));
  EXPECT_EQ(prepare({"merge", "data/prepared.shard-2-of-2", "data/prepared.shard-1-of-2", "--out", "named"}).exit_code,
            0);
}

TEST_F(PrepareVerb, AMergeTakesNothingThatTheShardsHaveSettled) {
  put("a.jsonl", lines_of(3));
  ASSERT_EQ(prepare({"a.jsonl", "--shard", "1/1"}).exit_code, 0);
  expect_failure(prepare({"a.jsonl", "merge"}), 2,
                 "merge takes no INPUT (\"a.jsonl\"); name directories that --shard made, behind the word merge");
  expect_failure(prepare({"merge", "--shard", "1/1"}), 2, "--shard: is for making shards, not for merge; leave it out");
  const std::string settled = ": was settled when the shards were made; leave it out, or make the shards again";
  expect_failure(prepare({"merge", "--min-chars", "5"}), 2, "--min-chars" + settled);
  expect_failure(prepare({"merge", "--no-near-duplicates"}), 2, "--no-near-duplicates" + settled);
  expect_failure(prepare({"merge", "--set", "prepare.min_chars=5"}), 2, "prepare.min_chars" + settled);
  EXPECT_EQ(prepare({"merge", "--memory-bytes", "1000000", "--out", "./data/prepared/"}).exit_code, 0);
  const ProgramResult help = prepare({"merge", "--help"});
  EXPECT_THAT(help.out, HasSubstr("Usage: ktlm prepare merge "));
  EXPECT_THAT(help.out, HasSubstr("--out, --threads, --memory-bytes, --json and --quiet as for ktlm prepare"));
}

TEST_F(PrepareVerb, WrongShardsAreOneLine) {
  put("a.jsonl", lines_of(3));
  for (const std::string shard : {"0/8", "9/8", "3", "1/", "a/b", "1/2/3", "-1/2"})
    expect_failure(prepare({"a.jsonl", "--shard", shard}), 2,
                   "--shard: \"" + shard + "\", expected I/N with I from 1 to N (at most 100000), such as 3/8");
  expect_failure(prepare({"merge"}), 1,
                 "data/prepared.shard-*: no shard; run ktlm prepare --shard first, or name their directories");
}

TEST_F(PrepareVerb, WrongSettingsAreUsageErrors) {
  put("a.jsonl", line_of(1));
  expect_failure(prepare({"a.jsonl", "--val-fraction", "0.9"}), 2,
                 "--val-fraction: should be a number, from 0 to 0.5, is \"0.9\"");
  expect_failure(prepare({"a.jsonl", "--format", "word"}), 2,
                 "--format: should be one of auto, mediawiki, wikitext, html, "
                 "jsonl, json, text, is \"word\"");
  expect_failure(prepare({"a.jsonl", "--set", "prepar.threads=1"}), 2,
                 "--set prepar.threads=1: unknown section \"prepar\"; did you mean \"prepare\"?");
  expect_failure(prepare({"a.jsonl", "--text-field", "a..b"}), 2,
                 "--text-field: \"a..b\" has an empty key; expected keys with dots between them, "
                 "such as document[].paragraph.form");
  expect_failure(prepare({"a.jsonl", "--set", "prepare.text_field=a..b"}), 2,
                 "prepare.text_field: \"a..b\" has an empty key; expected keys with dots between them, "
                 "such as document[].paragraph.form");
  expect_failure(prepare({}), 2, "INPUT is required; see ktlm prepare --help");
}

// Settings are YAML, what is typed is not.
TEST_F(PrepareVerb, AnOptionsValueIsTakenAsItIsTyped) {
  std::string lines = lines_of(3);
  for (size_t at = 0; (at = lines.find("\"text\"", at)) != std::string::npos;) lines.replace(at, 6, "\"it's: {a\"");
  put("a.jsonl", lines);
  const ProgramResult result = prepare({"a.jsonl", "--text-field", "it's: {a"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(PrepareVerb, EachBadInputIsOneLine) {
  expect_failure(prepare({"none.xml"}), 1, "none.xml: can't be read: No such file or directory (errno 2)");
  fs::create_directory(folder_ / "empty");
  expect_failure(prepare({"empty"}), 1,
                 "empty: holds no .txt, .text, .md, .jsonl, .json, .ndjson, .html, .htm, .xml, .xhtml, .wiki or "
                 ".parquet file; name the "
                 "files and, with --format, what they are");
  put("cut.xml", "<mediawiki>\n<page><title>서울</title>");
  expect_failure(prepare({"cut.xml"}), 1,
                 "cut.xml: line 2, byte 39: the XML ends inside the page \"서울\" (an unfinished download?); fetch the "
                 "file again");
  put("page.bz2", "<html>404</html>");
  expect_failure(prepare({"page.bz2"}), 1, "page.bz2: named .bz2, but holds markup; fetch the file again or rename it");
  put("a.txt", "그냥 글이다. 사전도 대화도 아니고 표시도 없는 글이다.");
  expect_failure(prepare({"a.txt", "--format", "mediawiki"}), 1,
                 "a.txt: is no XML; expected a MediaWiki export, choose another --format");
  put("b.jsonl", line_of(1) + "{}\n");
  expect_failure(prepare({"b.jsonl", "--strict"}), 1,
                 "b.jsonl:2: has no \"text\", \"content\", \"body\", \"messages\", \"conversations\" or "
                 "\"instruction\"; --text-field names the text's key");
}

TEST_F(PrepareVerb, ASignalStopsItEvenWhileItsInputIsSilent) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    test::RunningProgram program({KTLM_BINARY, "prepare", "-"}, {.input = lines_of(50'000),
                                                                 .keep_input_open = true,
                                                                 .directory = folder_.path().string(),
                                                                 .timeout_seconds = 60});
    const fs::path data = folder_ / "data";
    // At work once it has made its temporary directory, and its first shard in there.
    while (!fs::exists(data) || fs::is_empty(data)) ::usleep(1000);
    program.send_signal(signal_number);
    while (::usleep(1000) == 0 && !fs::is_empty(data)) {
    }
    const ProgramResult result = program.wait();
    EXPECT_EQ(result.exit_code, 128 + signal_number);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "ktlm prepare: stopped; data/prepared was not made\n");
    EXPECT_TRUE(fs::is_empty(data));
  }
}

TEST_F(PrepareVerb, AKilledRunsLeftoversGoWithTheNext) {
  {
    test::RunningProgram program({KTLM_BINARY, "prepare", "-"}, {.input = lines_of(50'000),
                                                                 .keep_input_open = true,
                                                                 .directory = folder_.path().string(),
                                                                 .timeout_seconds = 60});
    while (!fs::exists(folder_ / "data") || fs::is_empty(folder_ / "data")) ::usleep(1000);
  }  // killed here
  EXPECT_FALSE(fs::exists(folder_ / "data" / "prepared"));
  put("a.jsonl", line_of(1));
  EXPECT_EQ(prepare({"a.jsonl"}).exit_code, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "data"), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace ktlm
