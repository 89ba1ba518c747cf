#include "ktlm/generate/placement.h"

#include <gtest/gtest.h>

#include "generate/tiny_model.h"
#include "ktlm/core/files.h"

namespace ktlm::generate {
namespace {

TEST(ChoosePlacement, EverythingStaysWhereTokensAreFaster) {
  const Placement placement = choose_placement({.seconds_per_token = 1, .prompt_seconds = 9}, {.seconds_per_token = 2});
  EXPECT_FALSE(placement.tokens_on_cpu);
}

TEST(ChoosePlacement, PromptsGoToTheDeviceFromTheLengthOnAtWhichItWins) {
  const InferenceSpeed device{.seconds_per_token = 3, .prompt_seconds = 10, .prompt_token_seconds = 1};
  const InferenceSpeed cpu{.seconds_per_token = 2, .prompt_seconds = 1, .prompt_token_seconds = 3};
  const Placement placement = choose_placement(device, cpu);
  EXPECT_TRUE(placement.tokens_on_cpu);
  EXPECT_EQ(placement.min_prompt_tokens, 5);  // 10 + 5 < 1 + 15, but 10 + 4 > 1 + 12
}

TEST(ChoosePlacement, DeviceThatWinsNothingGetsNoPrompt) {
  const Placement placement = choose_placement({.seconds_per_token = 3, .prompt_token_seconds = 4},
                                               {.seconds_per_token = 2, .prompt_token_seconds = 3});
  EXPECT_TRUE(placement.tokens_on_cpu);
  EXPECT_GT(placement.min_prompt_tokens, 1000000);
}

TEST(RememberedPlacement, IsMeasuredOncePerKey) {
  const test::TemporaryDirectory directory;
  const auto file = directory / "cache" / "placements.json";
  int num_measurements = 0;
  const auto measure = [&] {
    ++num_measurements;
    return Placement{true, 17};
  };
  for (const char* key : {"a", "a", "b", "b", "a"}) {
    const Placement placement = remembered_placement(file, key, measure);
    EXPECT_TRUE(placement.tokens_on_cpu);
    EXPECT_EQ(placement.min_prompt_tokens, 17);
  }
  EXPECT_EQ(num_measurements, 2);
}

TEST(RememberedPlacement, DamagedFileIsMeasuredAgainAndReplaced) {
  const test::TemporaryDirectory directory;
  const auto file = directory / "placements.json";
  for (const char* damage : {"", "{", "[]", R"({"a": 3})", R"({"a": {"tokens_on_cpu": 1}})"}) {
    write_file_atomically(file, damage);
    EXPECT_EQ(remembered_placement(file, "a", [] { return Placement{true, 5}; }).min_prompt_tokens, 5) << damage;
    EXPECT_EQ(remembered_placement(file, "a", [] { return Placement{true, 6}; }).min_prompt_tokens, 5) << damage;
  }
}

TEST(RememberedPlacement, FileThatCantBeWrittenCostsTheMemoryOnly) {
  EXPECT_EQ(remembered_placement("/dev/null/placements.json", "a",
                                 [] {
                                   return Placement{true, 7};
                                 })
                .min_prompt_tokens,
            7);
}

TEST(RememberedPlacement, NoFileIsMeasuredEachTime) {
  EXPECT_EQ(remembered_placement({}, "a", [] { return Placement{true, 7}; }).min_prompt_tokens, 7);
  EXPECT_EQ(remembered_placement({}, "a", [] { return Placement{true, 8}; }).min_prompt_tokens, 8);
}

TEST(PlacementKey, TellsShapesApart) {
  const auto& tiny = test::TinyModel::get();
  EXPECT_EQ(placement_key(tiny.model), placement_key(test::make_tiny_model(tiny.tokenizer.vocab_size())));
  EXPECT_NE(placement_key(tiny.model), placement_key(test::make_tiny_model(tiny.tokenizer.vocab_size(), 64)));
}

TEST(MeasurePlacement, MeasuresModelsWithLittleContextToo) {
  const auto& tiny = test::TinyModel::get();
  for (const int64_t max_seq_len : {2, 3, 70, 300}) {
    const auto model = test::make_tiny_model(tiny.tokenizer.vocab_size(), max_seq_len);
    EXPECT_GE(measure_placement(model, model).min_prompt_tokens, 1) << max_seq_len;
  }
}

}  // namespace
}  // namespace ktlm::generate
