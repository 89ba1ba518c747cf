// What the layers make together: updates that arrive, a cache that gives what the whole text would, a model that learns
// one batch by heart, and the tokens that one draws.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "checks.h"
#include "ktlm/core/random.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/model/kv_cache.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/muon.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_step.h"
#include "reference.h"
#include "tolerance.h"

namespace ktlm::doctor {

namespace {

// Three steps with large gradients, so that each element moves by far more than the tolerance.
template <bool kStrided>
void check_adamw(CheckContext& context, Evidence& evidence) {
  evidence.begin("update");
  constexpr int64_t kSteps = 3;
  constexpr double kLearningRate = 0.1;
  const train::OptimizerOptions options;
  const auto start = context.random({48, 40}), gradient = context.random({48, 40}) + 2;
  const Input parameter = make_input(start, context.device, kStrided);
  const Input slope = make_input(gradient.to(context.dtype), context.device, kStrided);
  train::Optimizer optimizer({{"weight", parameter.on_device}}, options);
  for (int64_t step = 0; step < kSteps; ++step) {
    parameter.on_device.mutable_grad() = slope.on_device.detach();
    optimizer.step(kLearningRate, /*max_norm=*/0);
  }
  const at::NoGradGuard no_grad;
  evidence.require(!at::equal(parameter.on_device.to(at::kCPU), start), "the parameter stays as it was");
  evidence.close("the parameter", parameter.on_device,
                 reference::adamw(parameter.in_float64.detach(), slope.in_float64.detach(), kSteps, kLearningRate,
                                  options.beta1, options.beta2, options.epsilon, options.weight_decay),
                 chain_tolerance(context.dtype));
}

// Of each matrix, what came out in the frame of its own singular vectors: a diagonal of about 1, and nothing beside it.
// In what a training run multiplies in: on MPS that is fp32, whatever else is.
void check_muon(CheckContext& context, Evidence& evidence) {
  const at::NoGradGuard no_grad;
  const auto product_dtype = context.device.is_mps() ? at::kFloat : context.dtype;
  const auto compare = [&](const char* aspect, int64_t rows, int64_t columns) {
    evidence.begin(aspect);
    const auto matrices = context.random({3, rows, columns}).to(at::kFloat);
    const auto made = train::orthogonalize(matrices.to(context.device), product_dtype).to(at::kCPU).to(at::kDouble);
    evidence.finite("the result", made);
    if (!at::isfinite(made).all().item<bool>()) return;
    const auto [u, singular_values, v] = at::linalg_svd(matrices.to(at::kDouble), /*full_matrices=*/false);
    const auto in_frame = u.transpose(1, 2).matmul(made).matmul(v.transpose(1, 2));
    const auto diagonal = in_frame.diagonal(0, 1, 2);
    evidence.require(diagonal.min().item<double>() > 0.8 && diagonal.max().item<double>() < 1.2,
                     "singular values from " + std::to_string(diagonal.min().item<double>()) + " to " +
                         std::to_string(diagonal.max().item<double>()) + ", expected about 1");
    // Fifteen products in a row.
    evidence.close("beside the diagonal", in_frame, at::diag_embed(diagonal), 4 * chain_tolerance(context.dtype));
  };
  compare("wide", 24, 40);
  compare("tall", 40, 24);
}

void check_clipping(CheckContext& context, Evidence& evidence) {
  evidence.begin("update");
  const at::NoGradGuard no_grad;
  const auto a = context.random({30, 20}), b = context.random({17});
  std::vector<at::Tensor> gradients = {a.to(context.device), b.to(context.device)};
  const auto exact_a = a.to(at::kDouble), exact_b = b.to(at::kDouble);
  const auto norm = (exact_a.square().sum() + exact_b.square().sum()).sqrt();
  evidence.close("the norm", train::clip_gradients(gradients, 1), norm, operation_tolerance(context.dtype));
  evidence.close("the first gradient", gradients[0], exact_a / norm, operation_tolerance(context.dtype));
  evidence.close("the second gradient", gradients[1], exact_b / norm, operation_tolerance(context.dtype));
}

constexpr int64_t kVocabSize = 61;

model::ModelConfig small_model() {
  return {.vocab_size = kVocabSize,
          .d_model = 64,
          .n_layers = 2,
          .n_heads = 4,
          .n_kv_heads = 2,
          .d_ff = 128,
          .max_seq_len = 48};
}

// Makes a new model's matrices larger, so that its attention is sharp and no two tokens are nearly as likely, and gives
// its parameters in float64.
std::map<std::string, at::Tensor> sharpen(const model::LanguageModel& model) {
  const at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> exact;
  for (const auto& parameter : model.parameters()) {
    if (parameter.tensor.dim() == 2) at::Tensor(parameter.tensor).mul_(8);
    exact[parameter.name] = parameter.tensor.to(at::kCPU).to(at::kDouble);
  }
  return exact;
}

// Two texts that no rule but memory gives: random tokens, fixed by a seed.
data::Batch one_batch() {
  Random random(7);
  auto text = at::empty({2, 41}, at::kLong);
  for (int64_t i = 0; i < text.numel(); ++i)
    text.data_ptr<int64_t>()[i] = static_cast<int64_t>(random.uniform() * static_cast<double>(kVocabSize));
  return {text.narrow(1, 0, 40).contiguous(), text.narrow(1, 1, 40).contiguous()};
}

// Real training steps, the model's weights in fp32 and its products in the dtype. Not in fp16, in which ktlm trains
// nothing: without scaled losses its small gradients would vanish.
void check_overfitting(CheckContext& context, Evidence& evidence) {
  evidence.begin("training");
  constexpr int64_t kSteps = 60;
  constexpr double kLearningRate = 1e-2, kLearnt = 0.3;  // nats per token, from log(61) = 4.1
  model::LanguageModel model(small_model(), context.device, at::kFloat, 1);
  model.set_requires_grad(true);
  train::Optimizer optimizer(model.parameters(), {});
  const auto batch = one_batch();
  at::Tensor loss;
  for (int64_t step = 0; step < kSteps; ++step) {
    loss = train::accumulate_gradients(model, batch, 1, context.dtype);
    optimizer.step(kLearningRate, 1);
  }
  evidence.finite("the loss", loss);
  const auto reached = loss.to(at::kCPU).item<double>();
  evidence.require(reached < kLearnt, "one batch is not learnt by heart: the loss is " + std::to_string(reached) +
                                          " after " + std::to_string(kSteps) + " steps, expected below " +
                                          std::to_string(kLearnt));
}

// A prompt at once, a few tokens behind it at once, then one by one, through a cache that held another text before.
void check_cache(CheckContext& context, Evidence& evidence) {
  const at::NoGradGuard no_grad;
  auto config = small_model();
  config.max_seq_len = 128;
  const model::LanguageModel model(config, context.device, context.dtype, 1);
  const auto exact = sharpen(model);
  const std::vector<int64_t> prompts = context.quick ? std::vector<int64_t>{33} : std::vector<int64_t>{1, 7, 32, 100};
  for (const int64_t prompt : prompts) {
    evidence.begin("prompt of " + std::to_string(prompt));
    const int64_t chunk = 5, singles = 3, length = prompt + chunk + singles;
    const auto ids = at::arange(length, at::kLong).mul_(17).remainder_(config.vocab_size);
    const auto expected = reference::language_model(exact, config, ids);  // (T, V)
    model::KvCache cache(config, 1, config.max_seq_len, context.device, context.dtype);
    const auto logits = [&](int64_t begin, int64_t count) {
      const auto input = ids.narrow(0, begin, count).unsqueeze(0).to(context.device);
      return model.logits(model.hidden_states(input, &cache)).squeeze(0);  // (count, V)
    };
    const auto compare = [&](int64_t begin, int64_t count) {
      evidence.close("a logit from token " + std::to_string(begin + 1) + " on", logits(begin, count),
                     expected.narrow(0, begin, count), chain_tolerance(context.dtype));
    };
    logits(0, length);
    cache.truncate(0);
    compare(0, prompt);
    compare(prompt, chunk);
    for (int64_t i = 0; i < singles; ++i) compare(prompt + chunk + i, 1);
  }
}

// Where the reference's draw stays the same although each logit moves by up to `deviation`: the tokens before it, it
// and those behind keep their sides, since the logits between them lie further apart; and the random number stays
// within its share, for the odds of a share change by at most exp(2 deviation / temperature).
bool is_clear(std::span<const float> exact, const generate::SamplingConfig& sampling, double drawn_number,
              double deviation) {
  const auto far = [&](double a, double b) { return std::abs(a - b) > 2 * deviation; };
  if (sampling.temperature == 0) {
    std::vector<float> sorted(exact.begin(), exact.end());
    std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
    return far(sorted[0], sorted[1]);
  }
  const auto tokens = generate::kept_tokens(exact, sampling);
  const auto logit = [&](size_t i) { return exact[static_cast<size_t>(tokens[i].id)]; };
  const auto log_odds = [&](double share) { return sampling.temperature * std::log(share / (1 - share)); };
  double before = 0;
  size_t i = 0;
  while (i + 1 < tokens.size() && before + tokens[i].probability <= drawn_number) before += tokens[i++].probability;
  const double behind = before + tokens[i].probability, number = log_odds(drawn_number);
  const bool first = i == 0, last = i + 1 == tokens.size();
  return (first || (far(logit(i - 1), logit(i)) && far(number, log_odds(before)))) &&
         (last || (far(logit(i), logit(i + 1)) && far(number, log_odds(behind))));
}

// The reference draws a text token by token, from the whole text each time; the device is fed it through its cache, and
// has to give its logits, and the same draw wherever a rounding could not turn it. Nothing is cut off the distribution:
// that is the CPU's work on any device.
void check_sampling(CheckContext& context, Evidence& evidence) {
  const at::NoGradGuard no_grad;
  constexpr int64_t kPrompt = 9, kNewTokens = 24;
  const model::LanguageModel model(small_model(), context.device, context.dtype, 3);
  const auto exact_parameters = sharpen(model);
  const auto row_of = [](const at::Tensor& logits) {
    const auto row = logits.to(at::kFloat).flatten().contiguous();
    return std::vector<float>(row.data_ptr<float>(), row.data_ptr<float>() + row.numel());
  };
  for (const double temperature : {0.0, 1.0}) {
    evidence.begin(temperature == 0 ? "greedy" : "seeded");
    const generate::SamplingConfig sampling{
        .temperature = temperature, .top_k = 0, .top_p = 1, .min_p = 0, .repetition_penalty = 1};
    Random random(11);
    auto text = at::arange(kPrompt, at::kLong).mul_(5).add_(1);
    model::KvCache cache(model.config(), 1, model.config().max_seq_len, context.device, context.dtype);
    auto input = text.unsqueeze(0);
    for (int64_t i = 0; i < kNewTokens; ++i) {
      const auto logits = generate::next_token_logits(model, input, cache).flatten();
      const auto exact = reference::language_model(exact_parameters, model.config(), text).select(0, -1);
      evidence.close("a logit", logits, exact, chain_tolerance(context.dtype));
      if (!at::isfinite(logits).all().item<bool>()) return;
      const double deviation = (logits.to(at::kDouble) - exact).abs().max().item<double>();
      auto row = row_of(logits), exact_row = row_of(exact);
      Random same = random, peek = random;
      const bool clear = is_clear(exact_row, sampling, peek.uniform(), deviation);
      const int32_t drawn = generate::sample_token(row, {}, sampling, same);
      const int32_t expected = generate::sample_token(exact_row, {}, sampling, random);
      evidence.require(drawn == expected || !clear,
                       "the drawn token " + std::to_string(i + 1) + " is another than by the reference");
      input = at::full({1, 1}, expected, at::kLong);
      text = at::cat({text, input.flatten()});
    }
  }
}

}  // namespace

std::vector<Check> training_checks() {
  return {{"AdamW", check_adamw<false>, true, true},
          {"AdamW on a strided parameter", check_adamw<true>, false, true},
          {"Muon", check_muon, true, false, {at::kFloat, at::kBFloat16}},
          {"gradient clipping", check_clipping, true, true},
          {"KV cache", check_cache, true},
          {"one batch by heart", check_overfitting, false, false, {at::kFloat, at::kBFloat16}},
          {"sampling", check_sampling, false}};
}

}  // namespace ktlm::doctor
