// What a wrong command line says: one line that names the option or word, what was expected, and the next step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_program.h"

namespace ktlm {
namespace {

using test::ProgramResult;
using testing::HasSubstr;
using testing::Not;

ProgramResult ktlm(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), KTLM_BINARY);
  return test::run_program(arguments);
}

// What a usage error says behind "ktlm <verb>: "; of no verb, behind "ktlm: ".
std::string fault(const std::vector<std::string>& arguments, const std::string& verb) {
  const ProgramResult result = ktlm(arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  const std::string start = "ktlm" + (verb.empty() ? "" : " " + verb) + ": ";
  EXPECT_TRUE(result.err.starts_with(start) && result.err.ends_with('\n')) << result.err;
  return result.err.substr(start.size(), result.err.size() - start.size() - 1);
}

std::string fault(const std::vector<std::string>& arguments) { return fault(arguments, arguments.front()); }

TEST(UsageError, NamesAnUnknownOptionAndTheNearest) {
  EXPECT_EQ(fault({"prepare", "--form", "html", "x"}), "unknown option \"--form\"; did you mean \"--format\"?");
  EXPECT_EQ(fault({"chat", "--temprature=1"}), "unknown option \"--temprature\"; did you mean \"--temperature\"?");
  EXPECT_EQ(fault({"bench", "--xylophone"}), "unknown option \"--xylophone\"; see ktlm bench --help");
  EXPECT_EQ(fault({"generate", "-x"}), "unknown option \"-x\"; see ktlm generate --help");
  EXPECT_EQ(fault({"prepare", "merge", "--xylophone"}),
            "unknown option \"--xylophone\"; see ktlm prepare merge --help");
}

TEST(UsageError, NamesWhatStandsInFrontOfTheVerbOrInItsPlace) {
  const std::string in_front = " in front of the verb; an option stands behind it, see ktlm --help";
  EXPECT_EQ(fault({"-q"}, ""), "unknown option \"-q\"" + in_front);
  EXPECT_EQ(fault({"--quiet", "tokenize"}, "tokenize"), "unknown option \"--quiet\"" + in_front);
  EXPECT_EQ(fault({"prepaer", "x"}, ""), "unknown verb \"prepaer\"; did you mean \"prepare\"?");
  EXPECT_EQ(fault({"xylophone"}, ""), "unknown verb \"xylophone\"; see ktlm --help");
  EXPECT_EQ(fault({"--"}, ""), "no verb; see ktlm --help");
}

TEST(UsageError, NamesTheWordThatIsTooMany) {
  EXPECT_EQ(fault({"import", "a", "b", "c"}), "unexpected \"b\"; ktlm import takes one FILE, see ktlm import --help");
  EXPECT_EQ(fault({"train", "small.yaml"}),
            "unexpected \"small.yaml\"; ktlm train takes options alone, see ktlm train --help");
  EXPECT_EQ(fault({"train", "--", "--resume"}),
            "unexpected \"--resume\"; ktlm train takes options alone, see ktlm train --help");
}

TEST(UsageError, NamesWhatIsMissing) {
  EXPECT_EQ(fault({"import"}), "FILE is required; see ktlm import --help");
  EXPECT_EQ(fault({"bench"}), "WHAT is required; see ktlm bench --help");
  EXPECT_EQ(fault({"generate", "--top-p"}), "--top-p: expected a value (number), got none; see ktlm generate --help");
  EXPECT_EQ(fault({"tokenize", "--threads="}), "--threads: expected a value (N), got none; see ktlm tokenize --help");
  EXPECT_EQ(fault({"generate", "-n"}), "--num-samples: expected a value (N), got none; see ktlm generate --help");
}

TEST(UsageError, NamesValuesThatAreTooMany) {
  EXPECT_EQ(fault({"tokenize", "--model", "a", "--model", "b"}),
            "--model: expected one value, got \"a\", \"b\"; leave the others out");
  EXPECT_EQ(fault({"chat", "--resume", "a", "b"}),
            "--resume: expected one value, got \"a\", \"b\"; leave the others out");
  EXPECT_EQ(fault({"tokenize", "--count=x"}), "--count: takes no value; leave \"=x\" out");
}

TEST(UsageError, NamesTheOptionWhoseValueIsWrong) {
  EXPECT_EQ(fault({"tokenize", "--threads", "x"}), "--threads: should be an integer, from 0 to 1024, is \"x\"");
  EXPECT_EQ(fault({"train", "--threads", "x"}), "--threads: should be an integer, at least 0, is \"x\"");
  EXPECT_EQ(fault({"train", "--dtype", "int8"}), "--dtype: should be one of auto, fp32, bf16, is \"int8\"");
  EXPECT_EQ(fault({"train-tokenizer", "--vocab-size", "12"}),
            "--vocab-size: should be an integer, from 273 to 1000000, is \"12\"");
  EXPECT_EQ(fault({"prepare", "--format", "parquet", "x"}),
            "--format: should be one of auto, mediawiki, wikitext, html, jsonl, json, text, is \"parquet\"");
  EXPECT_EQ(fault({"chat", "--top-p", "2"}), "--top-p: should be a number, from 0 to 1, is \"2\"");
  EXPECT_EQ(fault({"eval", "--engine", "mine"}), "--engine: should be one of auto, own, libtorch, is \"mine\"");
  EXPECT_EQ(fault({"bench", "sleep"}), "WHAT: should be one of train, prefill, decode, is \"sleep\"");
}

TEST(UsageError, NamesOptionsThatNeedOrExcludeEachOther) {
  EXPECT_EQ(fault({"tokenize", "--json"}), "--json needs --count; add it, or leave --json out");
  EXPECT_EQ(fault({"tokenize", "--count", "--decode"}), "--decode can't stand with --count; leave one of them out");
}

TEST(Help, SpeaksOfOptionsAsTheirMessagesDo) {
  for (const char* verb : {"prepare", "train-tokenizer", "train", "generate", "chat", "eval", "export", "import",
                           "tokenize", "bench", "doctor"}) {
    const std::string help = ktlm({verb, "--help"}).out;
    for (const char* word : {"REQUIRED", "Excludes", "Needs", "POSITIVE", "UINT", ":{"})
      EXPECT_THAT(help, Not(HasSubstr(word))) << verb;
  }
  EXPECT_THAT(ktlm({"tokenize", "--help"}).out, HasSubstr("\n  --json with: --count "));
  EXPECT_THAT(ktlm({"bench", "--help"}).out, HasSubstr("\n  WHAT train|prefill|decode (required)"));
}

TEST(Help, IsAVerbAsWell) {
  const auto same = [](const std::vector<std::string>& words, const std::vector<std::string>& options) {
    const ProgramResult result = ktlm(words), expected = ktlm(options);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out, expected.out);
  };
  same({"help"}, {"--help"});
  same({"help", "train"}, {"train", "--help"});
  same({"help", "prepare", "merge"}, {"prepare", "merge", "--help"});
  same({"help", "--help"}, {"--help"});
  EXPECT_EQ(fault({"help", "trian"}, ""), "unknown verb \"trian\"; did you mean \"train\"?");
}

}  // namespace
}  // namespace ktlm
