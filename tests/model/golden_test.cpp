// Models that transformers made and computed (tools/make_golden.py), computed again here.
#include <gtest/gtest.h>

#include <filesystem>

#include "ktlm/model/model_dir.h"
#include "ktlm/model/safetensors.h"
#include "model/example_model.h"

namespace ktlm::model {
namespace {

class Golden : public testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path directory() const { return std::filesystem::path(KTLM_TEST_DATA_DIR) / "golden" / GetParam(); }
  LanguageModel model() const { return load_model(directory(), at::kCPU, at::kFloat); }
  std::map<std::string, at::Tensor> expected() const { return load_safetensors(directory() / "expected.safetensors"); }
};

TEST_P(Golden, LogitsAreThoseOfTransformers) {
  const auto golden = expected();
  EXPECT_LT(test::largest_difference(test::all_logits(model(), golden.at("ids")), golden.at("logits")), 1e-4);
}

TEST_P(Golden, LossAndGradientsAreThoseOfTransformers) {
  const auto golden = expected();
  for (const bool checkpointing : {false, true}) {
    auto m = model();
    m.set_requires_grad(true);
    m.set_gradient_checkpointing(checkpointing);
    const auto loss = m.loss(golden.at("ids"), golden.at("targets"));
    loss.backward();
    EXPECT_NEAR(loss.item<double>(), golden.at("loss").item<double>(), 1e-5);
    for (const auto& [name, tensor] : m.parameters()) {
      const auto& gradient = golden.at("gradient." + name);
      const double scale = gradient.abs().max().item<double>();
      EXPECT_LT(test::largest_difference(tensor.grad(), gradient), 1e-4 * scale) << name;
    }
  }
}

TEST_P(Golden, GreedyTokensAreThoseOfTransformers) {
  const auto golden = expected();
  const auto& tokens = golden.at("greedy");
  ASSERT_EQ(tokens.size(1), 64);
  EXPECT_TRUE(at::equal(test::greedy(model(), golden.at("prompt"), 64), tokens));
}

TEST_P(Golden, LossesPerTokenAverageToTheLoss) {
  const auto golden = expected();
  const auto losses = model().token_losses(golden.at("ids"), golden.at("targets"));
  const auto count = golden.at("targets").ge(0).sum().item<double>();
  EXPECT_EQ(losses.sizes(), golden.at("targets").sizes());
  EXPECT_NEAR(losses.sum().item<double>() / count, golden.at("loss").item<double>(), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         testing::Values("llama_gqa_tied", "llama_untied_rope_theta", "llama_mha_head_dim",
                                         "llama_rope_llama3", "qwen3_gqa_tied", "qwen3_gqa_untied",
                                         "qwen3_rope_linear"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace ktlm::model
