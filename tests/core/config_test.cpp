#include "ktlm/core/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_message.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

using test::error_message;
using test::TemporaryDirectory;

struct Sample {
  int64_t max_steps = 100;
  double learning_rate = 1e-3;
  bool resume = false;
  std::string schedule = "cosine";
  std::vector<std::string> prompts = {"안녕"};

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("max_steps", &Sample::max_steps, at_least(1), "steps");
    v("learning_rate", &Sample::learning_rate, greater_than(0), "peak rate");
    v("resume", &Sample::resume, any_value(), "goes on");
    v("schedule", &Sample::schedule, one_of({"cosine", "wsd"}), "shape");
    v("prompts", &Sample::prompts, any_value(), "prompts");
  }
};

class ConfigFile : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& yaml) {
    const auto path = directory_ / name;
    write_file_atomically(path, yaml);
    return path.string();
  }
  Sample load(const std::string& yaml) {
    ConfigTree tree;
    tree.add_file(write("a.yaml", yaml));
    tree.check_sections({"train"});
    return load_section<Sample>(tree, "train");
  }
  // The message without the temporary folder in front.
  std::string message(const std::string& yaml) {
    std::string text = error_message([&] { load(yaml); });
    if (const size_t at = text.find(directory_.path().string()); at == 0)
      text.erase(0, directory_.path().string().size() + 1);
    return text;
  }
  TemporaryDirectory directory_;
};

TEST_F(ConfigFile, FillsTheNamedFieldsAndLeavesTheRest) {
  const Sample sample = load("train:\n  max_steps: 1e4\n  resume: true\n  prompts: [대한민국, \"서울: 수도\"]\n");
  EXPECT_EQ(sample.max_steps, 10000);
  EXPECT_TRUE(sample.resume);
  EXPECT_EQ(sample.learning_rate, 1e-3);
  EXPECT_EQ(sample.prompts, (std::vector<std::string>{"대한민국", "서울: 수도"}));
}

TEST_F(ConfigFile, LaterLayersWinKeyByKey) {
  ConfigTree tree;
  tree.add_file(write("base.yaml", "train:\n  max_steps: 5\n  learning_rate: 0.5\n"));
  tree.add_file(write("top.yaml", "train:\n  max_steps: 7\n"));
  tree.add_override("train.schedule=wsd");
  const auto sample = load_section<Sample>(tree, "train");
  EXPECT_EQ(sample.max_steps, 7);
  EXPECT_EQ(sample.learning_rate, 0.5);
  EXPECT_EQ(sample.schedule, "wsd");
}

TEST_F(ConfigFile, PrintedYamlReadsBackToTheSameValues) {
  Sample sample;
  sample.learning_rate = 0.1 + 0.2;
  sample.schedule = "wsd";
  sample.prompts = {"줄\n바꿈", "\"따옴표\"", "true", ""};
  const Sample back = load(to_yaml("train", sample));
  EXPECT_EQ(back.learning_rate, sample.learning_rate);
  EXPECT_EQ(back.schedule, sample.schedule);
  EXPECT_EQ(back.prompts, sample.prompts);
}

TEST_F(ConfigFile, TellsWhereEachValueCameFrom) {
  ConfigTree tree;
  const std::string path = write("a.yaml", "train:\n  max_steps: 7\n");
  tree.add_file(path);
  tree.add_override("train.resume=true");
  EXPECT_EQ(to_yaml_with_origins(tree, "train", load_section<Sample>(tree, "train")),
            "train:\n  max_steps: 7  # " + path +
                ":2\n  learning_rate: 0.001  # default\n  resume: true  # --set train.resume=true\n"
                "  schedule: cosine  # default\n  prompts: [\"안녕\"]  # default\n");
}

TEST_F(ConfigFile, NamesTheNearestKeyForATypo) {
  EXPECT_EQ(message("train:\n  learning_rate: 1\n  max_step: 5\n"),
            R"(a.yaml:3: unknown key "train.max_step"; did you mean "max_steps"?)");
  EXPECT_EQ(message("train:\n  zzzzz: 5\n"),
            R"(a.yaml:2: unknown key "train.zzzzz"; valid are max_steps, learning_rate, resume, schedule, prompts)");
}

TEST_F(ConfigFile, NamesTheNearestSectionForATypo) {
  EXPECT_EQ(message("\ntrian:\n  max_steps: 5\n"), R"(a.yaml:2: unknown section "trian"; did you mean "train"?)");
}

TEST_F(ConfigFile, TellsTheExpectedTypeAndLimit) {
  EXPECT_EQ(message("train:\n  max_steps: many\n"),
            R"(a.yaml:2: "train.max_steps" should be an integer, at least 1, is "many")");
  EXPECT_EQ(message("train:\n  max_steps: 0\n"),
            R"(a.yaml:2: "train.max_steps" should be an integer, at least 1, is "0")");
  EXPECT_EQ(message("train:\n  max_steps: 1.5\n"),
            R"(a.yaml:2: "train.max_steps" should be an integer, at least 1, is "1.5")");
  EXPECT_EQ(
      message("train:\n  max_steps: 9007199254740993\n"),
      R"(a.yaml:2: "train.max_steps" should be an integer, at least 1, below 9007199254740992, is "9007199254740993")");
  EXPECT_EQ(message("train:\n  max_steps: 9007199254740991\n"), "(nothing thrown)");
  EXPECT_EQ(message("train:\n  learning_rate: 0\n"),
            R"(a.yaml:2: "train.learning_rate" should be a number, above 0, is "0")");
  EXPECT_EQ(message("train:\n  learning_rate: .nan\n"),
            R"(a.yaml:2: "train.learning_rate" should be a number, above 0, is ".nan")");
  EXPECT_EQ(message("train:\n  resume: yes\n"), R"(a.yaml:2: "train.resume" should be true or false, is "yes")");
  EXPECT_EQ(message("train:\n  schedule: [wsd]\n"),
            R"(a.yaml:2: "train.schedule" should be one of cosine, wsd, is "[wsd]")");
}

TEST_F(ConfigFile, RejectsBrokenYamlWithItsLine) {
  EXPECT_EQ(message("train:\n  max_steps: [1\n").substr(0, 24), "a.yaml:3: not valid YAML");
  EXPECT_EQ(message("- a\n- b\n"), "a.yaml:1: expected sections such as \"train:\", got another kind of YAML");
  EXPECT_THAT(message("train:\n  max_steps: 1\n  max_steps: 2\n"),
              testing::StartsWith("a.yaml:3: \"train.max_steps\" stands twice, first at "));
}

TEST_F(ConfigFile, MissingFileIsAnErrorOfTheCommandLine) {
  ConfigTree tree;
  EXPECT_EQ(error_message([&] { tree.add_file("/nowhere/small.yaml"); }),
            "/nowhere/small.yaml: can't be read: No such file or directory (errno 2)");
  EXPECT_THROW(tree.add_file("/nowhere/small.yaml"), ConfigError);
}

TEST(ConfigOverride, NeedsSectionKeyAndValue) {
  ConfigTree tree;
  EXPECT_EQ(error_message([&] { tree.add_override("max_steps=5"); }),
            "--set max_steps=5: expected section.key=value, such as train.max_steps=100");
}

}  // namespace
}  // namespace ktlm
