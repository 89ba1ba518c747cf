// A training run in a process of its own, for tests that kill it: goes on from the newest checkpoint, says each step on
// standard output, and waits for the end at step HOLD (0: nowhere). With BATCH it trains two steps of so many windows
// of WINDOW tokens at once, and gets no more memory from the system than HEADROOM bytes beyond what it has before the
// first step.
//
//   ktlm_train_child PREPARED TOKENIZER RUN HOLD [BATCH WINDOW HEADROOM]
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "ktlm/model/device.h"
#include "tiny_run.h"

int main(int argc, char** argv) {
  using namespace ktlm;
  if (argc != 5 && argc != 8) return 2;
  const int64_t hold = std::atoll(argv[4]);
  model::set_up_compute(1);
  auto request = train::tiny_request({argv[1], argv[2]}, argv[3]);
  request.resume = true;
  train::TrainCallbacks callbacks;
  callbacks.warning = [](const std::string& warning) { std::printf("%s\n", warning.c_str()); };
  if (argc == 8) {
    request.train.max_steps = 2;
    request.train.warmup_steps = 0;
    request.train.micro_batch_size = std::atoll(argv[5]);
    request.train.grad_accum_steps = 1;
    request.model.max_seq_len = std::atoll(argv[6]);
    callbacks.note = [headroom = std::atoll(argv[7])](const std::string& line) {
      if (line.find(" parameters on ") != std::string::npos) train::limit_memory(headroom);
    };
  }
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
