#include "training_loop.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/memory_info.h"
#include "ktlm/core/text_format.h"
#include "ktlm/model/device.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/model/torch_error.h"
#include "ktlm/train/lr_schedule.h"
#include "ktlm/train/train_report.h"
#include "ktlm/train/train_step.h"
#include "seq_len_schedule.h"
#include "state_exchange.h"
#include "status_line.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

// MPS's allocator keeps what it once had, and fragments (pytorch #121113): it is emptied now and then.
constexpr int64_t kStepsBetweenReleases = 100;

constexpr double kClockTick = 1e-6;  // no interval is shorter, so that no speed is infinite

bool every(int64_t interval, int64_t step) { return interval > 0 && step % interval == 0; }

}  // namespace

TrainingLoop::TrainingLoop(const RunParts& parts)
    : parts_(parts),
      config_(parts.request.train),
      ranks_(parts.ranks),
      stop_(ranks_.is_alone() ? parts.stop : agreed_),
      state_(parts.state),
      uploader_(std::in_place, ranks_, parts.data.batches(), grad_accum_steps(), parts.model.device()),
      reducer_(ranks_, parts.model.parameters()),
      autocast_dtype_(model::parse_dtype(parts.state.autocast_dtype)),
      watch_(parts.state, config_.max_steps, parts.callbacks.warning),
      saved_step_(parts.state.step) {
  summary_.num_parameters = parts.model.config().num_parameters();
  ranks_.guard([&] { settle_exchange(); });
}

void TrainingLoop::settle_exchange() {
  reducer_.settle([&] {
    const int64_t num_tokens = std::min<int64_t>(2, parts_.model.config().max_seq_len);
    const at::Tensor ids = at::zeros({1, num_tokens}, at::kLong);
    accumulate_gradients(parts_.model, {ids, ids}, 1, autocast_dtype_);
    parts_.optimizer.clear_gradients();
  });
}

TrainSummary TrainingLoop::run() {
  // A process killed between a checkpoint and its validation left the validation to this one.
  if (validation_due() && state_.validated_step < state_.step) validate();
  if (state_.step == 0 && !config_.init_from.empty()) validate_start();

  while (state_.step < config_.max_steps && !stopped_early() && !stop_requested()) {
    if (!train_step()) break;
    if (!go_on()) continue;
    if (report_due()) report();
    if (checkpoint_due()) save();
    if (validation_due()) validate();
    show_progress();
  }

  if (stop_requested()) {  // also where it came with the last validation
    summary_.outcome = TrainOutcome::kInterrupted;
    summary_.signal_number = stop_.signal_number();
    watch_.read();
    if (watch_.bad_step() > 0)
      go_back();
    else if (saved_step_ != state_.step)
      save();
  } else {
    summary_.outcome = state_.step < config_.max_steps ? TrainOutcome::kStoppedEarly : TrainOutcome::kFinished;
    export_model();
  }
  if (ranks_.is_writer()) try_write_run_report(parts_.request.run_dir, parts_.callbacks.warning);
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
  const at::Tensor loss = add_up_gradients();
  if (!loss.defined()) {
    parts_.optimizer.clear_gradients();  // the step begins anew when the run goes on
    return false;
  }
  watch_.add(loss, update(loss));
  share_updates(ranks_, parts_.optimizer);
  ++state_.step;
  ++steps_done_;
  ++steps_in_report_;
  ++steps_since_release_;
  return true;
}

StepBatches TrainingLoop::batches_of_step() {
  try {
    return model::translate_torch_errors(
        [&] { return uploader_->at(state_.step + state_.passed_over_steps, steps_to_report()); });
  } catch (const model::OutOfMemoryError& error) {  // however they are cut: smaller batches are no help
    throw Error("out of memory for the " + std::to_string(state_.identity.windows_per_step / ranks_.size()) +
                " windows of a step (" + error.reason() + "); lower train.grad_accum_steps or train.micro_batch_size");
  }
}

at::Tensor TrainingLoop::add_up_gradients() {
  for (;;) {
    const StepBatches step = batches_of_step();
    const int64_t seq_len = seq_len_at(config_, state_.step, parts_.model.config().max_seq_len);
    try {
      return model::translate_torch_errors([&] {
        at::Tensor loss = at::zeros({}, at::TensorOptions(parts_.model.device()).dtype(at::kFloat));
        for (size_t i = 0; i < step.batches.size(); ++i) {
          if (stop_.requested()) return at::Tensor();
          // The ranks' gradients and losses are averaged, not summed.
          const double weight = step.shares[i] * static_cast<double>(ranks_.size());
          loss = loss + ranks_.guard([&] {
            if (i + 1 == step.batches.size()) reducer_.expect_last_pass();
            return accumulate_gradients(parts_.model, cut_windows(step.batches[i], seq_len), weight, autocast_dtype_);
          });
        }
        return ranks_.mean(loss);
      });
    } catch (const model::OutOfMemoryError& error) {
      if (!ranks_.is_alone()) throw_out_of_memory(error.reason());
      use_smaller_batches(error.reason());
    }
  }
}

at::Tensor TrainingLoop::update(const at::Tensor& loss) {
  try {
    return model::translate_torch_errors(
        [&] { return parts_.optimizer.step(learning_rate(state_.step), config_.grad_clip, loss, autocast_dtype_); });
  } catch (const model::OutOfMemoryError& error) {
    throw_out_of_memory_in_update(error.reason());
  }
}

void TrainingLoop::report() {
  watch_.read();
  shown_loss_ = state_.loss_sum / static_cast<double>(state_.loss_steps);  // no number where all were skipped
  const double seconds = std::max(seconds_since(last_report_) - paused_seconds_, kClockTick);
  training_seconds_ += seconds;
  steps_reported_ += steps_in_report_;
  shown_tokens_per_second_ = static_cast<double>(steps_in_report_ * tokens_per_step()) / seconds;
  const int64_t text_step = state_.step + state_.passed_over_steps;
  std::vector<std::pair<std::string, double>> values = {
      {"train/loss", shown_loss_},
      {"train/learning_rate", learning_rate(state_.step - 1)},
      {"train/gradient_norm", watch_.gradient_norm()},
      {"train/epoch", parts_.data.batches().epoch_at(text_step * grad_accum_steps())},
      {"train/tokens_per_second", shown_tokens_per_second_},
      {"train/memory_bytes", static_cast<double>(current_memory_bytes())}};
  if (state_.skipped_steps > 0) values.emplace_back("train/skipped_steps", state_.skipped_steps);
  if (state_.spikes > 0) values.emplace_back("train/spikes", state_.spikes);
  parts_.metrics.scalars(state_.step, wall_time_seconds(), values);
  state_.loss_sum = 0;
  state_.loss_steps = state_.skipped_steps = state_.spikes = steps_in_report_ = 0;
  if (steps_since_release_ >= kStepsBetweenReleases) release_memory();
  last_report_ = AwakeClock::now();
  paused_seconds_ = 0;
}

void TrainingLoop::save() {
  const Pause pause(paused_seconds_);
  watch_.read();
  gather_state(ranks_, parts_.optimizer);
  saved_step_ = state_.step;
  if (!ranks_.is_writer()) return;
  parts_.metrics.flush();
  try {
    save_checkpoint(parts_.request.run_dir, parts_.model, parts_.optimizer, state_, parts_.request.tokenizer_dir);
  } catch (const Error& error) {
    const bool first = list_checkpoints(parts_.request.run_dir).empty();
    throw Error("checkpoint of step " + std::to_string(state_.step) + " could not be saved: " + error.what() +
                (first ? "; no checkpoint was made yet: put that right and start again"
                       : "; earlier checkpoints are as they were: put that right and go on with --resume"));
  }
  parts_.optimizer.forget_others();
  prune_checkpoints(parts_.request.run_dir, config_.keep_checkpoints, state_);
}

void TrainingLoop::release_memory() {
  model::release_cached_memory(parts_.model.device());
  steps_since_release_ = 0;
}

void TrainingLoop::export_model() {
  if (!ranks_.is_writer()) return;
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

bool TrainingLoop::stop_requested() {
  if (!ranks_.is_alone())
    if (const auto signal = ranks_.max(parts_.stop.signal_number())) agreed_.request(static_cast<int>(signal));
  return stop_.requested();
}

bool TrainingLoop::validation_due() const {
  if (config_.eval_every_steps == 0 || !parts_.data.can_validate() || state_.step == 0) return false;
  return every(config_.eval_every_steps, state_.step) || state_.step == config_.max_steps;
}

bool TrainingLoop::checkpoint_due() const {
  return every(config_.checkpoint_every_steps, state_.step) || validation_due() || state_.step == config_.max_steps;
}

bool TrainingLoop::stopped_early() const {
  // Where no validation gave a number yet, there is no best model to stop with.
  return config_.early_stop_patience > 0 && state_.best_step > 0 &&
         state_.validations_since_best >= config_.early_stop_patience;
}

bool TrainingLoop::report_due() const {
  return every(config_.log_every_steps, state_.step) || state_.step == config_.max_steps;
}

double TrainingLoop::learning_rate(int64_t step) const {
  return learning_rate_at(config_, step) * state_.learning_rate_factor();
}

void TrainingLoop::show_progress() const {
  if (!parts_.callbacks.progress) return;
  const int64_t steps_left = config_.max_steps - state_.step;
  const double seconds_per_step = seconds_since(run_start_) / static_cast<double>(steps_done_);
  const std::string words =
      status_line({state_.step, config_.max_steps, seconds_per_step * static_cast<double>(steps_left), shown_loss_,
                   shown_tokens_per_second_, learning_rate(state_.step - 1), current_memory_bytes()});
  parts_.callbacks.progress({"training", state_.step, config_.max_steps, "steps", words});
}

int64_t TrainingLoop::steps_to_report() const {
  return config_.log_every_steps - state_.step % config_.log_every_steps;
}

int64_t TrainingLoop::tokens_per_step() const {
  return state_.identity.windows_per_step * parts_.model.config().max_seq_len;
}

int64_t TrainingLoop::grad_accum_steps() const {
  return state_.identity.windows_per_step / (state_.micro_batch_size * ranks_.size());
}

}  // namespace ktlm::train
