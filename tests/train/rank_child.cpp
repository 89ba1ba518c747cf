// One of several processes that train together, as the environment says which. Rank 0 says each step on standard
// output. Exits with 128 + the signal where the run was interrupted. Behind step BREAK (0: never) rank 0's weights
// break, as a wrong kernel would do it; it needs a validation with a sample before. Where the environment has
// STOP_WHILE_VALIDATING_STEP, rank 0 sends itself SIGTERM then; where it has HEADROOM_BYTES, rank 0 gets no more memory
// than that beyond what it has before the first step; where it has OWN_BATCHES, the sizes of batches are taken for the
// run's own, as of another number of processes.
//
//   ktlm_rank_child PREPARED TOKENIZER RUN DEVICE BREAK [SECTION.KEY=VALUE...]
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/model/device.h"
#include "ktlm/train/launch.h"
#include "tiny_run.h"

namespace {

ktlm::StopFlag g_stop;

}  // namespace

int main(int argc, char** argv) {
  using namespace ktlm;
  if (argc < 6) return 2;
  const int64_t break_behind = std::atoll(argv[5]);
  bool broken = false;
  std::vector<model::NamedParameter> weights;
  std::signal(SIGTERM, [](int number) { g_stop.request(number); });
  model::set_up_compute(1);
  try {
    auto request = train::tiny_request({argv[1], argv[2]}, argv[3]);
    request.device = argv[4];
    ConfigTree tree;
    for (int i = 6; i < argc; ++i) tree.add_override(argv[i]);
    request.model = load_section(tree, "model", request.model);
    request.train = load_section(tree, "train", request.train);
    request.resume = true;
    request.keep_windows_per_step = std::getenv("OWN_BATCHES") != nullptr;
    request.launch = train::launch_from(train::process_environment());
    train::TrainCallbacks callbacks;
    const char* const headroom = std::getenv("HEADROOM_BYTES");
    callbacks.note = [headroom](const std::string& note) {
      std::printf("%s\n", note.c_str());
      if (headroom != nullptr && note.find(" parameters on ") != std::string::npos)
        train::limit_memory(std::atoll(headroom));
    };
    callbacks.lost = [](const std::string& words) { std::fprintf(stderr, "lost: %s\n", words.c_str()); };
    callbacks.sample = [&](const model::LanguageModel& model, const std::string&) {
      weights = model.parameters();
      return std::string();
    };
    const char* const stop_step = std::getenv("STOP_WHILE_VALIDATING_STEP");
    callbacks.progress = [&](const Progress& progress) {
      if (stop_step != nullptr && progress.stage == "validating" && progress.detail == std::string("step ") + stop_step)
        std::raise(SIGTERM);
      if (progress.stage != "training") return;
      std::printf("step %lld.\n", static_cast<long long>(progress.done));
      std::fflush(stdout);
      if (progress.done != break_behind || broken) return;
      const at::NoGradGuard no_grad;
      for (const auto& each : weights) at::Tensor(each.tensor).fill_(std::nan(""));
      broken = true;
    };
    const auto summary = train::train(request, callbacks, g_stop);
    return summary.signal_number > 0 ? 128 + summary.signal_number : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
