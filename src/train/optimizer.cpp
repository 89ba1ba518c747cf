#include "ktlm/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>

#include <map>
#include <optional>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/model/safetensors.h"

namespace ktlm::train {

namespace {

constexpr const char* kStepsKey = "num_steps";

// Takes tensors.at(key), which must have the shape of `target`, into it.
void copy_state(const std::map<std::string, at::Tensor>& tensors, const std::string& key, at::Tensor& target,
                const std::filesystem::path& path) {
  const auto found = tensors.find(key);
  if (found == tensors.end())
    throw Error(path.string() + ": tensor \"" + key + "\" is missing; it belongs to another model");
  if (found->second.sizes() != target.sizes()) {
    std::ostringstream message;
    message << path.string() << ": tensor \"" << key << "\" has shape " << found->second.sizes() << ", expected "
            << target.sizes() << "; it belongs to another model";
    throw Error(message.str());
  }
  target.copy_(found->second);
}

}  // namespace

bool has_weight_decay(const model::NamedParameter& parameter) {
  return parameter.tensor.dim() >= 2 && parameter.name.find("embed_tokens") == std::string::npos;
}

at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double max_norm) {
  std::vector<at::Tensor> norms;
  for (const auto& gradient : gradients) norms.push_back(at::linalg_vector_norm(gradient));
  const at::Tensor norm = at::linalg_vector_norm(at::stack(norms));
  if (max_norm > 0) {
    const at::Tensor coefficient = at::clamp_max(max_norm / (norm + 1e-6), 1.0);
    for (at::Tensor gradient : gradients) gradient.mul_(coefficient);
  }
  return norm;
}

AdamW::AdamW(const std::vector<model::NamedParameter>& parameters, const AdamWOptions& options) : options_(options) {
  groups_[0].weight_decay = 0;
  groups_[1].weight_decay = options.weight_decay;
  for (const auto& parameter : parameters) {
    Group& group = groups_[has_weight_decay(parameter) ? 1 : 0];
    group.names.push_back(parameter.name);
    group.parameters.push_back(parameter.tensor);
    // Laid out as the parameter: the fused kernel walks through the memory of both side by side.
    group.exp_avgs.push_back(at::zeros_like(parameter.tensor.detach()));
    group.exp_avg_sqs.push_back(at::zeros_like(parameter.tensor.detach()));
  }
  step_tensor_ = at::zeros({}, parameters.front().tensor.options().dtype(at::kFloat).requires_grad(false));
}

at::Tensor not_finite(const at::Tensor& norm, const at::Tensor& loss) {
  return at::isfinite(loss.defined() ? norm + loss : norm).logical_not().to(at::kFloat);
}

at::Tensor AdamW::step(double learning_rate, double max_norm, const at::Tensor& loss) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients[2], all;
  for (size_t i = 0; i < 2; ++i) {
    for (const auto& parameter : groups_[i].parameters) gradients[i].push_back(parameter.grad());
    all.insert(all.end(), gradients[i].begin(), gradients[i].end());
  }
  const at::Tensor norm = clip_gradients(all, max_norm);
  const at::Tensor skip = not_finite(norm, loss);
  step_tensor_.add_(1 - skip);
  for (size_t i = 0; i < 2; ++i) update(groups_[i], gradients[i], learning_rate, skip);
  clear_gradients();
  return norm;
}

void AdamW::update(Group& group, const std::vector<at::Tensor>& gradients, double learning_rate,
                   const at::Tensor& skip) {
  const auto fused = [&](at::TensorList parameters, at::TensorList grads, at::TensorList exp_avgs,
                         at::TensorList exp_avg_sqs, const std::optional<at::Tensor>& found_inf) {
    const std::vector<at::Tensor> steps(parameters.size(), step_tensor_);
    at::_fused_adamw_(parameters, grads, exp_avgs, exp_avg_sqs, {}, steps, learning_rate, options_.beta1,
                      options_.beta2, group.weight_decay, options_.epsilon, /*amsgrad=*/false, /*maximize=*/false,
                      /*grad_scale=*/{}, found_inf);
  };
  if (group.parameters.empty()) return;
  if (!skip.is_mps()) {
    fused(group.parameters, gradients, group.exp_avgs, group.exp_avg_sqs, skip);
    return;
  }
  // MPS's kernel takes found_inf and does not look at it (MultiTensorApply.h has no word of it): what it changed is
  // put back, a parameter at a time, so that the copies stay small.
  const at::Tensor skipped = skip.to(at::kBool);
  for (size_t i = 0; i < group.parameters.size(); ++i) {
    at::Tensor targets[] = {group.parameters[i], group.exp_avgs[i], group.exp_avg_sqs[i]};
    const at::Tensor before[] = {targets[0].clone(), targets[1].clone(), targets[2].clone()};
    fused(targets[0], gradients[i], targets[1], targets[2], {});
    for (size_t j = 0; j < 3; ++j) targets[j].copy_(at::where(skipped, before[j], targets[j]));
  }
}

void AdamW::clear_gradients() {
  // Undefined rather than zero: the next backward pass then writes its gradients instead of adding them.
  for (auto& group : groups_)
    for (auto& parameter : group.parameters) parameter.mutable_grad().reset();
}

void AdamW::save(const std::filesystem::path& path) const {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const auto& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      tensors.emplace_back("exp_avg." + group.names[i], group.exp_avgs[i]);
      tensors.emplace_back("exp_avg_sq." + group.names[i], group.exp_avg_sqs[i]);
    }
  }
  tensors.emplace_back(kStepsKey, at::full({1}, step_tensor_.item<int64_t>(), at::kLong));
  model::save_safetensors(path, tensors);
}

void AdamW::load(const std::filesystem::path& path) {
  const auto tensors = model::load_safetensors(path);
  at::Tensor steps = at::zeros({1}, at::kLong);
  copy_state(tensors, kStepsKey, steps, path);
  for (auto& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      copy_state(tensors, "exp_avg." + group.names[i], group.exp_avgs[i], path);
      copy_state(tensors, "exp_avg_sq." + group.names[i], group.exp_avg_sqs[i], path);
    }
  }
  step_tensor_.fill_(static_cast<double>(steps.item<int64_t>()));
}

}  // namespace ktlm::train
