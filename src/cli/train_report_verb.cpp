#include <filesystem>
#include <string>
#include <utility>

#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/train/train_report.h"
#include "train_verb.h"

namespace ktlm::cli {

namespace fs = std::filesystem;

namespace {

void refuse_options_of_training(const TrainArguments& arguments) {
  const std::pair<bool, const char*> given[] = {{!arguments.config_files.empty(), "--config"},
                                                {!arguments.overrides.empty(), "--set"},
                                                {!arguments.data_dir.empty(), "--data"},
                                                {!arguments.tokenizer_dir.empty(), "--tokenizer"},
                                                {!arguments.init_from.empty(), "--init-from"},
                                                {arguments.resume, "--resume"},
                                                {arguments.device != "auto", "--device"},
                                                {!arguments.dtype.empty(), "--dtype"},
                                                {arguments.threads.has_value(), "--threads"},
                                                {arguments.print_config, "--print-config"},
                                                {arguments.json, "--json"}};
  for (const auto& [is_given, option] : given) {
    if (is_given)
      throw ConfigError(std::string("--report trains nothing, so it does not go with ") + option +
                        "; drop one of them");
  }
}

}  // namespace

int run_train_report(const TrainArguments& arguments, Console& console) {
  refuse_options_of_training(arguments);
  const std::vector<fs::path> runs(arguments.report_runs.begin(), arguments.report_runs.end());
  // Several runs' page belongs to none of them: there the next validation of that run would replace it.
  fs::path out_dir = runs.size() == 1 ? runs.front() : (runs.front() / "..").lexically_normal();
  if (!arguments.run_dir.empty()) out_dir = arguments.run_dir;
  console.print(train::write_run_report(runs, out_dir).string());
  return 0;
}

}  // namespace ktlm::cli
