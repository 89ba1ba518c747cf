#include "initial_model.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/model/model_dir.h"

namespace ktlm::train {

namespace {

std::string first_difference(const tokenizer::Tokenizer& is, const tokenizer::Tokenizer& expected) {
  if (is.vocab_size() != expected.vocab_size())
    return std::to_string(is.vocab_size()) + " pieces, expected " + std::to_string(expected.vocab_size());
  for (tokenizer::TokenId id = 0; id < is.vocab_size(); ++id) {
    if (is.piece(id) != expected.piece(id))
      return "piece " + std::to_string(id) + " is \"" + is.piece(id) + "\", expected \"" + expected.piece(id) + "\"";
  }
  return "the same pieces, but its hash is " + is.hash() + ", expected " + expected.hash();
}

model::LanguageModel load_with_shape(const std::string& directory, model::ModelConfig shape, at::Device device) {
  const model::LanguageModel loaded = model::load_model(directory, device, at::kFloat);
  model::ModelConfig own = loaded.config();
  own.max_seq_len = shape.max_seq_len;
  own.head_dim = own.resolved_head_dim();  // as `shape` has it, whether or not config.json names it
  std::string differences;
  const auto is = list_fields(shape), was = list_fields(own);
  for (size_t i = 0; i < is.size(); ++i) {
    if (is[i].print() == was[i].print()) continue;
    differences += (differences.empty() ? "" : ", ") + ("model." + is[i].name) + " is " + was[i].print() + " there, " +
                   is[i].print() + " here";
  }
  if (!differences.empty())
    throw ConfigError(directory + ": train.init_from's model has another shape: " + differences +
                      "; leave the section model out, and the model's own shape is taken");
  std::map<std::string, at::Tensor> parameters;
  for (const auto& [name, tensor] : loaded.parameters()) parameters[name] = tensor;
  return model::LanguageModel(shape, std::move(parameters), directory);
}

}  // namespace

void check_tokenizer_of_initial_model(const TrainConfig& config, const tokenizer::Tokenizer& tokenizer) {
  if (config.init_from.empty()) return;
  const auto own = tokenizer::Tokenizer::load(config.init_from);
  if (own.hash() == tokenizer.hash()) return;
  throw ConfigError(tokenizer.directory().string() + ": not the tokenizer of the model in " + config.init_from + ": " +
                    first_difference(tokenizer, own) + "; leave --tokenizer out, and the model's own is taken");
}

model::LanguageModel make_initial_model(const TrainConfig& config, const model::ModelConfig& shape, at::Device device) {
  auto model = config.init_from.empty() ? model::LanguageModel(shape, device, at::kFloat,
                                                               static_cast<uint64_t>(config.seed), config.embedding_std)
                                        : load_with_shape(config.init_from, shape, device);
  model.set_requires_grad(true);
  return model;
}

RateFactors rate_factors_of(const model::LanguageModel& model, const OptimizerOptions& options,
                            const TrainConfig& config) {
  const at::NoGradGuard no_grad;
  RateFactors factors;
  for (const auto& [name, tensor] : model.parameters()) {
    if (name == "model.embed_tokens.weight")
      factors.embedding = std::min(1.0, tensor.square().mean().sqrt().item<double>() / config.embedding_std);
    else if (name == "model.norm.weight" && model.config().tie_embeddings)
      factors.tied_norm = std::min(1.0, tensor.abs().mean().item<double>()) / options.tied_norm_rate;
  }
  return factors;
}

}  // namespace ktlm::train
