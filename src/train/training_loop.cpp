#include "training_loop.h"

#include <cmath>
#include <cstdio>
#include <limits>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/memory_info.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/device.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/train/lr_schedule.h"
#include "ktlm/train/train_step.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kNoStep = std::numeric_limits<int32_t>::max();
// MPS's allocator keeps what it once had, and fragments (pytorch #121113): it is emptied now and then.
constexpr int64_t kStepsBetweenReleases = 100;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool every(int64_t interval, int64_t step) { return interval > 0 && step % interval == 0; }

std::string validation_line(int64_t step, const eval::Evaluation& result, bool best) {
  char line[160];
  std::snprintf(line, sizeof line, "step %lld: validation loss %.3f, perplexity %.1f, %.3f bits per byte%s",
                static_cast<long long>(step), result.loss, result.perplexity, result.bits_per_byte,
                best ? " (best so far)" : "");
  return line;
}

// Adds its scope's time to a sum.
class Pause {
 public:
  explicit Pause(double& seconds) : seconds_(seconds) {}
  ~Pause() { seconds_ += seconds_since(start_); }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TrainingLoop::TrainingLoop(const RunParts& parts)
    : parts_(parts),
      config_(parts.request.train),
      stop_(parts.stop),
      state_(parts.state),
      loader_(parts.datasets.train, config_.micro_batch_size, parts.model.config().max_seq_len,
              static_cast<uint64_t>(config_.seed)),
      uploader_(loader_, config_.grad_accum_steps, parts.model.device()),
      autocast_dtype_(model::parse_dtype(parts.state.autocast_dtype)),
      first_step_(parts.state.step),
      saved_step_(parts.state.step) {
  const auto scalar = at::TensorOptions(parts.model.device());
  loss_sum_ = at::full({}, state_.loss_sum, scalar.dtype(at::kFloat));
  gradient_norm_ = at::zeros({}, scalar.dtype(at::kFloat));
  first_bad_step_ = at::full({}, kNoStep, scalar.dtype(at::kInt));
  summary_.num_parameters = parts.model.config().num_parameters();
}

TrainSummary TrainingLoop::run() {
  // A process killed between a checkpoint and its validation left the validation to this one.
  if (validation_due() && state_.validated_step < state_.step) validate();

  while (state_.step < config_.max_steps && !stopped_early() && !stop_.requested()) {
    if (!train_step()) break;
    if (every(config_.log_every_steps, state_.step) || state_.step == config_.max_steps) report();
    if (checkpoint_due()) save();
    if (validation_due()) validate();
    show_progress();
  }

  if (stop_.requested()) {
    summary_.outcome = TrainOutcome::kInterrupted;
    if (saved_step_ != state_.step) save();
  } else {
    summary_.outcome = state_.step < config_.max_steps ? TrainOutcome::kStoppedEarly : TrainOutcome::kFinished;
    export_model();
  }
  summary_.step = state_.step;
  summary_.best_step = state_.best_step;
  summary_.tokens_seen = state_.step * tokens_per_step();
  summary_.seconds = seconds_since(run_start_);
  summary_.train_loss = shown_loss_;
  if (steps_reported_ > 0)
    summary_.tokens_per_second = static_cast<double>(steps_reported_ * tokens_per_step()) / training_seconds_;
  return summary_;
}

bool TrainingLoop::train_step() {
  const auto [batches, shares] = uploader_.at(state_.step, steps_to_report());
  at::Tensor loss = at::zeros_like(loss_sum_);
  for (size_t i = 0; i < batches.size(); ++i) {
    if (stop_.requested()) {
      parts_.optimizer.clear_gradients();  // the step begins anew when the run goes on
      return false;
    }
    loss = loss + accumulate_gradients(parts_.model, batches[i], shares[i], autocast_dtype_);
  }
  gradient_norm_ = parts_.optimizer.step(learning_rate_at(config_, state_.step), config_.grad_clip);
  ++state_.step;
  ++state_.loss_steps;
  ++steps_in_report_;
  ++steps_since_release_;
  loss_sum_ = loss_sum_ + loss;
  const at::Tensor finite = at::isfinite(loss + gradient_norm_);
  first_bad_step_ = at::where(finite, first_bad_step_, at::clamp_max(first_bad_step_, state_.step));
  return true;
}

void TrainingLoop::report() {
  check_finite();
  shown_loss_ = loss_sum_.item<double>() / static_cast<double>(state_.loss_steps);
  const double seconds = seconds_since(last_report_) - paused_seconds_;
  training_seconds_ += seconds;
  steps_reported_ += steps_in_report_;
  shown_tokens_per_second_ = static_cast<double>(steps_in_report_ * tokens_per_step()) / seconds;
  parts_.metrics.scalars(state_.step, wall_time_seconds(),
                         {{"train/loss", shown_loss_},
                          {"train/learning_rate", learning_rate_at(config_, state_.step - 1)},
                          {"train/gradient_norm", gradient_norm_.item<double>()},
                          {"train/epoch", loader_.epoch_at(state_.step * config_.grad_accum_steps)},
                          {"train/tokens_per_second", shown_tokens_per_second_},
                          {"train/memory_bytes", static_cast<double>(current_memory_bytes())}});
  loss_sum_.zero_();
  state_.loss_steps = steps_in_report_ = 0;
  if (steps_since_release_ >= kStepsBetweenReleases) release_memory();
  last_report_ = Clock::now();
  paused_seconds_ = 0;
}

void TrainingLoop::save() {
  check_finite();
  const Pause pause(paused_seconds_);
  state_.loss_sum = loss_sum_.item<double>();
  parts_.metrics.flush();
  try {
    save_checkpoint(parts_.request.run_dir, parts_.model, parts_.optimizer, state_, parts_.request.tokenizer_dir);
  } catch (const Error& error) {
    const bool first = list_checkpoints(parts_.request.run_dir).empty();
    throw Error("checkpoint of step " + std::to_string(state_.step) + " could not be saved: " + error.what() +
                (first ? "; no checkpoint was made yet: put that right and start again"
                       : "; earlier checkpoints are as they were: put that right and go on with --resume"));
  }
  saved_step_ = state_.step;
  prune_checkpoints(parts_.request.run_dir, config_.keep_checkpoints, state_);
}

void TrainingLoop::validate() {
  const Pause pause(paused_seconds_);
  if (parts_.callbacks.progress)
    parts_.callbacks.progress({"validating", 0, 0, "", "step " + std::to_string(state_.step)});
  const auto result = eval::evaluate(parts_.model, parts_.datasets.val, parts_.tokenizer, config_.micro_batch_size,
                                     config_.eval_max_tokens, autocast_dtype_, stop_);
  if (stop_.requested()) return;  // cut short: the resumed run validates this step again

  const bool best = result.loss < state_.best_loss;
  state_.validated_step = summary_.validated_step = state_.step;
  state_.validations_since_best = best ? 0 : state_.validations_since_best + 1;
  if (best) {
    state_.best_step = state_.step;
    state_.best_loss = result.loss;
  }
  summary_.validation = result;
  parts_.metrics.scalars(
      state_.step, wall_time_seconds(),
      {{"val/loss", result.loss}, {"val/perplexity", result.perplexity}, {"val/bits_per_byte", result.bits_per_byte}});
  update_checkpoint_state(parts_.request.run_dir, state_);
  if (parts_.callbacks.note) parts_.callbacks.note(validation_line(state_.step, result, best));
  show_samples();
  release_memory();  // shapes other than training's stay cached otherwise
}

void TrainingLoop::release_memory() {
  model::release_cached_memory(parts_.model.device());
  steps_since_release_ = 0;
}

void TrainingLoop::show_samples() {
  if (!parts_.callbacks.sample) return;
  const at::NoGradGuard no_grad;
  for (const auto& prompt : config_.sample_prompts) {
    if (stop_.requested()) return;
    const std::string text = prompt + parts_.callbacks.sample(parts_.model, prompt);
    parts_.metrics.text(state_.step, "sample/" + prompt, text);
    if (parts_.callbacks.note) parts_.callbacks.note(text);
  }
}

void TrainingLoop::export_model() {
  const fs::path& run_dir = parts_.request.run_dir;
  AtomicDirectory directory(run_dir / "model");
  if (summary_.outcome == TrainOutcome::kStoppedEarly) {
    const auto best =
        model::load_model(run_dir / "checkpoints" / checkpoint_name(state_.best_step), at::kCPU, at::kFloat);
    model::save_model_files(best, parts_.request.tokenizer_dir, directory.path());
  } else {
    model::save_model_files(parts_.model, parts_.request.tokenizer_dir, directory.path());
  }
  directory.commit();
  summary_.model_dir = run_dir / "model";
}

bool TrainingLoop::validation_due() const {
  if (config_.eval_every_steps == 0 || parts_.datasets.val.num_tokens() < 2 || state_.step == 0) return false;
  return every(config_.eval_every_steps, state_.step) || state_.step == config_.max_steps;
}

bool TrainingLoop::checkpoint_due() const {
  return every(config_.checkpoint_every_steps, state_.step) || validation_due() || state_.step == config_.max_steps;
}

bool TrainingLoop::stopped_early() const {
  return config_.early_stop_patience > 0 && state_.validations_since_best >= config_.early_stop_patience;
}

void TrainingLoop::check_finite() {
  const auto bad_step = first_bad_step_.item<int64_t>();
  if (bad_step == kNoStep) return;
  const auto steps = list_checkpoints(parts_.request.run_dir);
  const std::string next = steps.empty() ? "no checkpoint was made yet: start again with a lower train.learning_rate"
                                         : "the last good checkpoint is " + checkpoint_name(steps.front()) +
                                               ": lower train.learning_rate and go on with --resume";
  throw Error("step " + std::to_string(bad_step) + ": the loss or its gradient is not a finite number; " + next);
}

void TrainingLoop::show_progress() const {
  if (!parts_.callbacks.progress) return;
  const int64_t steps_left = config_.max_steps - state_.step;
  const double seconds_per_step = seconds_since(run_start_) / static_cast<double>(state_.step - first_step_);
  std::string line = "step " + std::to_string(state_.step) + "/" + std::to_string(config_.max_steps);
  if (shown_loss_ > 0) {
    char figures[64];
    std::snprintf(figures, sizeof figures, "  loss %.3f  lr %.1e  ", shown_loss_,
                  learning_rate_at(config_, state_.step - 1));
    line += figures + format_count(shown_tokens_per_second_) + " tok/s";
  }
  line += "  " + format_bytes(current_memory_bytes());
  line += "  ETA " + format_seconds(seconds_per_step * static_cast<double>(steps_left));
  parts_.callbacks.progress({"training", state_.step, config_.max_steps, "steps", line});
}

int64_t TrainingLoop::steps_to_report() const {
  return config_.log_every_steps - state_.step % config_.log_every_steps;
}

int64_t TrainingLoop::tokens_per_step() const {
  return config_.micro_batch_size * config_.grad_accum_steps * parts_.model.config().max_seq_len;
}

}  // namespace ktlm::train
