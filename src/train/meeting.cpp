#include "meeting.h"

#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <thread>
#include <vector>

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

std::string make_token() {
  std::random_device random;
  char token[40];
  std::snprintf(token, sizeof token, "%08x%08x%08x", random(), random(), random());
  return token;
}

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

// torchrun keeps its store over a restart, with all that the former processes left there, and not all of its agents
// count the same restarts. So rank 0 names each gathering anew, the others come to the newest, each with a token of its
// own, and go on where rank 0 has seen all of them, by their tokens.
class Gathering {
 public:
  Gathering(const Launch& launch, const StopFlag& stop, const c10::intrusive_ptr<c10d::Store>& store)
      : launch_(launch), stop_(stop), store_(store) {}

  // The name of the one that all came to. From `telling` on rank 0 says once whom it waits for.
  std::string attend(Clock::time_point deadline, Clock::time_point telling,
                     const std::function<void(const std::string&)>& note) {
    bool told = launch_.rank != 0 || !note;
    std::string name = launch_.rank == 0 ? token_ : "";
    if (launch_.rank == 0) store_->set(kNewest, bytes_of(token_));
    for (;;) {
      if (const auto newest = newest_name(); !newest.empty() && newest != name) {
        if (launch_.rank == 0) throw Error(place_of(launch_) + ": another rank 0 came there; start one run at a time");
        name = newest;
        store_->set(present_key(name, launch_.rank), bytes_of(token_));
      }
      if (!name.empty() && is_complete(name)) return name;
      look_at(stop_);
      if (Clock::now() > deadline)
        throw Error("of " + std::to_string(launch_.world_size) + " processes these did not come to " +
                    place_of(launch_) + " within five minutes: rank" + absent_ranks(name) + "; see what they say");
      if (!told && Clock::now() > telling) {
        note("waiting at " + place_of(launch_) + " for rank" + absent_ranks(name) + " of " +
             std::to_string(launch_.world_size) + " processes");
        told = true;
      }
      std::this_thread::sleep_for(kLook);
    }
  }

 private:
  static constexpr const char* kNewest = "newest";

  static std::string present_key(const std::string& name, int64_t rank) {
    return name + "/present/" + std::to_string(rank);
  }

  std::string read(const std::string& key) const {
    const auto bytes = store_->get(key);
    return {bytes.begin(), bytes.end()};
  }
  std::string newest_name() const { return store_->check({kNewest}) ? read(kNewest) : ""; }

  bool is_complete(const std::string& name) const {
    const std::string all_here = name + "/all_here";
    if (launch_.rank != 0) return store_->check({all_here}) && read(all_here).find(token_) != std::string::npos;
    std::vector<std::string> keys;
    for (int64_t rank = 1; rank < launch_.world_size; ++rank) keys.push_back(present_key(name, rank));
    if (!store_->check(keys)) return false;
    std::string tokens;
    for (const auto& key : keys) tokens += read(key) + "\n";
    store_->set(all_here, bytes_of(tokens));
    return true;
  }

  std::string absent_ranks(const std::string& name) const {
    std::string absent = name.empty() ? " 0" : "";
    for (int64_t rank = 1; rank < launch_.world_size && !name.empty(); ++rank)
      if (!store_->check({present_key(name, rank)})) absent.append(" ").append(std::to_string(rank));
    return absent;
  }

  const Launch& launch_;
  const StopFlag& stop_;
  c10::intrusive_ptr<c10d::Store> store_;
  std::string token_ = make_token();
};

}  // namespace

c10::intrusive_ptr<c10d::Store> meet(const Launch& launch, const std::function<void(const std::string&)>& note,
                                     const StopFlag& stop, milliseconds told_after) {
  quiet_c10d();
  const auto start = Clock::now(), deadline = start + kPatience;
  const auto tcp_store = reach_store(launch, stop, deadline);
  const auto store = c10::make_intrusive<c10d::PrefixStore>("ktlm/" + launch.job, tcp_store);
  const std::string name = Gathering(launch, stop, store).attend(deadline, start + told_after, note);
  tcp_store->setTimeout(kPatience);
  return c10::make_intrusive<c10d::PrefixStore>(name, store);
}

}  // namespace ktlm::train
