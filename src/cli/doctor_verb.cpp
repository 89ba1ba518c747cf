#include "doctor_verb.h"

#include <csignal>
#include <filesystem>

#include "config_sections.h"
#include "console.h"
#include "doctor_report.h"
#include "ktlm/doctor/self_test.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/doctor/training_plan.h"
#include "ktlm/model/device.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"

namespace ktlm::cli {

namespace {

// A configuration that leaves the vocabulary to the tokenizer is judged with train-tokenizer's default.
std::vector<doctor::TrainingPlan> load_plans(const std::vector<std::string>& files, Console& console) {
  if (files.empty()) return doctor::shipped_plans();
  std::vector<doctor::TrainingPlan> plans;
  for (const std::string& file : files) {
    const ConfigTree tree = load_config_tree({file}, {});
    doctor::TrainingPlan plan{std::filesystem::path(file).stem().string(),
                              load_section<model::ModelConfig>(tree, "model"),
                              load_section<train::TrainConfig>(tree, "train")};
    if (plan.model.vocab_size == 0) {
      plan.model.vocab_size = tokenizer::TokenizerTrainConfig{}.vocab_size;
      console.note(file + ": leaves model.vocab_size to the tokenizer; taken as " +
                   std::to_string(plan.model.vocab_size));
    }
    plan.model.validate();
    plan.train.validate();
    plans.push_back(plan);
  }
  return plans;
}

PlanReport judge(const doctor::TrainingPlan& plan, at::Device device) {
  PlanReport report{};
  report.plan = plan;
  report.time = doctor::measure_training_time(plan, device);
  const int64_t usable = doctor::usable_memory_bytes(device);
  auto plain = plan, checkpointing = plan;
  plain.train.gradient_checkpointing = false;
  checkpointing.train.gradient_checkpointing = true;
  report.memory_bytes = doctor::training_memory(plan, report.time.dtype)
                            .process_bytes(plan.train.micro_batch_size * plan.model.max_seq_len);
  report.largest_micro_batch = doctor::largest_micro_batch(plain, report.time.dtype, usable);
  report.largest_with_checkpointing = doctor::largest_micro_batch(checkpointing, report.time.dtype, usable);
  return report;
}

}  // namespace

int run_doctor(const DoctorArguments& arguments, Console& console) {
  const auto plans = load_plans(arguments.config_files, console);
  std::signal(SIGINT, SIG_DFL);  // there is nothing to save: the first signal may end it
  std::signal(SIGTERM, SIG_DFL);
  model::set_up_compute(arguments.threads);
  const at::Device device = model::select_device(arguments.device);
  const auto progress = console.progress();

  DoctorReport report{device};
  report.checks = arguments.quick ? doctor::run_quick_checks(device, {at::kFloat, at::kBFloat16}, progress)
                                  : doctor::run_all_checks(device, progress);
  const bool right = doctor::computes_rightly(report.checks);
  if (right && !arguments.quick) {
    report.memory_bytes = doctor::device_memory_bytes(device);
    report.usable_memory_bytes = doctor::usable_memory_bytes(device);
    progress({"measuring", 0, static_cast<int64_t>(plans.size()) + 1, "parts", "the machine"});
    report.speed = doctor::machine_speed(device, ".");
    for (const auto& plan : plans) {
      progress({"measuring", static_cast<int64_t>(report.plans.size()) + 1, static_cast<int64_t>(plans.size()) + 1,
                "parts", plan.name});
      report.plans.push_back(judge(plan, device));
    }
  }
  console.print(arguments.json ? report_json(report) : report_text(report));
  return right ? 0 : 1;
}

}  // namespace ktlm::cli
