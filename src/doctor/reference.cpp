#include "reference.h"

#include <cmath>
#include <limits>
#include <vector>

namespace ktlm::doctor::reference {

namespace {

at::Tensor softmax(const at::Tensor& scores) {
  const auto weights = (scores - scores.amax(-1, /*keepdim=*/true)).exp();
  return weights / weights.sum(-1, /*keepdim=*/true);
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values) {
  const int64_t heads = q.size(1), group = heads / keys.size(1), num_queries = q.size(2), num_keys = keys.size(2);
  auto hidden = at::zeros({num_queries, num_keys}, at::kBool);
  auto hides = hidden.accessor<bool, 2>();
  for (int64_t i = 0; i < num_queries; ++i)
    for (int64_t j = num_keys - num_queries + i + 1; j < num_keys; ++j) hides[i][j] = true;

  std::vector<at::Tensor> outputs;
  for (int64_t head = 0; head < heads; ++head) {
    const auto q_head = q.select(1, head);               // (B, T, D)
    const auto k_head = keys.select(1, head / group);    // (B, L, D)
    const auto v_head = values.select(1, head / group);  // (B, L, D)
    const auto scores = at::matmul(q_head, k_head.transpose(1, 2)) / std::sqrt(static_cast<double>(q.size(3)));
    const auto seen = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
    outputs.push_back(at::matmul(softmax(seen), v_head));  // (B, T, D)
  }
  return at::stack(outputs, 2);  // (B, T, H, D)
}

at::Tensor rotary(const at::Tensor& x, double theta, int64_t first_position) {
  const int64_t num_tokens = x.size(1), half = x.size(3) / 2;
  const auto cos = at::empty({num_tokens, 1, half}, at::kDouble), sin = at::empty_like(cos);
  auto cos_of = cos.accessor<double, 3>(), sin_of = sin.accessor<double, 3>();
  for (int64_t t = 0; t < num_tokens; ++t) {
    for (int64_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(first_position + t) *
                           std::pow(theta, -static_cast<double>(i) / static_cast<double>(half));
      cos_of[t][0][i] = std::cos(angle);
      sin_of[t][0][i] = std::sin(angle);
    }
  }
  const auto first = x.narrow(3, 0, half), second = x.narrow(3, half, half);
  return at::cat({first * cos - second * sin, first * sin + second * cos}, 3).transpose(1, 2);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return x / ((x * x).mean(-1, /*keepdim=*/true) + eps).sqrt() * weight;
}

at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& up) { return gate / (1 + (-gate).exp()) * up; }

at::Tensor cross_entropy_per_row(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  const auto logits = at::matmul(hidden, weight.t());  // (N, V)
  const auto largest = logits.amax(1, /*keepdim=*/true).detach();
  const auto log_sum = (logits - largest).exp().sum(1).log() + largest.squeeze(1);
  const auto of_target = logits.gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1);
  return at::where(targets.ge(0), log_sum - of_target, at::zeros_like(log_sum));
}

at::Tensor adamw(at::Tensor parameter, const at::Tensor& gradient, int64_t num_steps, double learning_rate,
                 double beta1, double beta2, double epsilon, double weight_decay) {
  auto mean = at::zeros_like(gradient), mean_of_squares = at::zeros_like(gradient);
  for (int64_t step = 1; step <= num_steps; ++step) {
    mean = beta1 * mean + (1 - beta1) * gradient;
    mean_of_squares = beta2 * mean_of_squares + (1 - beta2) * gradient * gradient;
    const auto unbiased_mean = mean / (1 - std::pow(beta1, static_cast<double>(step)));
    const auto unbiased_squares = mean_of_squares / (1 - std::pow(beta2, static_cast<double>(step)));
    parameter =
        parameter - learning_rate * (unbiased_mean / (unbiased_squares.sqrt() + epsilon) + weight_decay * parameter);
  }
  return parameter;
}

at::Tensor language_model(const std::map<std::string, at::Tensor>& parameters, const model::ModelConfig& config,
                          const at::Tensor& ids) {
  const int64_t num_tokens = ids.size(0), head_dim = config.resolved_head_dim();
  const auto& embedding = parameters.at("model.embed_tokens.weight");
  auto x = embedding.index_select(0, ids);  // (T, C)
  for (int64_t layer = 0; layer < config.n_layers; ++layer) {
    const auto weight = [&](const char* name) {
      return parameters.at("model.layers." + std::to_string(layer) + "." + name + ".weight");
    };
    const auto heads = [&](const at::Tensor& in, const char* name) {  // -> (1, T, heads, D)
      return at::matmul(in, weight(name).t()).view({1, num_tokens, -1, head_dim});
    };
    const auto in = rms_norm(x, weight("input_layernorm"), config.norm_eps);
    const auto mixed = attention(rotary(heads(in, "self_attn.q_proj"), config.rope_theta, 0),
                                 rotary(heads(in, "self_attn.k_proj"), config.rope_theta, 0),
                                 heads(in, "self_attn.v_proj").transpose(1, 2));
    x = x + at::matmul(mixed.reshape({num_tokens, -1}), weight("self_attn.o_proj").t());
    const auto fed = rms_norm(x, weight("post_attention_layernorm"), config.norm_eps);
    const auto gated = swiglu(at::matmul(fed, weight("mlp.gate_proj").t()), at::matmul(fed, weight("mlp.up_proj").t()));
    x = x + at::matmul(gated, weight("mlp.down_proj").t());
  }
  const auto head = parameters.find("lm_head.weight");
  const auto& output = head == parameters.end() ? embedding : head->second;
  return at::matmul(rms_norm(x, parameters.at("model.norm.weight"), config.norm_eps), output.t());
}

}  // namespace ktlm::doctor::reference
