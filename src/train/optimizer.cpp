#include "ktlm/train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/model/safetensors.h"

namespace ktlm::train {

namespace {

constexpr const char* kStepsKey = "num_steps";

// tensors.at(key), which must have this shape.
at::Tensor state_in(const std::map<std::string, at::Tensor>& tensors, const std::string& key, at::IntArrayRef shape,
                    const std::filesystem::path& path) {
  const auto found = tensors.find(key);
  if (found == tensors.end())
    throw Error(path.string() + ": tensor \"" + key + "\" is missing; it belongs to another model or train.optimizer");
  if (found->second.sizes() != shape) {
    std::ostringstream message;
    message << path.string() << ": tensor \"" << key << "\" has shape " << found->second.sizes() << ", expected "
            << shape << "; it belongs to another model";
    throw Error(message.str());
  }
  return found->second;
}

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& parameter : parameters) gradients.push_back(parameter.grad());
  return gradients;
}

}  // namespace

OptimizerOptions make_optimizer_options(const TrainConfig& config) {
  return {.beta1 = config.beta1,
          .beta2 = config.beta2,
          .weight_decay = config.weight_decay,
          .muon = config.optimizer == "muon",
          .muon_momentum = config.muon_momentum,
          .embedding_rate = config.embedding_rate,
          .head_rate = config.head_rate,
          .tied_norm_rate = model::kInitialStandardDeviation / config.embedding_std};
}

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

Optimizer::Optimizer(const std::vector<model::NamedParameter>& parameters, const OptimizerOptions& options)
    : options_(options) {
  share_out(parameters);
  const bool is_tied = std::none_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
    return parameter.name.find("lm_head") != std::string::npos;
  });
  std::vector<model::NamedParameter> matrices;  // for Muon
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto& parameter = parameters[i];
    parameters_.push_back(parameter.tensor);
    if (owners_[i] != options.shard.rank) continue;
    const double weight_decay = has_weight_decay(parameter) ? options.weight_decay : 0;
    if (goes_by_muon(parameter))
      matrices.push_back(parameter);
    else if (parameter.name.find("embed_tokens") != std::string::npos)
      add(parameter, options.embedding_rate, weight_decay, &RateFactors::embedding);
    else if (parameter.name.find("lm_head") != std::string::npos)
      add(parameter, options.head_rate, weight_decay);
    else if (is_tied && parameter.name == "model.norm.weight")
      add(parameter, options.tied_norm_rate, weight_decay, &RateFactors::tied_norm);
    else
      add(parameter, 1, weight_decay);
  }
  if (!matrices.empty()) muon_.emplace(matrices, Muon::Options{options.muon_momentum, options.weight_decay});
  list_state(parameters);
  step_tensor_ = at::zeros({}, parameters.front().tensor.options().dtype(at::kFloat).requires_grad(false));
}

bool Optimizer::goes_by_muon(const model::NamedParameter& parameter) const {
  return options_.muon && parameter.tensor.dim() == 2 && parameter.name.find("embed_tokens") == std::string::npos &&
         parameter.name.find("lm_head") == std::string::npos;
}

// The largest first, each to the rank that has least so far.
void Optimizer::share_out(const std::vector<model::NamedParameter>& parameters) {
  std::vector<std::pair<int64_t, size_t>> largest_first;  // values of state, negative; index
  for (size_t i = 0; i < parameters.size(); ++i)
    largest_first.emplace_back(parameters[i].tensor.numel() * (goes_by_muon(parameters[i]) ? -1 : -2), i);
  std::sort(largest_first.begin(), largest_first.end());
  owners_.assign(parameters.size(), 0);
  std::vector<int64_t> held(static_cast<size_t>(options_.shard.world_size), 0);
  for (const auto& [size, i] : largest_first) {
    const auto least = std::min_element(held.begin(), held.end());
    *least -= size;
    owners_[i] = least - held.begin();
  }
}

void Optimizer::add(const model::NamedParameter& parameter, double rate, double weight_decay,
                    double RateFactors::*factor) {
  auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) {
    return g.rate == rate && g.weight_decay == weight_decay && g.factor == factor;
  });
  if (group == groups_.end()) group = groups_.insert(groups_.end(), {rate, weight_decay, factor, {}, {}, {}, {}});
  group->names.push_back(parameter.name);
  group->parameters.push_back(parameter.tensor);
  // Laid out as the parameter: the fused kernel walks through the memory of both side by side.
  group->exp_avgs.push_back(at::zeros_like(parameter.tensor.detach()));
  group->exp_avg_sqs.push_back(at::zeros_like(parameter.tensor.detach()));
}

at::Tensor not_finite(const at::Tensor& norm, const at::Tensor& loss) {
  return at::isfinite(loss.defined() ? norm + loss : norm).logical_not().to(at::kFloat);
}

at::Tensor Optimizer::step(double learning_rate, double max_norm, const at::Tensor& loss,
                           at::ScalarType product_dtype) {
  const at::NoGradGuard no_grad;
  const at::Tensor norm = clip_gradients(gradients_of(parameters_), max_norm);
  const at::Tensor skip = not_finite(norm, loss);
  step_tensor_.add_(1 - skip);
  for (Group& group : groups_) update(group, learning_rate, skip);
  // MPS multiplies no faster in bf16, and its products in it have been wrong.
  if (muon_) muon_->step(learning_rate, skip, skip.is_mps() ? at::kFloat : product_dtype);
  clear_gradients();
  return norm;
}

void Optimizer::update(Group& group, double learning_rate, const at::Tensor& skip) {
  const double rate = learning_rate * group.rate * (group.factor == nullptr ? 1 : rate_factors_.*group.factor);
  const auto fused = [&](at::TensorList parameters, at::TensorList gradients, at::TensorList exp_avgs,
                         at::TensorList exp_avg_sqs, const std::optional<at::Tensor>& found_inf) {
    const std::vector<at::Tensor> steps(parameters.size(), step_tensor_);
    at::_fused_adamw_(parameters, gradients, exp_avgs, exp_avg_sqs, {}, steps, rate, options_.beta1, options_.beta2,
                      group.weight_decay, options_.epsilon, /*amsgrad=*/false,
                      /*maximize=*/false, /*grad_scale=*/{}, found_inf);
  };
  const std::vector<at::Tensor> gradients = gradients_of(group.parameters);
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

void Optimizer::clear_gradients() {
  // Undefined rather than zero: the next backward pass then writes its gradients instead of adding them.
  for (auto& parameter : parameters_) parameter.mutable_grad().reset();
}

void Optimizer::list_state(const std::vector<model::NamedParameter>& parameters) {
  std::map<std::string, at::Tensor> own;
  for (const auto& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      own["exp_avg." + group.names[i]] = group.exp_avgs[i];
      own["exp_avg_sq." + group.names[i]] = group.exp_avg_sqs[i];
    }
  }
  if (muon_)
    for (const auto& [name, momentum] : muon_->state()) own["momentum." + name] = momentum;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<std::string> kinds = goes_by_muon(parameters[i])
                                               ? std::vector<std::string>{"momentum."}
                                               : std::vector<std::string>{"exp_avg.", "exp_avg_sq."};
    for (const std::string& kind : kinds) {
      const auto tensor = own.find(kind + parameters[i].name);
      state_.push_back({kind + parameters[i].name, parameters[i].tensor.sizes().vec(), owners_[i],
                        tensor == own.end() ? at::Tensor() : tensor->second});
    }
  }
}

void Optimizer::forget_others() {
  for (StateTensor& each : state_)
    if (each.owner != options_.shard.rank) each.tensor.reset();
}

std::vector<at::Tensor> Optimizer::parameters_of(int64_t rank) const {
  std::vector<at::Tensor> parameters;
  for (size_t i = 0; i < parameters_.size(); ++i)
    if (owners_[i] == rank) parameters.push_back(parameters_[i]);
  return parameters;
}

int64_t Optimizer::num_steps() const { return step_tensor_.item<int64_t>(); }

void Optimizer::set_num_steps(int64_t num_steps) { step_tensor_.fill_(static_cast<double>(num_steps)); }

void Optimizer::save(const std::filesystem::path& path) const {
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  for (const StateTensor& each : state_) tensors.emplace_back(each.name, each.tensor);
  tensors.emplace_back(kStepsKey, at::full({1}, num_steps(), at::kLong));
  model::save_safetensors(path, tensors);
}

void Optimizer::load(const std::filesystem::path& path) {
  const auto tensors = model::load_safetensors(path);
  set_num_steps(state_in(tensors, kStepsKey, {1}, path).item<int64_t>());
  for (StateTensor& each : state_) {
    const at::Tensor loaded = state_in(tensors, each.name, each.shape, path);
    if (each.owner == options_.shard.rank)
      each.tensor.copy_(loaded);
    else
      each.tensor = loaded;
  }
}

}  // namespace ktlm::train
