// The shared library `ktlm_torch`: one C function takes the whole command line and gives the exit code, so that no
// exception and no object crosses the border between program and library.
#include "bench_verb.h"
#include "chat_verb.h"
#include "command_line.h"
#include "eval_verb.h"
#include "generate_verb.h"
#include "train_verb.h"

extern "C" __attribute__((visibility("default"))) int ktlm_torch_main(int argc, const char* const* argv) {
  using namespace ktlm::cli;
  static constexpr TorchVerbs kTorchVerbs = {run_train, run_generate, run_chat, run_eval, run_bench};
  return run_command_line(argc, argv, &kTorchVerbs);
}
