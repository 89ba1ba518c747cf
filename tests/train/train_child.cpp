// A training run in a process of its own, for tests that kill it: goes on from the newest checkpoint, says each step on
// standard output, and waits for the end at step HOLD (0: nowhere).
//
//   ktlm_train_child PREPARED TOKENIZER RUN HOLD
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "ktlm/model/device.h"
#include "tiny_run.h"

int main(int argc, char** argv) {
  using namespace ktlm;
  if (argc != 5) return 2;
  const int64_t hold = std::atoll(argv[4]);
  model::set_up_compute(1);
  auto request = train::tiny_request({argv[1], argv[2]}, argv[3]);
  request.resume = true;
  train::TrainCallbacks callbacks;
  callbacks.progress = [hold](const Progress& progress) {
    if (progress.stage != "training") return;
    std::printf("step %lld.\n", static_cast<long long>(progress.done));
    std::fflush(stdout);
    while (progress.done == hold) ::pause();
  };
  try {
    train::train(request, callbacks, StopFlag());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
