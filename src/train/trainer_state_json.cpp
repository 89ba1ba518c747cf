#include "trainer_state_json.h"

#include <limits>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"

namespace ktlm::train {

namespace {

constexpr int64_t kFormatVersion = 1;

LossHistory loss_history_from_json(const Json& json, const std::string& where) {
  return {json_get<int64_t>(json, "losses", where),        json_get<double>(json, "mean", where),
          json_get<double>(json, "variance", where),       json_get<int64_t>(json, "skipped_in_row", where),
          json_get<int64_t>(json, "spikes_in_row", where), json_get<int64_t>(json, "first_bad_step", where)};
}

RateFactors rate_factors_from_json(const Json& json, const std::string& where) {
  return {json_get<double>(json, "embedding", where), json_get<double>(json, "tied_norm", where)};
}

}  // namespace

std::string trainer_state_to_json(const TrainerState& state, const FileHashes& hashes) {
  Json json;
  json["version"] = kFormatVersion;
  json["step"] = state.step;
  json["tokenizer_hash"] = state.identity.tokenizer_hash;
  json["corpus_hash"] = state.identity.corpus_hash;
  json["seed"] = state.identity.seed;
  json["windows_per_step"] = state.identity.windows_per_step;
  json["micro_batch_size"] = state.micro_batch_size;
  json["asked_micro_batch_size"] = state.asked_micro_batch_size;
  json["task"] = state.identity.task;
  json["init_from"] = state.identity.init_from;
  json["optimizer"] = state.identity.optimizer;
  json["autocast_dtype"] = state.autocast_dtype;
  json["rate_factors"] = {{"embedding", state.rate_factors.embedding}, {"tied_norm", state.rate_factors.tied_norm}};
  json["loss_sum"] = state.loss_sum;
  json["loss_steps"] = state.loss_steps;
  json["skipped_steps"] = state.skipped_steps;
  json["spikes"] = state.spikes;
  json["loss_history"] = {{"losses", state.losses.losses},
                          {"mean", state.losses.mean},
                          {"variance", state.losses.variance},
                          {"skipped_in_row", state.losses.skipped_in_row},
                          {"spikes_in_row", state.losses.spikes_in_row},
                          {"first_bad_step", state.losses.first_bad_step}};
  json["rollbacks"] = state.rollbacks;
  json["passed_over_steps"] = state.passed_over_steps;
  json["validated_step"] = state.validated_step;
  json["best_step"] = state.best_step;
  json["best_loss"] = state.best_step > 0 ? Json(state.best_loss) : Json(nullptr);
  json["validations_since_best"] = state.validations_since_best;
  json["hashes"] = {{"model.safetensors", hashes.model}, {"optimizer.safetensors", hashes.optimizer}};
  return json.dump(2) + "\n";
}

std::pair<TrainerState, FileHashes> trainer_state_from_json(const std::string& text, const std::string& where) {
  const Json json = parse_json(text, where);
  const auto version = json_get<int64_t>(json, "version", where);
  if (version != kFormatVersion)
    throw Error(where + ": version " + std::to_string(version) + ", expected " + std::to_string(kFormatVersion) +
                "; it was written by another version of ktlm");
  TrainerState state;
  state.step = json_get<int64_t>(json, "step", where);
  state.identity.tokenizer_hash = json_get<std::string>(json, "tokenizer_hash", where);
  state.identity.corpus_hash = json_get<std::string>(json, "corpus_hash", where);
  state.identity.seed = json_get<int64_t>(json, "seed", where);
  state.identity.windows_per_step = json_get<int64_t>(json, "windows_per_step", where);
  state.micro_batch_size = json_get_or<int64_t>(json, "micro_batch_size", 0, where);
  state.asked_micro_batch_size = json_get_or<int64_t>(json, "asked_micro_batch_size", 0, where);
  state.identity.task = json_get_or<std::string>(json, "task", "text", where);  // not there before ktlm chatted
  state.identity.init_from = json_get_or<std::string>(json, "init_from", "", where);
  state.identity.optimizer = json_get_or<std::string>(json, "optimizer", "adamw", where);
  state.autocast_dtype = json_get<std::string>(json, "autocast_dtype", where);
  if (json.contains("rate_factors")) state.rate_factors = rate_factors_from_json(json.at("rate_factors"), where);
  state.loss_sum = json_get<double>(json, "loss_sum", where);
  state.loss_steps = json_get<int64_t>(json, "loss_steps", where);
  state.skipped_steps = json_get_or<int64_t>(json, "skipped_steps", 0, where);
  state.spikes = json_get_or<int64_t>(json, "spikes", 0, where);
  if (json.contains("loss_history")) state.losses = loss_history_from_json(json.at("loss_history"), where);
  state.rollbacks = json_get_or<int64_t>(json, "rollbacks", 0, where);
  state.passed_over_steps = json_get_or<int64_t>(json, "passed_over_steps", 0, where);
  state.validated_step = json_get<int64_t>(json, "validated_step", where);
  state.best_step = json_get<int64_t>(json, "best_step", where);
  state.best_loss = json_get_or<double>(json, "best_loss", std::numeric_limits<double>::infinity(), where);
  state.validations_since_best = json_get<int64_t>(json, "validations_since_best", where);
  const Json hashes = json.contains("hashes") ? json.at("hashes") : Json::object();
  return {state,
          {json_get<std::string>(hashes, "model.safetensors", where),
           json_get<std::string>(hashes, "optimizer.safetensors", where)}};
}

}  // namespace ktlm::train
