// The loop's validations: what rank 0 finds, all go by; samples of what the model has learnt.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/model/torch_error.h"
#include "ktlm/train/train_report.h"
#include "training_loop.h"

namespace ktlm::train {

namespace {

std::string validation_line(int64_t step, const eval::Evaluation& result, bool best) {
  char line[160], perplexity[32];
  // A model that learnt nonsense may have one of three hundred digits.
  std::snprintf(perplexity, sizeof perplexity, result.perplexity < 1e6 ? "%.1f" : "%.4g", result.perplexity);
  std::snprintf(line, sizeof line, "step %lld: validation loss %.3f, perplexity %s, %.3f bits per byte%s",
                static_cast<long long>(step), result.loss, perplexity, result.bits_per_byte,
                best ? " (best so far)" : "");
  return line;
}

std::vector<std::pair<std::string, double>> validation_scalars(const eval::Evaluation& result) {
  return {
      {"val/loss", result.loss}, {"val/perplexity", result.perplexity}, {"val/bits_per_byte", result.bits_per_byte}};
}

}  // namespace

void TrainingLoop::validate() {
  const Pause pause(paused_seconds_);
  if (parts_.callbacks.progress)
    parts_.callbacks.progress({"validating", 0, 0, "", "step " + std::to_string(state_.step)});
  const auto evaluation = evaluate();
  if (!evaluation) return;  // a resumed run validates this step again

  const eval::Evaluation& result = *evaluation;
  const bool best = result.loss < state_.best_loss;
  state_.validated_step = summary_.validated_step = state_.step;
  state_.validations_since_best = best ? 0 : state_.validations_since_best + 1;
  if (best) {
    state_.best_step = state_.step;
    state_.best_loss = result.loss;
  }
  summary_.validation = result;
  warn_unless_finite(result);
  parts_.metrics.scalars(state_.step, wall_time_seconds(), validation_scalars(result));
  if (parts_.callbacks.note) parts_.callbacks.note(validation_line(state_.step, result, best));
  show_samples();
  // Last, so that a run that is killed meanwhile does all of it again (MetricsWriter::open drops what was written).
  if (ranks_.is_writer()) update_checkpoint_state(parts_.request.run_dir, state_);
  if (ranks_.is_writer()) try_write_run_report(parts_.request.run_dir, parts_.callbacks.warning);
  release_memory();  // shapes other than training's stay cached otherwise
}

void TrainingLoop::warn_unless_finite(const eval::Evaluation& result) const {
  if (std::isfinite(result.loss) || !parts_.callbacks.warning) return;
  parts_.callbacks.warning("step " + std::to_string(state_.step) +
                           ": the validation loss is no finite number, so this model is not among the best; see "
                           "whether the training loss is one, and whether ktlm doctor finds the device in order");
}

std::optional<eval::Evaluation> TrainingLoop::evaluate() {
  eval::Evaluation result{};
  std::vector<double> told = {0, 0};  // the loss; whether there is none
  if (ranks_.is_writer()) {
    const auto whole = evaluate_in_what_fits();
    if (whole && !parts_.stop.requested()) {
      result = *whole;
      told[0] = result.loss;
    } else {
      told[1] = 1;
    }
  }
  ranks_.add_up(told);
  if (told[1] > 0) return {};
  result.loss = told[0];
  return result;
}

std::optional<eval::Evaluation> TrainingLoop::evaluate_in_what_fits() {
  const std::string problem = "step " + std::to_string(state_.step) + ": out of memory in the validation (";
  for (;;) {
    const int64_t size = std::min(most_to_validate_, state_.micro_batch_size);
    try {
      return model::translate_torch_errors(
          [&] { return parts_.data.validate(parts_.model, size, autocast_dtype_, parts_.stop); });
    } catch (const model::OutOfMemoryError& error) {
      release_memory();
      if (size > 1) most_to_validate_ = size / 2;
      if (parts_.callbacks.warning)
        parts_.callbacks.warning(problem + error.reason() +
                                 (size == 1 ? ") with one window at a time; training on without it"
                                            : "); validating " + std::to_string(most_to_validate_) +
                                                  (most_to_validate_ == 1 ? " window" : " windows") + " at a time"));
      if (size == 1) return {};
    }
  }
}

// What the model that the run starts from can do already: the later validations are compared with it.
void TrainingLoop::validate_start() {
  if (config_.eval_every_steps == 0 || !parts_.data.can_validate()) return;
  const Pause pause(paused_seconds_);
  const auto result = evaluate();
  if (!result) return;
  warn_unless_finite(*result);
  parts_.metrics.scalars(0, wall_time_seconds(), validation_scalars(*result));
  if (parts_.callbacks.note) parts_.callbacks.note(validation_line(0, *result, false));
  release_memory();
}

void TrainingLoop::show_samples() {
  if (!parts_.callbacks.sample) return;
  const at::NoGradGuard no_grad;
  for (const auto& prompt : config_.sample_prompts) {
    if (parts_.stop.requested()) return;
    std::string text = prompt;
    try {
      text += model::translate_torch_errors([&] { return parts_.callbacks.sample(parts_.model, prompt); });
    } catch (const model::OutOfMemoryError& error) {
      if (parts_.callbacks.warning)
        parts_.callbacks.warning("step " + std::to_string(state_.step) + ": out of memory in a sample (" +
                                 error.reason() + "); training on without it");
      return;
    }
    parts_.metrics.text(state_.step, "sample/" + prompt, text);
    if (parts_.callbacks.note) parts_.callbacks.note("sample: " + text);
  }
}

}  // namespace ktlm::train
