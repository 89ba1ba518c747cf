// The report of ktlm doctor, of machines that are not at hand: a Mac's two memories, and the limit of its sums.
#include "doctor_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ktlm/core/json.h"

namespace ktlm::cli {
namespace {

using testing::HasSubstr;

PlanReport plan_report(const doctor::TrainingPlan& plan, bool fits) {
  return {plan,
          at::kFloat,
          3'654'000'000,
          fits,
          12,
          31,
          {doctor::TrainingTime{at::kFloat, 8.0, 4096.0, 160'000.0, true}, ""}};
}

DoctorReport mac_report() {
  MachineReport machine{17'179'869'184, 11'453'246'122, 11'453'246'122, {}, {}, {}};
  machine.speed.figure = doctor::MachineSpeed{{{at::kFloat, 3e12}}, 1e11};
  machine.disk.figure = doctor::DiskSpeed{1e9, 2e9};
  for (const auto& plan : doctor::shipped_plans())
    machine.plans.push_back(plan_report(plan, plan.name == "tiny" || plan.name == "small"));
  return {at::kMPS, {}, machine};
}

TEST(DoctorReport, TellsTheMemoryOfAMacAndWhatMetalRecommendsOfIt) {
  const auto report = mac_report();
  EXPECT_THAT(report_text(report), HasSubstr("memory          17.2 GB, shared by CPU and GPU; Metal recommends at most "
                                             "11.5 GB for the GPU, which a run may take\n"));
  const Json json = parse_json(report_json(report), "json");
  EXPECT_EQ(json.at("machine_memory_bytes"), 17'179'869'184);
  EXPECT_EQ(json.at("memory_bytes"), 11'453'246'122);
}

TEST(DoctorReport, NamesTheLargestConfigurationThatFits) {
  const auto report = mac_report();
  EXPECT_THAT(report_text(report), HasSubstr("\nlargest that fits: small\n"));
  EXPECT_EQ(parse_json(report_json(report), "json").at("largest_that_fits"), "small");
}

TEST(DoctorReport, TellsOfAMicroBatchThatTrainRefusesOnMps) {
  auto report = mac_report();
  report.machine->plans[1].plan.train.micro_batch_size = 32;
  const char* const remark =
      "\nsmall: a micro-batch of 32768 tokens, of which mps may sum over no more than 32766 (train refuses it)\n";
  EXPECT_THAT(report_text(report), HasSubstr(remark));
  report.device = at::kCPU;
  EXPECT_THAT(report_text(report), testing::Not(HasSubstr(remark)));
}

TEST(DoctorReport, TellsOfATimeThatOtherProgramsDisturbed) {
  auto report = mac_report();
  const char* const remark = "\nbase: time is unsteady; close other programs and run this again\n";
  EXPECT_THAT(report_text(report), testing::Not(HasSubstr(remark)));
  report.machine->plans[2].time.figure->steady = false;
  EXPECT_THAT(report_text(report), HasSubstr(remark));
  EXPECT_THAT(report_text(report), testing::ContainsRegex("\nbase .* -  *unsteady\n"));
  const Json configs = parse_json(report_json(report), "json").at("configs");
  EXPECT_EQ(configs.at(1).at("estimate_is_steady"), true);
  EXPECT_EQ(configs.at(2).at("estimate_is_steady"), false);
}

TEST(DoctorReport, HasNoColumnForADtypeThatWasNotLookedAt) {
  DoctorReport report{at::kCPU, {{"sums", "forward", at::kFloat, doctor::Outcome::kRight, 0, 0, ""}}, {}};
  report.checks.push_back({"sums", "forward", at::kBFloat16, doctor::Outcome::kWrong, 0, 0, ""});
  EXPECT_THAT(report_text(report), testing::StartsWith("check                             fp32     bf16\n"
                                                       "sums                              right    WRONG\n"));
  report.checks.push_back({"sums", "forward", at::kHalf, doctor::Outcome::kNotSupported, 0, 0, ""});
  EXPECT_THAT(report_text(report), HasSubstr("fp32     bf16     fp16\n"));
}

}  // namespace
}  // namespace ktlm::cli
