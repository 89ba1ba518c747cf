// One of several processes that train together, as the environment says which. Rank 0 says each step on standard
// output. Exits with 128 + the signal where the run was interrupted.
//
//   ktlm_rank_child PREPARED TOKENIZER RUN DEVICE [SECTION.KEY=VALUE...]
#include <csignal>
#include <cstdio>
#include <exception>

#include "ktlm/core/config.h"
#include "ktlm/model/device.h"
#include "ktlm/train/launch.h"
#include "tiny_run.h"

namespace {

ktlm::StopFlag g_stop;

}  // namespace

int main(int argc, char** argv) {
  using namespace ktlm;
  if (argc < 5) return 2;
  std::signal(SIGTERM, [](int number) { g_stop.request(number); });
  model::set_up_compute(1);
  try {
    auto request = train::tiny_request({argv[1], argv[2]}, argv[3]);
    request.device = argv[4];
    ConfigTree tree;
    for (int i = 5; i < argc; ++i) tree.add_override(argv[i]);
    request.model = load_section(tree, "model", request.model);
    request.train = load_section(tree, "train", request.train);
    request.resume = true;
    request.launch = train::launch_from(train::process_environment());
    train::TrainCallbacks callbacks;
    callbacks.note = [](const std::string& note) { std::printf("%s\n", note.c_str()); };
    callbacks.lost = [](const std::string& words) { std::fprintf(stderr, "lost: %s\n", words.c_str()); };
    callbacks.progress = [](const Progress& progress) {
      if (progress.stage != "training") return;
      std::printf("step %lld.\n", static_cast<long long>(progress.done));
      std::fflush(stdout);
    };
    const auto summary = train::train(request, callbacks, g_stop);
    return summary.signal_number > 0 ? 128 + summary.signal_number : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
