#include "ktlm/train/train_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::train {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// `count` reports of every tenth step, with a validation after each quarter.
RunHistory made_run(const std::string& name, int64_t count, double learning_rate = 6e-4) {
  RunHistory run;
  run.directory = "runs/" + name;
  run.max_steps = 20 * count;
  run.tokens_per_step = 1000;
  run.settings = {{"model.d_model", "64"},
                  {"train.learning_rate", std::to_string(learning_rate)},
                  {"train.max_steps", std::to_string(run.max_steps)}};
  run.config_yaml = "model:\n  d_model: 64\n";
  for (int64_t i = 1; i <= count; ++i) {
    const auto x = static_cast<double>(i) / static_cast<double>(count);
    run.reports.push_back({.step = 10 * i,
                           .time = 1.7e9 + static_cast<double>(i),
                           .loss = 3 + 7 * std::exp(-10 * x) + 0.1 * std::sin(static_cast<double>(i * i)),
                           .learning_rate = learning_rate * (1 - x),
                           .gradient_norm = 1 + 0.5 * std::sin(static_cast<double>(i * i)),
                           .tokens_per_second = 5000,
                           .memory_bytes = 1e9,
                           .training_seconds = 2.0 * static_cast<double>(i)});
    if (i % (count / 4) != 0) continue;
    const double loss = 3.5 - x;
    run.validations.push_back({10 * i, loss, std::exp(loss), loss / 3});
    run.samples.push_back({10 * i, "한글은", "한글은 " + std::to_string(i) + "번째"});
  }
  return run;
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t number = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

TEST(RunReport, ShowsEachCurveOverStepsAndOverTime) {
  const std::string page = run_report_page({made_run("small", 100)});
  for (const char* title :
       {"Loss, nats per token<", "Loss, nats per token, second half", "Bits per byte of validation text",
        "Learning rate", "Gradient norm before clipping", "Tokens per second of training", "Memory of the process"})
    EXPECT_EQ(count_of(page, "<b>" + std::string(title)), 2U) << title;
  EXPECT_EQ(count_of(page, ">step</text>"), 7U);
  EXPECT_EQ(count_of(page, ">minutes of training</text>") + count_of(page, ">seconds of training</text>"), 7U);
}

TEST(RunReport, SaysHowFarTheRunIsAndHowLongTheRestTakes) {
  const std::string page = run_report_page({made_run("small", 100)});
  EXPECT_THAT(page, AllOf(HasSubstr("<b>1,000</b>of 2,000 steps"), HasSubstr("3m20s of training, 3m20s to the end"),
                          HasSubstr("<b>2.500</b>best validation loss<small>at step 1,000, perplexity 12.18"),
                          HasSubstr("1.00M tokens seen")));
}

TEST(RunReport, ShowsSamplesThroughTimeAndTheConfiguration) {
  const std::string page = run_report_page({made_run("small", 100)});
  EXPECT_THAT(page, HasSubstr("<h3>한글은</h3>"));
  EXPECT_LT(page.find("25번째"), page.find("100번째"));
  EXPECT_THAT(page, HasSubstr("<pre>model:\n  d_model: 64\n</pre>"));
  EXPECT_THAT(page, Not(HasSubstr("Differences in configuration")));
}

TEST(RunReport, ShowsSeveralRunsInOnePictureWithTheirDifferences) {
  const std::string page = run_report_page({made_run("a", 100), made_run("b", 60, 1e-3)});
  EXPECT_THAT(page, HasSubstr("<title>2 training runs</title>"));
  EXPECT_EQ(count_of(page, "<b>Training loss, nats per token</b>"), 2U);
  EXPECT_THAT(page, AllOf(HasSubstr("class=\"line l0\""), HasSubstr("class=\"line l1\"")));
  EXPECT_THAT(page, HasSubstr("<td>train.learning_rate</td><td>0.000600</td><td>0.001000</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<td>model.d_model</td>")));
  EXPECT_THAT(page, HasSubstr("1 other settings are the same."));
  EXPECT_THAT(page, AllOf(HasSubstr("60번째"), Not(HasSubstr("45번째"))));  // the last of each
}

TEST(RunReport, CallsRunsOfOneNameByTheirPaths) {
  RunHistory other = made_run("a", 8);
  other.directory = "elsewhere/a";
  const std::string page = run_report_page({made_run("a", 8), other});
  EXPECT_THAT(page, AllOf(HasSubstr("</svg>runs/a<"), HasSubstr("</svg>elsewhere/a<")));
}

TEST(RunReport, EscapesNamesTextsAndSettings) {
  const std::string hostile = "<img src=x>&\"";
  RunHistory run = made_run(hostile, 8);
  run.samples = {{80, hostile, hostile + hostile}};
  run.settings.emplace_back(hostile, hostile);
  run.config_yaml = hostile;
  RunHistory other = run;
  other.settings.back().second += "!";
  for (const std::string& page : {run_report_page({run}), run_report_page({run, other})}) {
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<img")), HasSubstr("&lt;img src=x&gt;&amp;&quot;")));
    EXPECT_THAT(page, Not(HasSubstr("<script")));
  }
}

TEST(RunReport, StaysBelowAMegabyteForLongAndManyRuns) {
  EXPECT_LT(run_report_page({made_run("long", 100'000)}).size(), 500'000U);
  std::vector<RunHistory> runs;
  for (int i = 0; i < 8; ++i) runs.push_back(made_run(std::to_string(i), 20'000));
  EXPECT_LT(run_report_page(runs).size(), 1'000'000U);
}

TEST(RunReport, ManyAndLongSamplesAreThinnedFromTheFirstToTheLast) {
  RunHistory run = made_run("a", 8);
  run.samples.clear();
  for (int64_t step = 1; step <= 3'000; ++step) {
    for (const char* prompt : {"가", "나"})
      run.samples.push_back({step, prompt, prompt + std::string(" 글") + std::to_string(step) + "번"});
  }
  std::string long_text = "다";
  while (long_text.size() < 100'000) long_text += "라마바";
  run.samples.push_back({3'001, "다", long_text});
  const std::string page = run_report_page({run});
  EXPECT_THAT(page, AllOf(HasSubstr(" 글1번"), HasSubstr(" 글3000번"), HasSubstr(" …</div>")));
  EXPECT_EQ(count_of(page, "번</div>"), 24U);
  EXPECT_LT(page.size(), 100'000U);
}

TEST(RunReport, RunWithoutValidationOrWithOneReportAloneHasAPage) {
  RunHistory run = made_run("a", 100);
  run.validations.clear();
  run.samples.clear();
  EXPECT_THAT(run_report_page({run}), AllOf(Not(HasSubstr("validation loss")), Not(HasSubstr(">Samples<"))));
  run.reports.resize(1);
  EXPECT_THAT(run_report_page({run}), HasSubstr("Training loss, nats per token"));
}

TEST(RunReport, LossThatIsNoNumberLeavesThePageWhole) {
  RunHistory run = made_run("a", 100);
  for (StepReport& report : run.reports) report.loss = report.gradient_norm = std::nan("");
  for (ValidationReport& validation : run.validations) validation.loss = std::nan("");
  const std::string page = run_report_page({run});
  EXPECT_THAT(page, AllOf(HasSubstr("<b>–</b>training loss"), Not(HasSubstr("nan"))));
  EXPECT_THAT(page, Not(HasSubstr("best validation loss")));
}

class WrittenReport : public testing::Test {
 protected:
  std::string warnings() {
    std::string all;
    try_write_run_report(run_dir_.path(), [&](const std::string& warning) { all += warning; });
    return all;
  }
  test::TemporaryDirectory run_dir_;
};

TEST_F(WrittenReport, RunWithoutAReportIsOneLine) {
  write_file_atomically(run_dir_ / "metrics.jsonl", "");
  EXPECT_EQ(test::error_message([&] { write_run_report({run_dir_.path()}, run_dir_.path()); }),
            (run_dir_ / "metrics.jsonl").string() +
                ": holds no report yet; the first comes after train.log_every_steps steps");
  EXPECT_EQ(warnings(), "");
  EXPECT_FALSE(fs::exists(run_dir_ / "report.html"));
}

TEST_F(WrittenReport, FailureIsOneWarning) {
  write_file_atomically(run_dir_ / "metrics.jsonl", "{\"step\":1,\"train/loss\":3}\n");
  EXPECT_EQ(warnings(), "");
  EXPECT_TRUE(fs::is_regular_file(run_dir_ / "report.html"));
  fs::remove(run_dir_ / "report.html");
  fs::create_directories(run_dir_ / "report.html" / "in the way");
  EXPECT_THAT(warnings(), testing::StartsWith("no report was written: " + (run_dir_ / "report.html").string()));
}

}  // namespace
}  // namespace ktlm::train
