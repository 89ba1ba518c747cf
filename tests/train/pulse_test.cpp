// A process that hangs, ends with an error, or leaves, as the others hear of it. The processes are threads here.
#include "pulse.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "backends.h"
#include "error_message.h"

namespace ktlm::train {
namespace {

using std::chrono::milliseconds;

constexpr PulseTiming kFast = {milliseconds(20), milliseconds(400), milliseconds(800), milliseconds(50)};

class PulseTest : public testing::Test {
 protected:
  // The backends of `size` ranks, connected.
  std::vector<c10::intrusive_ptr<c10d::Backend>> connect(int64_t size) {
    std::vector<c10::intrusive_ptr<c10d::Backend>> backends(static_cast<size_t>(size));
    std::vector<std::thread> threads;
    for (int64_t rank = 0; rank < size; ++rank)
      threads.emplace_back([&, rank] {
        Launch launch;
        launch.rank = rank;
        launch.world_size = launch.local_world_size = size;
        backends[static_cast<size_t>(rank)] = make_gloo_backend(store_, launch, std::chrono::seconds(30));
      });
    for (auto& thread : threads) thread.join();
    return backends;
  }
  std::unique_ptr<Pulse> pulse(
      c10::intrusive_ptr<c10d::Backend> backend, LostCallback lost = [](const auto&) {}) {
    return std::make_unique<Pulse>(std::move(backend), store_, std::move(lost), kFast);
  }

  c10::intrusive_ptr<c10d::Store> store_ = c10::make_intrusive<c10d::HashStore>();
};

TEST_F(PulseTest, AllLeaveTogetherAndNobodyIsMissed) {
  const auto backends = connect(3);
  auto first = pulse(backends[0]), second = pulse(backends[1]), third = pulse(backends[2]);
  auto others = std::async([&] {
    second->leave();
    return true;
  });
  auto last = std::async([&] {
    std::this_thread::sleep_for(milliseconds(1000));  // longer than a silence would be borne
    third->leave();
    return true;
  });
  first->leave();
  EXPECT_TRUE(others.get());
  EXPECT_TRUE(last.get());
  EXPECT_EQ(first->verdict(milliseconds(0)), "");
}

TEST_F(PulseTest, ARankThatIsSilentIsNamedToAllOthersAndWhoStillWaitsIsEnded) {
  const auto backends = connect(3);  // rank 1 hangs: connected, without a pulse
  std::promise<std::string> lost;
  auto first = pulse(backends[0], [&](const std::string& words) { lost.set_value(words); });
  auto third = pulse(backends[2]);
  const std::string words =
      "rank 1 of 3 is gone (killed, hanging or cut off), so this process ends as well; go on from the last checkpoint "
      "with --resume";
  EXPECT_EQ(third->verdict(std::chrono::seconds(10)), words);
  EXPECT_EQ(lost.get_future().get(), words);
}

TEST_F(PulseTest, WhereRank0IsSilentTheOthersEnd) {
  const auto backends = connect(2);
  EXPECT_EQ(pulse(backends[1])->verdict(std::chrono::seconds(10)).substr(0, 21), "rank 0 of 2 is gone (");
}

TEST_F(PulseTest, ARankThatEndsWithAnErrorSaysSo) {
  const auto backends = connect(2);
  auto first = pulse(backends[0]), second = pulse(backends[1]);
  second.reset();
  EXPECT_EQ(first->verdict(std::chrono::seconds(10)),
            "rank 1 of 2 ended with an error, so this process ends as well; put that right and go on with --resume");
  EXPECT_EQ(test::error_message([&] { first->leave(); }), first->verdict(milliseconds(0)));
}

}  // namespace
}  // namespace ktlm::train
