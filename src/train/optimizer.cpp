#include "ktlm/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>

#include <map>
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

at::Tensor AdamW::step(double learning_rate, double max_norm) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> gradients[2], all;
  for (size_t i = 0; i < 2; ++i) {
    for (const auto& parameter : groups_[i].parameters) gradients[i].push_back(parameter.grad());
    all.insert(all.end(), gradients[i].begin(), gradients[i].end());
  }
  const at::Tensor norm = clip_gradients(all, max_norm);
  step_tensor_.fill_(static_cast<double>(++num_steps_));
  for (size_t i = 0; i < 2; ++i) {
    Group& group = groups_[i];
    if (group.parameters.empty()) continue;
    const std::vector<at::Tensor> steps(group.parameters.size(), step_tensor_);
    at::_fused_adamw_(group.parameters, gradients[i], group.exp_avgs, group.exp_avg_sqs, {}, steps, learning_rate,
                      options_.beta1, options_.beta2, group.weight_decay, options_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
  clear_gradients();
  return norm;
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
  tensors.emplace_back(kStepsKey, at::full({1}, num_steps_, at::kLong));
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
  num_steps_ = steps.item<int64_t>();
}

}  // namespace ktlm::train
