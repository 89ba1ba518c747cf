#include "ktlm/train/muon.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ktlm/train/optimizer.h"
#include "temporary_directory.h"

namespace ktlm::train {
namespace {

at::Tensor relative_error(const at::Tensor& got, const at::Tensor& expected) {
  return (got.to(at::kDouble) - expected.to(at::kDouble)).abs().max() / expected.to(at::kDouble).abs().max();
}

// U V^T of a matrix's singular value decomposition, float64.
at::Tensor nearest_orthogonal(const at::Tensor& matrix) {
  const auto [u, s, vh] = at::linalg_svd(matrix.to(at::kDouble), /*full_matrices=*/false);
  return at::mm(u, vh);
}

TEST(Orthogonalize, BringsSingularValuesNearOneAndKeepsTheVectors) {
  at::manual_seed(1);
  for (const auto& shape : std::vector<std::vector<int64_t>>{{3, 48, 48}, {2, 32, 96}, {2, 96, 32}, {1, 5, 1}}) {
    const auto matrices = at::randn(shape) * at::logspace(-3, 0, shape[2]);
    const auto got = orthogonalize(matrices, at::kFloat);
    for (int64_t i = 0; i < shape[0]; ++i) {
      const auto values = at::linalg_svdvals(got[i]);
      // The smallest ones may lie below what the polynomials lift to 1.
      EXPECT_LT(values.max().item<double>(), 1.15);
      EXPECT_GT(values.median().item<double>(), 0.85);
      // Along the singular vectors: the product with U V^T is symmetric.
      const auto aligned = at::mm(got[i].to(at::kDouble), nearest_orthogonal(matrices[i]).t());
      EXPECT_LT(relative_error(aligned, aligned.t()).item<double>(), 1e-3);
    }
  }
}

TEST(Orthogonalize, InBf16StaysNearTheOrthogonalMatrix) {
  at::manual_seed(2);
  const auto matrices = at::randn({2, 64, 160});
  const auto got = orthogonalize(matrices, at::kBFloat16);
  EXPECT_EQ(got.scalar_type(), at::kBFloat16);
  const auto values = at::linalg_svdvals(got.to(at::kFloat));
  EXPECT_GT(values.min().item<double>(), 0.8);
  EXPECT_LT(values.max().item<double>(), 1.2);
}

TEST(Orthogonalize, LeavesZerosZero) {
  EXPECT_TRUE(at::equal(orthogonalize(at::zeros({1, 4, 8}), at::kFloat), at::zeros({1, 4, 8})));
}

// A model of two matrices of one shape, one of another, an embedding and a norm.
std::vector<model::NamedParameter> some_parameters() {
  at::manual_seed(3);
  return {{"model.embed_tokens.weight", at::randn({9, 4}).requires_grad_()},
          {"model.layers.0.self_attn.q_proj.weight", at::randn({4, 4}).requires_grad_()},
          {"model.layers.0.mlp.up_proj.weight", at::randn({12, 4}).requires_grad_()},
          {"model.layers.1.self_attn.q_proj.weight", at::randn({4, 4}).requires_grad_()},
          {"model.norm.weight", at::ones({4}).requires_grad_()}};
}

at::Tensor gradient_of(size_t parameter, int step, const at::Tensor& like) {
  at::manual_seed(static_cast<uint64_t>(100 * step) + parameter);
  return at::randn(like.sizes());
}

void take_step(const std::vector<model::NamedParameter>& parameters, Optimizer& optimizer, int step) {
  for (size_t i = 0; i < parameters.size(); ++i)
    parameters[i].tensor.mutable_grad() = gradient_of(i, step, parameters[i].tensor);
  optimizer.step(0.02, /*max_norm=*/0);
}

// By the formula in float64, with the exact orthogonal matrix, from which ktlm's is off by up to 15 %.
TEST(Muon, MovesMatricesAlongTheirOrthogonalizedMomentum) {
  const auto parameters = some_parameters();
  const size_t which = 2;
  at::Tensor expected = parameters[which].tensor.detach().to(at::kDouble), momentum = at::zeros_like(expected);
  const at::Tensor start = expected.clone();
  Optimizer optimizer(parameters, {.weight_decay = 0.1, .muon = true, .muon_momentum = 0.9});
  for (int step = 0; step < 3; ++step) {
    take_step(parameters, optimizer, step);
    const at::Tensor gradient = gradient_of(which, step, expected).to(at::kDouble);
    momentum = 0.9 * momentum + 0.1 * gradient;
    const at::Tensor update = nearest_orthogonal(0.1 * gradient + 0.9 * momentum);
    expected = expected * (1 - 0.02 * 0.1) - update * (0.02 * 0.2 * std::sqrt(12.0));
  }
  EXPECT_LT(relative_error(parameters[which].tensor.detach() - start, expected - start).item<double>(), 0.15);
}

TEST(Muon, LeavesTheEmbeddingAndTheNormsToAdamW) {
  const auto by_muon = some_parameters(), by_adamw = some_parameters();
  Optimizer muon(by_muon, {.muon = true}), adamw(by_adamw, {});
  take_step(by_muon, muon, 0);
  take_step(by_adamw, adamw, 0);
  for (const size_t same : {0, 4}) EXPECT_TRUE(at::equal(by_muon[same].tensor, by_adamw[same].tensor));
  for (const size_t other : {1, 2, 3}) EXPECT_FALSE(at::equal(by_muon[other].tensor, by_adamw[other].tensor));
}

TEST(Muon, LeavesAllAsItWasInAStepThatIsNotFinite) {
  const auto straight = some_parameters(), disturbed = some_parameters();
  Optimizer one(straight, {.muon = true}), other(disturbed, {.muon = true});
  take_step(straight, one, 0);
  take_step(disturbed, other, 0);
  for (const auto& parameter : disturbed)
    parameter.tensor.mutable_grad() = at::full_like(parameter.tensor, std::numeric_limits<double>::infinity());
  other.step(0.02, /*max_norm=*/1);
  take_step(straight, one, 1);
  take_step(disturbed, other, 1);
  for (size_t i = 0; i < straight.size(); ++i) EXPECT_TRUE(at::equal(straight[i].tensor, disturbed[i].tensor)) << i;
}

TEST(Muon, SavedAndLoadedGoesOnToTheSameBits) {
  const test::TemporaryDirectory directory;
  const auto straight = some_parameters(), stopped = some_parameters();
  Optimizer uninterrupted(straight, {.muon = true}), first(stopped, {.muon = true});
  for (int step = 0; step < 2; ++step) take_step(straight, uninterrupted, step);
  take_step(stopped, first, 0);
  first.save(directory / "optimizer.safetensors");
  Optimizer second(stopped, {.muon = true});
  second.load(directory / "optimizer.safetensors");
  take_step(stopped, second, 1);
  for (size_t i = 0; i < straight.size(); ++i) EXPECT_TRUE(at::equal(straight[i].tensor, stopped[i].tensor)) << i;
}

TEST(Optimizer, TakesTheEmbeddingAndTheOutputLayerAtRatesOfTheirOwn) {
  const std::vector<model::NamedParameter> parameters = {
      {"model.embed_tokens.weight", at::zeros({2, 2}).requires_grad_()},
      {"model.norm.weight", at::zeros({2}).requires_grad_()},
      {"lm_head.weight", at::zeros({2, 2}).requires_grad_()}};
  Optimizer optimizer(parameters, {.embedding_rate = 5, .head_rate = 0.5});
  for (const auto& parameter : parameters) parameter.tensor.mutable_grad() = at::ones_like(parameter.tensor);
  optimizer.step(0.1, /*max_norm=*/0);
  // AdamW's first step is the rate itself, against the gradient's sign.
  EXPECT_NEAR(parameters[0].tensor[0][0].item<double>(), -0.5, 1e-6);
  EXPECT_NEAR(parameters[1].tensor[0].item<double>(), -0.1, 1e-6);
  EXPECT_NEAR(parameters[2].tensor[0][0].item<double>(), -0.05, 1e-6);
}

}  // namespace
}  // namespace ktlm::train
