// The shared library `ktlm_torch`: one C function takes the whole command line and gives the exit code, so that no
// exception and no object crosses the border between program and library. Here libtorch's errors become ours.
#include "bench_verb.h"
#include "chat_verb.h"
#include "command_line.h"
#include "doctor_verb.h"
#include "eval_verb.h"
#include "generate_verb.h"
#include "ktlm/model/torch_error.h"
#include "train_verb.h"

namespace ktlm::cli {

namespace {

template <class Arguments, int (*run)(const Arguments&, Console&)>
int translated(const Arguments& arguments, Console& console) {
  return model::translate_torch_errors([&] { return run(arguments, console); });
}

}  // namespace

}  // namespace ktlm::cli

extern "C" __attribute__((visibility("default"))) int ktlm_torch_main(int argc, const char* const* argv) {
  using namespace ktlm::cli;
  static constexpr TorchVerbs kTorchVerbs = {
      translated<TrainArguments, run_train>,          translated<GenerateArguments, run_generate_with_torch>,
      translated<ChatArguments, run_chat_with_torch>, translated<EvalArguments, run_eval_with_torch>,
      translated<BenchArguments, run_bench>,          translated<DoctorArguments, run_doctor>};
  return run_command_line(argc, argv, &kTorchVerbs);
}
