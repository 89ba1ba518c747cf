// Plans of training runs: the shipped ones are those of the files, and the memory that the formula tells is what real
// steps take.
#include "ktlm/doctor/training_plan.h"

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "ktlm/core/config.h"
#include "ktlm/core/text_format.h"
#include "ktlm/doctor/measured.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_step.h"

namespace ktlm::doctor {
namespace {

TEST(ShippedPlans, AreThoseOfTheFiles) {
  for (const TrainingPlan& plan : shipped_plans()) {
    ConfigTree tree;
    tree.add_file(std::string(KTLM_SOURCE_DIR "/configs/") + plan.name + ".yaml");
    auto model = load_section<model::ModelConfig>(tree, "model");
    EXPECT_EQ(model.vocab_size, 0) << "the tokenizer's; the plan says which one it is meant for";
    model.vocab_size = plan.model.vocab_size;
    EXPECT_EQ(to_yaml("model", plan.model), to_yaml("model", model)) << plan.name;
    const auto train = load_section<train::TrainConfig>(tree, "train");
    EXPECT_EQ(plan.train.max_steps, train.max_steps) << plan.name;
    EXPECT_EQ(plan.train.micro_batch_size, train.micro_batch_size) << plan.name;
    EXPECT_EQ(plan.train.grad_accum_steps, train.grad_accum_steps) << plan.name;
    EXPECT_EQ(plan.train.optimizer, train.optimizer) << plan.name;
    EXPECT_EQ(plan.train.dtype, train.dtype) << plan.name;
    EXPECT_EQ(plan.train.gradient_checkpointing, train.gradient_checkpointing) << plan.name;
  }
}

TrainingPlan medium_plan() {
  TrainingPlan plan{"medium",
                    {.vocab_size = 8000,
                     .d_model = 256,
                     .n_layers = 3,
                     .n_heads = 8,
                     .n_kv_heads = 2,
                     .d_ff = 704,
                     .max_seq_len = 256},
                    {}};
  plan.train.grad_accum_steps = 1;
  return plan;
}

// Counts the bytes of all tensors of the CPU.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    auto* const block = static_cast<char*>(std::aligned_alloc(kHeader, (size / kHeader + 2) * kHeader));
    if (block == nullptr) throw std::bad_alloc();
    *reinterpret_cast<size_t*>(block) = size;
    now += static_cast<int64_t>(size);
    most = std::max(most, now);
    return {block + kHeader, block + kHeader, release, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void* to, const void* from, size_t size) const override { std::memcpy(to, from, size); }

  static inline int64_t now = 0, most = 0;

 private:
  static constexpr size_t kHeader = 64;
  static void release(void* data) {
    char* const block = static_cast<char*>(data) - kHeader;
    now -= static_cast<int64_t>(*reinterpret_cast<size_t*>(block));
    std::free(block);
  }
};

// The most bytes that the tensors of two training steps have at once.
int64_t counted_bytes(const TrainingPlan& plan, int64_t micro_batch_size, at::ScalarType dtype) {
  const int64_t before = CountingAllocator::now;
  model::LanguageModel model(plan.model, at::kCPU, at::kFloat, 1);
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(plan.train.gradient_checkpointing);
  train::Optimizer optimizer(model.parameters(), {});
  const auto ids = at::randint(plan.model.vocab_size, {micro_batch_size, plan.model.max_seq_len}, at::kLong);
  const data::Batch batch{ids, ids};
  CountingAllocator::most = 0;  // from here on: making a model takes more for a moment
  for (int step = 0; step < 2; ++step) {
    for (int64_t i = 0; i < plan.train.grad_accum_steps; ++i) train::accumulate_gradients(model, batch, 1, dtype);
    optimizer.step(1e-3, 1);
  }
  return CountingAllocator::most - before;
}

TEST(TrainingMemory, IsWhatTheTensorsOfRealStepsTake) {
  static CountingAllocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
  at::set_num_threads(1);
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool checkpointing : {false, true}) {
      for (const int64_t accumulated : {1, 2}) {
        for (const int64_t micro_batch_size : {1, 4}) {
          auto plan = medium_plan();
          plan.model.qk_norm = accumulated == 1;
          plan.train.gradient_checkpointing = checkpointing;
          plan.train.grad_accum_steps = accumulated;
          const auto counted = counted_bytes(plan, micro_batch_size, dtype);
          const auto computed =
              training_memory(plan, dtype, at::kCPU).tensor_bytes(micro_batch_size * plan.model.max_seq_len);
          EXPECT_NEAR(static_cast<double>(computed) / static_cast<double>(counted), 1, 0.15)
              << dtype << (checkpointing ? ", checkpointing" : "") << ", " << accumulated << " micro-batches of "
              << micro_batch_size << ": counted " << counted << ", computed " << computed;
        }
      }
    }
  }
}

TEST(TrainingMemory, TheLargestMicroBatchFitsAndOneMoreDoesNot) {
  const auto plan = medium_plan();
  const auto memory = training_memory(plan, at::kFloat, at::kCPU);
  const int64_t bytes = 1'000'000'000;
  const int64_t largest = largest_micro_batch(plan, at::kFloat, at::kCPU, bytes);
  EXPECT_GT(largest, 1);
  EXPECT_LE(memory.process_bytes(largest * plan.model.max_seq_len), bytes);
  EXPECT_GT(memory.process_bytes((largest + 1) * plan.model.max_seq_len), bytes);
  EXPECT_EQ(largest_micro_batch(plan, at::kFloat, at::kCPU, 1000), 0);

  auto checkpointing = plan;
  checkpointing.train.gradient_checkpointing = true;
  EXPECT_GT(largest_micro_batch(checkpointing, at::kFloat, at::kCPU, bytes), largest);
}

TEST(TrainingMemory, OnMpsTheLargestMicroBatchIsOneThatTrainTakes) {
  const auto plan = medium_plan();  // windows of 256
  const int64_t bytes = 1'000'000'000'000;
  EXPECT_EQ(largest_micro_batch(plan, at::kFloat, at::kMPS, bytes), 127);  // 32,512 tokens; 32,768 are too many
  EXPECT_GT(largest_micro_batch(plan, at::kFloat, at::kCPU, bytes), 128);
  EXPECT_LT(largest_micro_batch(plan, at::kFloat, at::kMPS, 1'000'000'000), 127);
}

TEST(TrainingTime, IsNotMeasuredWhereTwoLayersAreMoreThanTheMemory) {
  auto plan = medium_plan();
  plan.model.vocab_size = 10'000'000;
  plan.model.d_model = 65'536;
  const auto time = try_to_measure([&] { return measure_training_time(plan, at::kCPU); });
  EXPECT_FALSE(time.figure);
  const std::string usable = format_bytes(usable_memory_bytes(at::kCPU));
  EXPECT_THAT(time.reason, testing::MatchesRegex("two of its layers alone take [0-9.]+ TB, more than the " + usable +
                                                 " that a run may take"));
}

TEST(TrainingTime, IsUnsteadyWhereTheSecondLayerTookAlmostNone) {
  const auto model = medium_plan().model;  // a layer has 21 % of the work of two and the output layer
  EXPECT_TRUE(is_steady({1, 1}, {1.3, 1.3}, model));
  EXPECT_TRUE(is_steady({1, 1}, {1.07, 1.07}, model));
  EXPECT_FALSE(is_steady({1, 1}, {1.03, 1.03}, model));
  EXPECT_FALSE(is_steady({1, 1}, {0.9, 0.9}, model));
}

TEST(TrainingTime, IsUnsteadyWhereNoTwoStepsAreAlike) {
  const auto model = medium_plan().model;
  EXPECT_TRUE(is_steady({5, 1, 1.1}, {1.4, 1.3, 9}, model));  // the slow ones count for nothing
  EXPECT_FALSE(is_steady({5, 1, 1.2}, {1.3, 1.3, 1.3}, model));
  EXPECT_FALSE(is_steady({1, 1, 1}, {1.3, 1.6, 1.6}, model));
}

TEST(TrainingTime, ThatIsFasterThanTheDeviceMultipliesIsNotPossible) {
  const auto model = medium_plan().model;
  const double flops = flops_per_token(model, static_cast<double>(model.max_seq_len) / 2, /*training=*/true);
  const MachineSpeed speed{{{at::kFloat, 100 * flops}, {at::kBFloat16, 300 * flops}}, 1e9};
  const auto time = [](at::ScalarType dtype, double tokens_per_second) {
    return TrainingTime{dtype, 1, tokens_per_second, 1, true};
  };
  EXPECT_TRUE(is_possible(time(at::kFloat, 120), model, speed));
  EXPECT_FALSE(is_possible(time(at::kFloat, 130), model, speed));
  EXPECT_TRUE(is_possible(time(at::kBFloat16, 130), model, speed));
  EXPECT_TRUE(is_possible(time(at::kHalf, 1000), model, speed)) << "how fast it multiplies is not known";
}

TEST(TryToMeasure, TellsInOneLineThatMemoryRanOut) {
  const auto tensor = try_to_measure([] { return at::empty({int64_t{1} << 60}, at::kByte); });
  EXPECT_FALSE(tensor.figure);
  EXPECT_THAT(tensor.reason, testing::StartsWith("out of memory ("));
  EXPECT_THAT(tensor.reason, testing::Not(testing::HasSubstr("\n")));
  EXPECT_EQ(try_to_measure([] { return 7; }).figure, 7);
}

}  // namespace
}  // namespace ktlm::doctor
