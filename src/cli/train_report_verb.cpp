#include <filesystem>

#include "console.h"
#include "ktlm/train/train_report.h"
#include "train_verb.h"

namespace ktlm::cli {

namespace fs = std::filesystem;

int run_train_report(const TrainArguments& arguments, Console& console) {
  const std::vector<fs::path> runs(arguments.report_runs.begin(), arguments.report_runs.end());
  // Several runs' page belongs to none of them: there the next validation of that run would replace it.
  fs::path out_dir = runs.size() == 1 ? runs.front() : (runs.front() / "..").lexically_normal();
  if (!arguments.run_dir.empty()) out_dir = arguments.run_dir;
  console.print(train::write_run_report(runs, out_dir).string());
  return 0;
}

}  // namespace ktlm::cli
