// How a model is trained: section `train` of a configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/core/config.h"

namespace ktlm::train {

struct TrainConfig {
  std::string task = "text";
  std::string init_from;
  int64_t max_steps = 2000;
  int64_t micro_batch_size = 8;
  int64_t grad_accum_steps = 1;
  double learning_rate = 6e-4;
  double min_learning_rate_ratio = 0.1;
  std::string lr_schedule = "cosine";
  int64_t warmup_steps = 100;
  double decay_fraction = 0.2;
  int64_t warmup_seq_len = 0;
  double seq_len_warmup_fraction = 0.5;
  std::string optimizer = "adamw";
  double embedding_std = 0.02;
  double embedding_rate = 1;
  double head_rate = 1;
  double muon_momentum = 0.95;
  double weight_decay = 0.1;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double grad_clip = 1.0;
  std::string dtype = "auto";
  bool gradient_checkpointing = false;
  int64_t seed = 1;
  int64_t eval_every_steps = 250;
  int64_t eval_max_tokens = 200000;
  int64_t early_stop_patience = 0;
  int64_t checkpoint_every_steps = 250;
  int64_t keep_checkpoints = 2;
  int64_t log_every_steps = 10;
  std::vector<std::string> sample_prompts;
  int64_t threads = 0;
  bool shard_optimizer = false;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("task", &TrainConfig::task, one_of({"text", "chat"}),
      "text: every token of all documents; chat: the answers of dialogues, each seen in its own dialogue alone");
    v("init_from", &TrainConfig::init_from, any_value(),
      "model directory whose weights, shape and tokenizer the run starts from; empty: new weights");
    v("max_steps", &TrainConfig::max_steps, at_least(1), "optimizer steps in all");
    v("micro_batch_size", &TrainConfig::micro_batch_size, Limit{.minimum = 0, .choices = {"auto"}},
      "windows of max_seq_len tokens that go through the model at once; memory grows with it. auto (or 0): as many as "
      "fit and are of use; grad_accum_steps then says how many windows a step has in all");
    v("grad_accum_steps", &TrainConfig::grad_accum_steps, at_least(1),
      "micro-batches whose gradients are added up for one step");
    v("learning_rate", &TrainConfig::learning_rate, greater_than(0), "the highest rate, reached after warm-up");
    v("min_learning_rate_ratio", &TrainConfig::min_learning_rate_ratio, between(0, 1),
      "where the schedule ends, as a fraction of learning_rate");
    v("lr_schedule", &TrainConfig::lr_schedule, one_of({"cosine", "wsd"}),
      "cosine: half a wave down to the end; wsd: steady, then down over decay_fraction");
    v("warmup_steps", &TrainConfig::warmup_steps, at_least(0), "steps over which the rate rises from 0 in a line");
    v("decay_fraction", &TrainConfig::decay_fraction, between(0, 1), "of max_steps, over which wsd goes down");
    v("warmup_seq_len", &TrainConfig::warmup_seq_len, at_least(0),
      "tokens in the run's first windows, which double until they are max_seq_len long; a step's tokens stay the same. "
      "0: all windows are that long");
    v("seq_len_warmup_fraction", &TrainConfig::seq_len_warmup_fraction, between(0, 1),
      "of max_steps, with windows shorter than max_seq_len where warmup_seq_len is not 0");
    v("optimizer", &TrainConfig::optimizer, one_of({"adamw", "muon"}),
      "of the blocks' matrices; embedding, output layer and norms always go by adamw");
    v("embedding_std", &TrainConfig::embedding_std, greater_than(0),
      "standard deviation of the embedding's first values; 1, with an embedding_rate to match, learns faster (of a "
      "tied "
      "output layer the last norm makes up for it, and learns that much slower)");
    v("embedding_rate", &TrainConfig::embedding_rate, greater_than(0),
      "the embedding's learning rate, in learning_rates: 2 is twice as fast");
    v("head_rate", &TrainConfig::head_rate, greater_than(0),
      "the same of an output layer that is not tied to the embedding");
    v("muon_momentum", &TrainConfig::muon_momentum, between(0, 1), "Muon's decay of the mean of gradients");
    v("weight_decay", &TrainConfig::weight_decay, at_least(0), "on matrices; norms and the embedding have none");
    v("beta1", &TrainConfig::beta1, between(0, 1), "AdamW's decay of the mean of gradients");
    v("beta2", &TrainConfig::beta2, between(0, 1), "AdamW's decay of the mean of squared gradients");
    v("grad_clip", &TrainConfig::grad_clip, at_least(0), "greatest norm of the whole gradient; 0 leaves it as it is");
    v("dtype", &TrainConfig::dtype, one_of({"auto", "fp32", "bf16"}),
      "of the multiplications (weights stay fp32); auto measures which is faster on this machine");
    v("gradient_checkpointing", &TrainConfig::gradient_checkpointing, any_value(),
      "recompute activations in the backward pass: less memory, about a third more time");
    v("seed", &TrainConfig::seed, at_least(0), "of the first weights and of the order of the data");
    v("eval_every_steps", &TrainConfig::eval_every_steps, at_least(0), "steps between validations; 0: none");
    v("eval_max_tokens", &TrainConfig::eval_max_tokens, at_least(0), "of the validation text; 0 takes all of it");
    v("early_stop_patience", &TrainConfig::early_stop_patience, at_least(0),
      "stop after this many validations without a new best; 0: never");
    v("checkpoint_every_steps", &TrainConfig::checkpoint_every_steps, at_least(0),
      "steps between checkpoints; there is one before each validation and at the end as well");
    v("keep_checkpoints", &TrainConfig::keep_checkpoints, at_least(1), "the newest ones; the best is kept beside them");
    v("log_every_steps", &TrainConfig::log_every_steps, at_least(1), "steps between lines of metrics.jsonl");
    v("sample_prompts", &TrainConfig::sample_prompts, any_value(), "continued by the model at each validation");
    v("threads", &TrainConfig::threads, at_least(0), "of the CPU, the building of token files included; 0: all cores");
    v("shard_optimizer", &TrainConfig::shard_optimizer, any_value(),
      "of several processes each keeps a part of the optimizer's state (ZeRO-1): less memory, more to exchange");
  }

  /// micro_batch_size * grad_accum_steps; where the size is to be found, grad_accum_steps alone.
  int64_t windows_per_step() const { return (micro_batch_size > 0 ? micro_batch_size : 1) * grad_accum_steps; }

  /// Throws ConfigError where the numbers do not fit together, or are more than can be counted in a run of windows of
  /// `max_seq_len` tokens.
  void validate(int64_t max_seq_len) const;
};

}  // namespace ktlm::train
