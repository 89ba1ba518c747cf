#include "ktlm/core/ordered_pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

namespace ktlm {
namespace {

using Pipeline = OrderedPipeline<int, int>;

TEST(OrderedPipeline, ResultsComeInOrderWhateverTheThreads) {
  for (const size_t num_workers : {1, 2, 7}) {
    Pipeline pipeline(num_workers);
    std::vector<int> results;
    pipeline.run(
        [&] {
          for (int i = 0; i < 500; ++i) pipeline.emit(int{i});
        },
        [](int&& i) {
          if (i % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i % 50));
          return i * i;
        },
        [&](int&& square) { results.push_back(square); });
    ASSERT_EQ(results.size(), 500U);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(results[static_cast<size_t>(i)], i * i);
  }
}

TEST(OrderedPipeline, NothingProducedIsNothingConsumed) {
  Pipeline pipeline(2);
  pipeline.run([] {}, [](int&& i) { return i; }, [](int&&) { FAIL(); });
}

TEST(OrderedPipeline, OnlyAFewInputsAreUnderWay) {
  Pipeline pipeline(2);
  std::atomic<int> emitted{0};
  int consumed = 0;
  pipeline.run(
      [&] {
        for (int i = 0; i < 200; ++i) {
          pipeline.emit(int{i});
          ++emitted;
        }
      },
      [](int&& i) { return i; },
      [&](int&&) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        EXPECT_LE(emitted - consumed, 6);
        ++consumed;
      });
  EXPECT_EQ(consumed, 200);
}

// What came out before the failure, and the failure's message.
std::pair<int, std::string> run_until_failure(int producer_fails_at, int transform_fails_at, int consumer_fails_at) {
  Pipeline pipeline(3);
  int consumed = 0;
  try {
    pipeline.run(
        [&] {
          for (int i = 0; i < 100'000; ++i) {
            if (i == producer_fails_at) throw std::runtime_error("producer");
            pipeline.emit(int{i});
          }
        },
        [&](int&& i) {
          if (i == transform_fails_at) throw std::runtime_error("transform");
          return i;
        },
        [&](int&& i) {
          if (i == consumer_fails_at) throw std::runtime_error("consumer");
          ++consumed;
        });
  } catch (const std::runtime_error& error) {
    return {consumed, error.what()};
  }
  return {consumed, "(no failure)"};
}

TEST(OrderedPipeline, AFailureComesInItsTurn) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    EXPECT_EQ(run_until_failure(40, -1, -1), (std::pair{40, std::string("producer")}));
    EXPECT_EQ(run_until_failure(-1, 40, -1), (std::pair{40, std::string("transform")}));
    EXPECT_EQ(run_until_failure(-1, -1, 40), (std::pair{40, std::string("consumer")}));
    EXPECT_EQ(run_until_failure(41, 40, -1), (std::pair{40, std::string("transform")}));
  }
}

TEST(OrderedPipeline, AProducerThatWaitsHearsOfAFailureElsewhere) {
  Pipeline pipeline(1);
  EXPECT_THROW(pipeline.run(
                   [&] {
                     pipeline.emit(1);
                     while (true) pipeline.check();
                   },
                   [](int&& i) { return i; }, [](int&&) { throw std::runtime_error("disk full"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace ktlm
