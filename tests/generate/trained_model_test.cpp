#include "ktlm/generate/trained_model.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/model/model_dir.h"
#include "tiny_model.h"

namespace ktlm::generate {
namespace {

TEST(LoadTrainedModel, GeneratesAsTheModelThatWasSaved) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  model::save_model_files(tiny.model, tiny.tokenizer.directory(), directory.path());
  const TrainedModel loaded = load_trained_model(directory.path(), at::kCPU, at::kFloat);
  EXPECT_EQ(generate_text(InferenceModels(loaded.model), loaded.tokenizer, "서울은", test::greedy(20)),
            generate_text(InferenceModels(tiny.model), tiny.tokenizer, "서울은", test::greedy(20)));
}

TEST(LoadTrainedModel, BFloat16WeightsGenerate) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  model::save_model_files(tiny.model, tiny.tokenizer.directory(), directory.path());
  const TrainedModel loaded = load_trained_model(directory.path(), at::kCPU, at::kBFloat16);
  EXPECT_FALSE(generate_text(InferenceModels(loaded.model), loaded.tokenizer, "서울은", test::wild(1, 20)).empty());
}

TEST(LoadTrainedModel, TokenizerOfAnotherVocabularyIsAnError) {
  const test::TinyModel& tiny = test::TinyModel::get();
  const test::TemporaryDirectory directory;
  const model::LanguageModel other = test::make_tiny_model(300);
  model::save_model_files(other, tiny.tokenizer.directory(), directory.path());
  EXPECT_EQ(test::error_message([&] { load_trained_model(directory.path(), at::kCPU, at::kFloat); }),
            directory.path().string() +
                ": the model knows 300 tokens, the tokenizer 384; use the tokenizer that the model was trained with");
}

}  // namespace
}  // namespace ktlm::generate
