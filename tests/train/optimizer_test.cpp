#include "ktlm/train/optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "error_message.h"
#include "model/example_model.h"
#include "temporary_directory.h"

namespace ktlm::train {
namespace {

using Parameters = std::vector<model::NamedParameter>;

at::Tensor values(std::vector<float> numbers, at::IntArrayRef shape) {
  return at::tensor(numbers).reshape(shape).contiguous();
}

Parameters three_parameters() {
  return {{"model.embed_tokens.weight", values({1, -1, 0.25F, 2}, {2, 2}).requires_grad_()},
          {"model.layers.0.mlp.up_proj.weight", values({1, -2, 3, 0.5F}, {2, 2}).requires_grad_()},
          {"model.norm.weight", values({1, 2}, {2}).requires_grad_()}};
}

// The gradients of step i: 1, 2, 3 ... times a factor of the parameter's own, the second step's halved and reversed.
void set_gradients(const Parameters& parameters, int step) {
  const std::vector<double> factors = {0.2, 0.1, -0.3};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const at::Tensor& tensor = parameters[i].tensor;
    const at::Tensor numbers = at::arange(1, tensor.numel() + 1, at::kFloat).reshape(tensor.sizes());
    parameters[i].tensor.mutable_grad() = numbers * (factors[i % factors.size()] * (step == 1 ? -0.5 : 1));
  }
}

void expect_near(const at::Tensor& got, std::vector<float> expected) {
  const auto wanted = values(std::move(expected), got.sizes());
  EXPECT_TRUE(at::allclose(got.detach(), wanted, 1e-6, 1e-6)) << got << "\nexpected\n" << wanted;
}

// Expected values: torch.optim.AdamW of PyTorch 2.13 behind torch.nn.utils.clip_grad_norm_, in Python.
TEST(AdamW, EqualsPyTorchsOverThreeSteps) {
  const auto parameters = three_parameters();
  Optimizer optimizer(parameters, {.weight_decay = 0.1});
  const double rates[] = {0.01, 0.02, 0.005};
  const double norms[] = {1.3964240550994873, 0.6982120275497437, 1.3964240550994873};
  for (int step = 0; step < 3; ++step) {
    set_gradients(parameters, step);
    const at::Tensor norm = optimizer.step(rates[step], 0.5);
    EXPECT_NEAR(norm.item<double>(), norms[step], 1e-6);
  }
  expect_near(parameters[0].tensor, {0.989373684F, -1.010626316F, 0.239373639F, 1.989373684F});
  expect_near(parameters[1].tensor, {0.985901654F, -2.003608942F, 2.978908777F, 0.487649888F});
  expect_near(parameters[2].tensor, {1.010626316F, 2.010626316F});
}

// A first step of AdamW goes as far as the rate, whatever the gradient.
TEST(AdamW, TheLastNormGoesSlowerWhereAWideEmbeddingIsTheOutputLayer) {
  for (const bool tied : {true, false}) {
    std::vector<model::NamedParameter> parameters = {{"model.norm.weight", values({1, 2}, {2})},
                                                     {"model.layers.0.input_layernorm.weight", values({1, 2}, {2})}};
    if (!tied) parameters.push_back({"lm_head.weight", values({1, 2}, {1, 2})});
    for (const auto& parameter : parameters) parameter.tensor.mutable_grad() = at::ones_like(parameter.tensor);
    TrainConfig config;
    config.embedding_std = 1;
    Optimizer optimizer(parameters, make_optimizer_options(config));
    optimizer.step(0.1, 0);
    const float step = tied ? 0.002F : 0.1F;
    expect_near(parameters[0].tensor, {1 - step, 2 - step});
    expect_near(parameters[1].tensor, {0.9F, 1.9F});
  }
}

TEST(AdamW, TheFactorsOfAModelThatIsNotAsTheOptionsThinkMultiplyItsRates) {
  const auto parameters = three_parameters();
  for (const auto& parameter : parameters) parameter.tensor.mutable_grad() = at::ones_like(parameter.tensor);
  Optimizer optimizer(parameters, {.weight_decay = 0, .embedding_rate = 50, .tied_norm_rate = 0.02});
  optimizer.set_rate_factors({.embedding = 0.02, .tied_norm = 25});
  optimizer.step(0.1, 0);
  expect_near(parameters[0].tensor, {0.9F, -1.1F, 0.15F, 1.9F});
  expect_near(parameters[1].tensor, {0.9F, -2.1F, 2.9F, 0.4F});
  expect_near(parameters[2].tensor, {0.95F, 1.95F});
}

TEST(AdamW, DecaysMatricesAlone) {
  const auto parameters = three_parameters();
  Optimizer optimizer(parameters, {.weight_decay = 0.5});
  for (const auto& parameter : parameters) parameter.tensor.mutable_grad() = at::zeros_like(parameter.tensor);
  optimizer.step(0.1, 0);
  expect_near(parameters[0].tensor, {1, -1, 0.25F, 2});
  expect_near(parameters[1].tensor, {0.95F, -1.9F, 2.85F, 0.475F});
  expect_near(parameters[2].tensor, {1, 2});
}

TEST(AdamW, AStepThatIsNotFiniteChangesNothing) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto straight = three_parameters(), disturbed = three_parameters();
  Optimizer one(straight, {}), other(disturbed, {});
  for (int step = 0; step < 3; ++step) {
    set_gradients(disturbed, step);
    if (step == 0) disturbed[1].tensor.mutable_grad()[0][1] = std::nan("");
    if (step == 1) disturbed[2].tensor.mutable_grad()[0] = -kInfinity;
    const at::Tensor loss = at::full({}, step == 2 ? kInfinity : 3.0, at::kFloat);
    EXPECT_EQ(std::isfinite(other.step(0.1, 1, loss).item<double>()), step == 2);
  }
  for (int step = 0; step < 2; ++step) {  // the moments and their correction by the count of steps, too
    set_gradients(straight, step);
    set_gradients(disturbed, step);
    one.step(0.1, 1);
    other.step(0.1, 1, at::ones({}));
  }
  for (size_t i = 0; i < straight.size(); ++i)
    EXPECT_TRUE(at::equal(straight[i].tensor, disturbed[i].tensor)) << straight[i].name;
}

TEST(AdamW, GradientsAreGoneBehindAStep) {
  const auto parameters = three_parameters();
  Optimizer optimizer(parameters, {});
  set_gradients(parameters, 0);
  optimizer.step(0.1, 1);
  for (const auto& parameter : parameters) EXPECT_FALSE(parameter.tensor.grad().defined()) << parameter.name;
}

TEST(AdamW, SavedAndLoadedGoesOnToTheSameBits) {
  const test::TemporaryDirectory directory;
  const auto straight = three_parameters(), stopped = three_parameters();
  Optimizer uninterrupted(straight, {}), first(stopped, {});
  for (int step = 0; step < 2; ++step) {
    set_gradients(straight, step);
    uninterrupted.step(0.01, 1);
    set_gradients(stopped, step);
    first.step(0.01, 1);
  }
  first.save(directory / "optimizer.safetensors");
  Optimizer second(stopped, {});
  second.load(directory / "optimizer.safetensors");
  set_gradients(straight, 2);
  uninterrupted.step(0.01, 1);
  set_gradients(stopped, 2);
  second.step(0.01, 1);
  for (size_t i = 0; i < straight.size(); ++i) EXPECT_TRUE(at::equal(straight[i].tensor, stopped[i].tensor));
}

TEST(AdamW, RefusesTheStateOfAnotherModel) {
  const test::TemporaryDirectory directory;
  const auto path = directory / "optimizer.safetensors";
  Optimizer(three_parameters(), {}).save(path);

  auto renamed = three_parameters();
  renamed[2].name = "model.layers.0.input_layernorm.weight";
  EXPECT_EQ(test::error_message([&] { Optimizer(renamed, {}).load(path); }),
            path.string() +
                ": tensor \"exp_avg.model.layers.0.input_layernorm.weight\" is missing; it belongs to another "
                "model or train.optimizer");
  auto reshaped = three_parameters();
  reshaped[2].tensor = at::ones({3});
  EXPECT_EQ(test::error_message([&] { Optimizer(reshaped, {}).load(path); }),
            path.string() +
                ": tensor \"exp_avg.model.norm.weight\" has shape [2], expected [3]; it belongs to another "
                "model");
}

model::LanguageModel small_model() {
  model::LanguageModel model(test::small_config(), at::kCPU, at::kFloat, 1);
  model.set_requires_grad(true);
  return model;
}

// Of the state that the optimizer holds.
int64_t state_bytes(Optimizer& optimizer) {
  int64_t bytes = 0;
  for (const StateTensor& each : optimizer.state())
    if (each.tensor.defined()) bytes += static_cast<int64_t>(each.tensor.nbytes());
  return bytes;
}

TEST(ShardedOptimizer, EachKeepsAndUpdatesItsShareAndTogetherTheyStepAsOne) {
  constexpr int64_t kShards = 3;
  for (const bool muon : {false, true}) {
    const auto whole_model = small_model();
    Optimizer whole(whole_model.parameters(), {.muon = muon});
    set_gradients(whole_model.parameters(), 1);
    whole.step(0.01, 1);
    int64_t bytes = 0, updated = 0;
    for (int64_t rank = 0; rank < kShards; ++rank) {
      const auto model = small_model();
      Optimizer shard(model.parameters(), {.muon = muon, .shard = {rank, kShards}});
      EXPECT_LT(state_bytes(shard), state_bytes(whole) * 2 / 5);
      bytes += state_bytes(shard);
      set_gradients(model.parameters(), 1);
      shard.step(0.01, 1);
      const auto own = shard.parameters_of(rank);
      const auto is = model.parameters(), expected = whole_model.parameters(), before = small_model().parameters();
      for (size_t i = 0; i < is.size(); ++i) {
        const bool is_own =
            std::any_of(own.begin(), own.end(), [&](const at::Tensor& each) { return each.is_same(is[i].tensor); });
        EXPECT_TRUE(at::allclose(is[i].tensor, is_own ? expected[i].tensor : before[i].tensor, 1e-5, 1e-7))
            << is[i].name << " of rank " << rank;
        EXPECT_FALSE(is[i].tensor.grad().defined());
        updated += is_own ? 1 : 0;
      }
    }
    EXPECT_EQ(bytes, state_bytes(whole));
    EXPECT_EQ(updated, static_cast<int64_t>(whole_model.parameters().size()));
  }
}

TEST(ClipGradients, ShortensLongOnesAndLeavesShortOnes) {
  std::vector<at::Tensor> gradients = {values({3, 0}, {2}), values({0, 4, 0, 0}, {2, 2})};
  EXPECT_NEAR(clip_gradients(gradients, 10).item<double>(), 5, 1e-6);
  expect_near(gradients[0], {3, 0});
  EXPECT_NEAR(clip_gradients(gradients, 1).item<double>(), 5, 1e-6);
  expect_near(gradients[0], {0.6F, 0});
  expect_near(gradients[1], {0, 0.8F, 0, 0});
}

}  // namespace
}  // namespace ktlm::train
