// Steps that do not fit into memory go on in smaller pieces, of the same windows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "batch_size_search.h"
#include "cli/run_program.h"
#include "ktlm/train/checkpoint.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

TEST(MicroBatchSize, IsHalvedToADivisorOfTheStep) {
  EXPECT_EQ(next_smaller_micro_batch(8, 32), 4);
  EXPECT_EQ(next_smaller_micro_batch(7, 7), 1);
  EXPECT_EQ(next_smaller_micro_batch(9, 18), 3);
}

// Sanitizers end the process where it gets no memory; macOS knows no such limit.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KTLM_SANITIZED
#endif
#endif
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(KTLM_SANITIZED)

class OutOfMemoryTest : public testing::Test {
 protected:
  // The token files are made here: the threads that make them leave memory behind, which no limit counts.
  static void SetUpTestSuite() {
    const test::TemporaryDirectory run_dir;
    auto request = tiny_request(tiny_data(), run_dir.path());
    request.train.max_steps = 1;
    request.train.warmup_steps = 0;
    train(request, {}, StopFlag());
  }

  test::ProgramResult train_with(const std::string& windows, const std::string& window,
                                 const std::string& headroom) const {
    return test::run_program({KTLM_TRAIN_CHILD, tiny_data().prepared.string(), tiny_data().tokenizer.string(),
                              run_dir_.path().string(), "0", windows, window, headroom});
  }
  test::TemporaryDirectory run_dir_, other_dir_;
};

TEST_F(OutOfMemoryTest, TheStepIsDoneAgainInSmallerPiecesToTheSameBitsAsIfAskedFor) {
  const auto result = train_with("512", "32", "60000000");
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, testing::HasSubstr("step 1: out of memory ("));
  const auto state = load_newest_checkpoint(run_dir_.path(), at::kCPU, {}, {}).state;
  EXPECT_LT(state.micro_batch_size, 512);
  EXPECT_EQ(state.asked_micro_batch_size, 512);

  auto straight = tiny_request(tiny_data(), other_dir_.path());
  straight.train.max_steps = 2;
  straight.train.warmup_steps = 0;
  straight.train.micro_batch_size = state.micro_batch_size;
  straight.train.grad_accum_steps = 512 / state.micro_batch_size;
  train(straight, {}, StopFlag());
  expect_same_weights(run_dir_ / "model", other_dir_ / "model");
}

TEST_F(OutOfMemoryTest, WhereOneWindowDoesNotFitThatIsSaidInOneLine) {
  const auto result = train_with("2", "4096", "1000000");
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.err, testing::MatchesRegex("out of memory with one window at a time \\(.*\\); set "
                                                "train.gradient_checkpointing to true, or choose a smaller model\n"));
}

#endif

}  // namespace
}  // namespace ktlm::train
