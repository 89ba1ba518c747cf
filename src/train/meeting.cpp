#include "meeting.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "ktlm/core/error.h"

namespace ktlm::train {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::chrono::minutes kPatience(5);
constexpr milliseconds kAttempt(5000);  // to connect; in between a signal is heard
constexpr milliseconds kLook(50);

std::string place_of(const Launch& launch) { return launch.master_address + ":" + std::to_string(launch.master_port); }

std::string first_line(const std::exception& error) {
  const std::string words = error.what();
  return words.substr(0, words.find('\n'));
}

c10::intrusive_ptr<c10d::TCPStore> open_store(const Launch& launch, bool is_server) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(launch.master_port);
  options.isServer = is_server;
  options.waitWorkers = false;
  options.timeout = kAttempt;
  return c10::make_intrusive<c10d::TCPStore>(launch.master_address, options);
}

// c10d tells of every connection that broke, with stack traces; what matters of it is in our own errors.
void quiet_c10d() {
  constexpr int kErrors = 2;
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = kErrors;
}

void look_at(const StopFlag& stop) {
  if (stop.requested()) throw Error("stopped while waiting for the other processes");
}

c10::intrusive_ptr<c10d::TCPStore> reach_store(const Launch& launch, const StopFlag& stop, Clock::time_point deadline) {
  if (launch.rank == 0 && !launch.store_is_there) {
    try {
      return open_store(launch, true);
    } catch (const std::exception& error) {
      const bool in_use = std::string(error.what()).find("EADDRINUSE") != std::string::npos;
      throw Error(place_of(launch) + ": can't be listened at" +
                  (in_use ? ", another program has the port" : " (" + first_line(error) + ")") +
                  "; set MASTER_PORT to a free port and MASTER_ADDR to the machine of rank 0");
    }
  }
  for (;;) {
    try {
      return open_store(launch, false);
    } catch (const std::exception& error) {
      look_at(stop);
      if (Clock::now() > deadline)
        throw Error(place_of(launch) + ": rank 0 can't be reached there (" + first_line(error) +
                    "); see that it runs, and that MASTER_ADDR and MASTER_PORT are its own");
    }
  }
}

}  // namespace

c10::intrusive_ptr<c10d::Store> meet(const Launch& launch, const StopFlag& stop) {
  quiet_c10d();
  const auto deadline = Clock::now() + kPatience;
  const auto tcp_store = reach_store(launch, stop, deadline);
  auto store = c10::make_intrusive<c10d::PrefixStore>("ktlm/" + launch.gang, tcp_store);
  int64_t present = store->add("present", 1);
  while (present < launch.world_size) {
    look_at(stop);
    if (Clock::now() > deadline)
      throw Error("only " + std::to_string(present) + " of " + std::to_string(launch.world_size) +
                  " processes came to " + place_of(launch) + " within five minutes; see what the others say");
    std::this_thread::sleep_for(kLook);
    present = store->add("present", 0);
  }
  tcp_store->setTimeout(kPatience);
  return store;
}

}  // namespace ktlm::train
