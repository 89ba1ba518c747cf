#include "doctor_verb.h"

#include <csignal>

#include "console.h"
#include "doctor_report.h"
#include "ktlm/doctor/self_test.h"
#include "ktlm/model/device.h"

namespace ktlm::cli {

int run_doctor(const DoctorArguments& arguments, Console& console) {
  std::signal(SIGINT, SIG_DFL);  // there is nothing to save: the first signal may end it
  std::signal(SIGTERM, SIG_DFL);
  model::set_up_compute(arguments.threads);
  const at::Device device = model::select_device(arguments.device);

  DoctorReport report{device};
  report.checks = arguments.quick ? doctor::run_quick_checks(device, {at::kFloat, at::kBFloat16}, console.progress())
                                  : doctor::run_all_checks(device, console.progress());
  console.print(arguments.json ? report_json(report) : report_text(report));
  return doctor::computes_rightly(report.checks) ? 0 : 1;
}

}  // namespace ktlm::cli
