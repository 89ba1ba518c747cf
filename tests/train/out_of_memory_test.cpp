// Steps that do not fit into memory go on in smaller pieces, of the same windows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <functional>
#include <new>

#include "batch_size_search.h"
#include "cli/run_program.h"
#include "error_message.h"
#include "ktlm/train/checkpoint.h"
#include "tiny_run.h"

namespace ktlm::train {
namespace {

TEST(MicroBatchSize, IsHalvedToADivisorOfTheStep) {
  EXPECT_EQ(next_smaller_micro_batch(8, 32), 4);
  EXPECT_EQ(next_smaller_micro_batch(7, 7), 1);
  EXPECT_EQ(next_smaller_micro_batch(9, 18), 3);
}

TEST(MicroBatchSize, AutoTakesAllWindowsOfASmallStepAndTheRunKeepsTheSize) {
  const test::TemporaryDirectory asked_dir, found_dir;
  auto asked = tiny_request(tiny_data(), asked_dir.path()), found = tiny_request(tiny_data(), found_dir.path());
  asked.train.micro_batch_size = 6;
  asked.train.grad_accum_steps = 1;
  found.train.micro_batch_size = 0;
  found.train.grad_accum_steps = 6;
  std::vector<std::string> notes;
  TrainCallbacks callbacks;
  callbacks.note = [&](const std::string& note) { notes.push_back(note); };
  train(asked, {}, StopFlag());
  train(found, callbacks, StopFlag());
  EXPECT_THAT(notes, testing::Contains("micro_batch_size 6 fits, so grad_accum_steps is 1 for 6 windows a step"));
  expect_same_weights(asked_dir / "model", found_dir / "model");

  ConfigTree tree;
  tree.add_file((found_dir / "config.yaml").string());
  EXPECT_EQ(load_section<TrainConfig>(tree, "train").micro_batch_size, 6);
  EXPECT_EQ(load_section<TrainConfig>(tree, "train").grad_accum_steps, 1);
  notes.clear();
  found.resume = true;
  found.train.max_steps = 22;
  EXPECT_EQ(train(found, callbacks, StopFlag()).step, 22);
  EXPECT_THAT(notes, testing::Not(testing::Contains(testing::HasSubstr("fits"))));
}

TEST(MicroBatchSize, AutoDividesTheStepAndStaysAtWhatIsOfUse) {
  const test::TemporaryDirectory run_dir;
  auto run = tiny_request(tiny_data(), run_dir.path());
  run.train.micro_batch_size = 0;
  run.train.grad_accum_steps = 400;  // of 32 tokens: 256 windows would be 8,192 tokens, and 200 divide 400
  run.train.max_steps = 1;
  run.train.warmup_steps = 0;
  train(run, {}, StopFlag());
  EXPECT_EQ(load_newest_checkpoint(run_dir.path(), at::kCPU, {}, {}).state.micro_batch_size, 200);
}

TEST(MicroBatchSize, IsWrittenAsAWordOrANumber) {
  ConfigTree tree;
  tree.add_override("train.micro_batch_size=auto");
  tree.add_override("train.grad_accum_steps=12");
  const auto config = load_section<TrainConfig>(tree, "train");
  EXPECT_EQ(config.micro_batch_size, 0);
  EXPECT_EQ(config.windows_per_step(), 12);
  tree.add_override("train.micro_batch_size=many");
  EXPECT_EQ(
      test::error_message([&] { load_section<TrainConfig>(tree, "train"); }),
      "--set train.micro_batch_size=many: \"train.micro_batch_size\" should be an integer, auto or at least 0, is "
      "\"many\"");
}

// libtorch's own, but for blocks that a test has it refuse.
class RefusingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t num_bytes) override {
    TORCH_CHECK(!refuses || !refuses(num_bytes), "DefaultCPUAllocator: can't allocate memory: no ", num_bytes,
                " bytes");
    return usual_->allocate(num_bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return usual_->raw_deleter(); }
  void copy_data(void* to, const void* from, size_t num_bytes) const override { std::memcpy(to, from, num_bytes); }

  std::function<bool(size_t)> refuses;

 private:
  c10::Allocator* usual_ = c10::GetCPUAllocator();
};

class RefusedMemory : public testing::Test {
 protected:
  RefusedMemory() {
    static RefusingAllocator allocator;  // tensors outlive the test
    allocator_ = &allocator;
    c10::SetCPUAllocator(&allocator, /*priority=*/100);
    callbacks_.warning = [this](const std::string& warning) { warnings_.push_back(warning); };
    callbacks_.note = [this](const std::string& note) { notes_.push_back(note); };
  }
  ~RefusedMemory() override { allocator_->refuses = nullptr; }

  static TrainRequest request(const test::TemporaryDirectory& run_dir) {
    auto run = tiny_request(tiny_data(), run_dir.path());
    run.train.micro_batch_size = 4;
    run.train.grad_accum_steps = 1;
    run.train.max_steps = 10;
    run.train.eval_every_steps = 5;
    return run;
  }
  // From each validation's beginning to its end, blocks of so many bytes are too many.
  void refuse_in_validations(size_t num_bytes) {
    callbacks_.progress = [this, num_bytes](const Progress& progress) {
      allocator_->refuses = nullptr;
      if (progress.stage == "validating") allocator_->refuses = [num_bytes](size_t size) { return size >= num_bytes; };
    };
  }

  RefusingAllocator* allocator_;
  TrainCallbacks callbacks_;
  std::vector<std::string> warnings_, notes_;
  test::TemporaryDirectory run_dir_, other_dir_;
};

TEST_F(RefusedMemory, AValidationGoesOnWithFewerWindowsAtATime) {
  const auto usual = train(request(other_dir_), {}, StopFlag());
  constexpr size_t kLogitsOfThreeWindows = 3 * 32 * 400 * sizeof(float);
  refuse_in_validations(kLogitsOfThreeWindows);
  const auto summary = train(request(run_dir_), callbacks_, StopFlag());
  EXPECT_THAT(warnings_, testing::ElementsAre(testing::MatchesRegex(
                             "step 5: out of memory in the validation \\(DefaultCPUAllocator: .*\\); validating 2 "
                             "windows at a time")));
  EXPECT_EQ(summary.validated_step, 10);
  EXPECT_EQ(summary.validation.num_tokens, usual.validation.num_tokens);
  EXPECT_NEAR(summary.validation.loss, usual.validation.loss, 1e-5);
  expect_same_weights(other_dir_ / "model", run_dir_ / "model");
}

TEST_F(RefusedMemory, AValidationThatDoesNotFitAtAllIsLeftOutAndTheRunGoesOn) {
  train(request(other_dir_), {}, StopFlag());
  refuse_in_validations(1000);
  const auto summary = train(request(run_dir_), callbacks_, StopFlag());
  EXPECT_EQ(summary.outcome, TrainOutcome::kFinished);
  EXPECT_EQ(summary.validated_step, 0);
  EXPECT_THAT(warnings_,
              testing::ElementsAre(testing::HasSubstr("; validating 2 windows at a time"),
                                   testing::HasSubstr("; validating 1 window at a time"),
                                   testing::MatchesRegex("step 5: out of memory in the validation \\(.*\\) with one "
                                                         "window at a time; training on without it"),
                                   testing::MatchesRegex("step 10: .*training on without it")));
  expect_same_weights(other_dir_ / "model", run_dir_ / "model");
}

TEST_F(RefusedMemory, ASampleThatDoesNotFitIsLeftOut) {
  auto run = request(run_dir_);
  run.train.max_steps = 5;
  run.train.sample_prompts = {"서울", "부산"};
  callbacks_.sample = [](const model::LanguageModel&, const std::string&) -> std::string { throw std::bad_alloc(); };
  EXPECT_EQ(train(run, callbacks_, StopFlag()).validated_step, 5);
  EXPECT_THAT(warnings_, testing::ElementsAre("step 5: out of memory in a sample (the system gave none); training on "
                                              "without it"));
}

TEST_F(RefusedMemory, AnUpdateThatDoesNotFitIsOneLineAndTheRunGoesOnFromItsCheckpoint) {
  auto run = request(other_dir_);
  run.train.optimizer = "muon";
  run.train.micro_batch_size = 1;
  run.train.grad_accum_steps = 4;  // so that a step's other blocks are smaller
  train(run, {}, StopFlag());
  run.run_dir = run_dir_.path();
  int64_t refused_behind = 0;
  callbacks_.progress = [&](const Progress& progress) {
    constexpr size_t kStackedMatrices = 4 * 64 * 32 * sizeof(float);  // two layers' gate and up
    if (progress.stage == "training" && progress.done == refused_behind)
      allocator_->refuses = [](size_t size) { return size == kStackedMatrices; };
  };
  for (const int64_t step : {2, 7}) {
    refused_behind = step;
    std::filesystem::remove_all(run_dir_.path());
    EXPECT_THAT(test::error_message([&] { train(run, callbacks_, StopFlag()); }),
                testing::MatchesRegex(
                    "step " + std::to_string(step + 1) +
                    ": out of memory in the optimizer's update \\(DefaultCPUAllocator: .*\\), whatever the "
                    "size of the batch; " +
                    (step < 5 ? "no checkpoint was made yet: free some memory and start again"
                              : "the checkpoint of step 5 is whole: free some memory and go on with --resume") +
                    ", or choose a smaller model"));
    allocator_->refuses = nullptr;
  }
  run.resume = true;
  train(run, {}, StopFlag());
  expect_same_weights(other_dir_ / "model", run_dir_ / "model");
}

#ifdef KTLM_CAN_LIMIT_MEMORY

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
  const auto result = train_with("512", "32", "80000000");
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

TEST_F(OutOfMemoryTest, WindowsOfAStepThatDoNotFitAreNotBlamedOnTheirPieces) {
  const auto result = train_with("2000000", "32", "60000000");
  EXPECT_EQ(result.exit_code, 1) << result.out;
  EXPECT_THAT(result.err, testing::MatchesRegex("out of memory for the 2000000 windows of a step \\(.*\\); lower "
                                                "train.grad_accum_steps or train.micro_batch_size\n"));
}

TEST_F(OutOfMemoryTest, AModelThatDoesNotFitIsNotBlamedOnTheBatch) {
  auto run = tiny_request(tiny_data(), run_dir_.path());
  run.model.d_ff = int64_t{1} << 34;
  EXPECT_THAT(test::error_message([&] { train(run, {}, StopFlag()); }),
              testing::MatchesRegex("out of memory for a model of [0-9]+ parameters, whose weights, gradients and "
                                    "moments alone take 52[.0-9]* TB \\(.*\\); choose a smaller model"));
}

#endif

}  // namespace
}  // namespace ktlm::train
