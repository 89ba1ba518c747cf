#include "doctor_verb.h"

#include <csignal>
#include <filesystem>

#include "config_sections.h"
#include "console.h"
#include "doctor_report.h"
#include "ktlm/core/memory_info.h"
#include "ktlm/doctor/preflight.h"
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
    plan.train.validate(plan.model.max_seq_len);
    plans.push_back(plan);
  }
  return plans;
}

PlanReport judge(const doctor::TrainingPlan& given, at::Device device, const MachineReport& machine) {
  const auto plan = doctor::with_micro_batch_size(given, at::kFloat, device);
  PlanReport report{};
  report.plan = plan;
  report.time = doctor::try_to_measure([&] { return doctor::measure_training_time(plan, device); });
  if (report.time.figure && machine.speed.figure &&
      !doctor::is_possible(*report.time.figure, plan.model, *machine.speed.figure))
    report.time.figure->steady = false;
  report.dtype = report.time.figure ? report.time.figure->dtype : at::kFloat;
  const auto largest = [&](bool gradient_checkpointing) {
    auto changed = plan;
    changed.train.gradient_checkpointing = gradient_checkpointing;
    return doctor::largest_micro_batch(changed, report.dtype, device, machine.usable_memory_bytes);
  };
  report.memory_bytes = doctor::training_memory(plan, report.dtype, device)
                            .process_bytes(plan.train.micro_batch_size * plan.model.max_seq_len);
  report.largest_micro_batch = largest(false);
  report.largest_with_checkpointing = largest(true);
  report.fits = plan.train.micro_batch_size <= largest(plan.train.gradient_checkpointing);
  return report;
}

MachineReport measure_machine(const std::vector<doctor::TrainingPlan>& plans, at::Device device,
                              const ProgressCallback& progress) {
  const int64_t num_parts = static_cast<int64_t>(plans.size()) + 1;
  int64_t part = 0;
  const auto tell = [&](const std::string& name) { progress({"measuring", part++, num_parts, "parts", name}); };
  MachineReport report{};
  report.machine_memory_bytes = total_memory_bytes();
  report.device_memory_bytes = doctor::device_memory_bytes(device);
  report.usable_memory_bytes = doctor::usable_memory_bytes(device);
  tell("the machine");
  report.speed = doctor::try_to_measure([&] { return doctor::machine_speed(device); });
  report.disk = doctor::try_to_measure([] { return doctor::disk_speed("."); });
  for (const auto& plan : plans) {
    tell(plan.name);
    report.plans.push_back(judge(plan, device, report));
  }
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
  if (right && !arguments.quick) report.machine = measure_machine(plans, device, progress);
  console.print(arguments.json ? report_json(report) : report_text(report));
  return right ? 0 : 1;
}

}  // namespace ktlm::cli
