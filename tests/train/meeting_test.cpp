// Processes that come to one store, after a restart as well. They are threads here, and the store is the test's, as
// torchrun's is torchrun's.
#include "meeting.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "error_message.h"

namespace ktlm::train {
namespace {

class MeetingTest : public testing::Test {
 protected:
  static Launch launch(int64_t rank, const std::string& job = "job") {
    Launch launch;
    launch.rank = rank;
    launch.world_size = launch.local_world_size = 2;
    launch.master_address = "127.0.0.1";
    launch.master_port = server_port();
    launch.store_is_there = true;
    launch.job = job;
    return launch;
  }
  auto come(int64_t rank, const std::string& job = "job") {
    return std::async(std::launch::async, [=, this] { return meet(launch(rank, job), {}, stop_); });
  }

  static int64_t server_port() {
    static const auto server = [] {
      c10d::TCPStoreOptions options;
      options.port = 0;
      options.isServer = true;
      options.waitWorkers = false;
      return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
    }();
    return server->getPort();
  }

  StopFlag stop_;
};

TEST_F(MeetingTest, AfterARestartTheProcessesMeetAnewWhoeverComesFirst) {
  {
    auto first = come(0), second = come(1);
    first.get()->set("address", std::vector<uint8_t>{1});
    EXPECT_EQ(second.get()->get("address"), std::vector<uint8_t>{1}) << "both see one store";
  }
  auto second = come(1);  // while the names of the former gathering stand there
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  auto first = come(0);
  first.get()->set("address", std::vector<uint8_t>{2});
  EXPECT_EQ(second.get()->get("address"), std::vector<uint8_t>{2}) << "nothing of the former gathering is seen";
}

TEST_F(MeetingTest, RankZeroSaysWhomItWaitsFor) {
  std::promise<std::string> told;
  auto first = std::async(std::launch::async, [&] {
    return meet(
        launch(0), [&](const std::string& note) { told.set_value(note); }, stop_, std::chrono::milliseconds(1));
  });
  EXPECT_EQ(told.get_future().get(),
            "waiting at 127.0.0.1:" + std::to_string(server_port()) + " for rank 1 of 2 processes");
  auto second = come(1);
  first.get();
  second.get();
}

TEST_F(MeetingTest, AnotherJobsProcessesAreNotMet) {
  auto first = come(0, "one"), stranger = come(1, "another");
  EXPECT_EQ(first.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  auto second = come(1, "one");
  first.get();
  second.get();
  stop_.request(15);
  EXPECT_EQ(test::error_message([&] { stranger.get(); }), "stopped while waiting for the other processes");
}

}  // namespace
}  // namespace ktlm::train
