#include "ktlm/doctor/preflight.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "ktlm/core/text_format.h"
#include "ktlm/train/train_step.h"

namespace ktlm::doctor {

namespace {

namespace fs = std::filesystem;

constexpr double kMostEpochs = 4;             // Muennighoff et al. 2023: further passes teach less and less
constexpr double kFewTokensPerParameter = 5;  // of the 20 that are best for given work (Hoffmann et al. 2022)
constexpr double kLargeEmbeddingShare = 0.5;
constexpr int64_t kFewTokensPerStep = 1000;  // whose gradient is mostly noise

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// Less than 0 where it is not known; some file systems say of all their sizes that they are 0.
int64_t free_disk_bytes(const fs::path& directory) {
  std::error_code unknown;
  const auto space = fs::space(directory, unknown);
  return unknown || space.capacity == 0 ? -1 : static_cast<int64_t>(space.available);
}

void judge_plan(const TrainingPlan& plan, Preflight& result) {
  const auto warn_if = [&](bool poor, const std::string& line) {
    if (poor) result.warnings.push_back(line);
  };
  warn_if(result.epochs > kMostEpochs, "the plan reads the text " + number(result.epochs, 1) +
                                           " times, and beyond 4 a text teaches little more; prepare more text, or "
                                           "lower train.max_steps");
  warn_if(result.tokens_per_step < kFewTokensPerStep,
          "a step has " + std::to_string(result.tokens_per_step) +
              " tokens, so its gradient is mostly noise; raise train.grad_accum_steps");
  const double share = static_cast<double>(result.embedding_parameters) / static_cast<double>(result.parameters);
  const bool from_a_model = !plan.train.init_from.empty();  // whose shape was chosen, and which has learnt already
  if (!from_a_model && share > kLargeEmbeddingShare)
    result.faults.push_back("the vocabulary takes " + number(100 * share, 0) +
                            " % of the parameters; a smaller vocabulary leaves more to the layers");
  if (!from_a_model && plan.train.task == "chat")
    result.faults.push_back(
        "train.task is chat, but the model is a new one, which learns no language from dialogues alone; give a trained "
        "one with --init-from");
  warn_if(!from_a_model && result.tokens_per_parameter < kFewTokensPerParameter,
          "the plan has " + number(result.tokens_per_parameter, 1) +
              " tokens per parameter, where some 20 are best; a smaller model learns more from so few");
  warn_if(2 * plan.train.warmup_steps > plan.train.max_steps,
          "the learning rate rises during more than half of the run; lower train.warmup_steps, 1-2 % is usual");
}

// Processes that share the memory of `device`, as far as the plan knows.
int64_t memory_sharers(const TrainingPlan& plan, at::Device device) {
  return device.is_cpu() ? plan.processes_here : 1;
}

// "" or " for each of 2 processes".
std::string for_each_of(int64_t sharers) {
  return sharers > 1 ? " for each of " + std::to_string(sharers) + " processes" : "";
}

void judge_room(const fs::path& directory, Preflight& result) {
  if (result.memory_bytes > result.usable_memory_bytes)
    result.faults.push_back("the run takes about " + format_bytes(result.memory_bytes) +
                            " of memory, and should take no more than " + format_bytes(result.usable_memory_bytes) +
                            for_each_of(result.memory_sharers) +
                            "; set train.micro_batch_size to auto, or train.gradient_checkpointing to true");
  if (result.free_disk_bytes >= 0 && result.disk_bytes > result.free_disk_bytes)
    result.faults.push_back(directory.string() + ": the run's checkpoints take up to " +
                            format_bytes(result.disk_bytes) + ", and the disk has " +
                            format_bytes(result.free_disk_bytes) +
                            " left; free some space, or lower train.keep_checkpoints");
}

}  // namespace

std::string missing_room(const TrainingPlan& plan, at::Device device, const fs::path& directory) {
  const auto memory = training_memory(plan, at::kFloat, device);
  const int64_t holders_of_moments = plan.train.shard_optimizer ? plan.processes : 1;
  const int64_t least_memory =
      memory.weights_bytes + memory.gradients_bytes + memory.moments_bytes / holders_of_moments;
  const int64_t sharers = memory_sharers(plan, device), all_memory = device_memory_bytes(device) / sharers;
  if (least_memory > all_memory)
    return "weights, gradients and moments alone take " + format_bytes(least_memory) + " of memory, but there are " +
           format_bytes(all_memory) + for_each_of(sharers) + "; choose a smaller model" +
           (sharers > 1 ? ", or start fewer processes" : "");
  const int64_t least_disk = 2 * memory.weights_bytes + memory.moments_bytes;  // one checkpoint, and the model
  const int64_t free_disk = free_disk_bytes(directory);
  if (free_disk >= 0 && least_disk > free_disk)
    return directory.string() + ": a checkpoint and the model take " + format_bytes(least_disk) +
           ", but the disk has " + format_bytes(free_disk) + " left; free some space, or choose another --out";
  return "";
}

Preflight preflight(const TrainingPlan& plan, at::ScalarType product_dtype, at::Device device, int64_t corpus_tokens,
                    const fs::path& directory) {
  const auto& [name, model, train, processes, processes_here] = plan;
  Preflight result{};
  result.parameters = model.num_parameters();
  result.embedding_parameters = model.vocab_size * model.d_model * (model.tie_embeddings ? 1 : 2);
  result.tokens_per_step = processes * train.windows_per_step() * model.max_seq_len;
  result.planned_tokens = train.max_steps * result.tokens_per_step;
  result.corpus_tokens = corpus_tokens;
  result.epochs = static_cast<double>(result.planned_tokens) / static_cast<double>(std::max<int64_t>(1, corpus_tokens));
  result.tokens_per_parameter = static_cast<double>(result.planned_tokens) / static_cast<double>(result.parameters);

  const auto memory = training_memory(plan, product_dtype, device);
  result.memory_bytes = memory.process_bytes(train.micro_batch_size * model.max_seq_len);
  result.memory_sharers = memory_sharers(plan, device);
  result.usable_memory_bytes = usable_memory_bytes(device) / result.memory_sharers;
  constexpr int64_t kBestAndUnfinished = 2;
  result.disk_bytes = (train.keep_checkpoints + kBestAndUnfinished) * (memory.weights_bytes + memory.moments_bytes) +
                      memory.weights_bytes;
  result.free_disk_bytes = free_disk_bytes(directory);

  judge_plan(plan, result);
  result.error = missing_room(plan, device, directory);
  if (result.error.empty()) judge_room(directory, result);
  return result;
}

std::vector<std::string> preflight_lines(const Preflight& p) {
  std::vector<std::string> lines;
  lines.push_back(format_count(static_cast<double>(p.parameters)) + " parameters, " +
                  format_count(static_cast<double>(p.planned_tokens)) + " tokens to train on (" +
                  number(p.tokens_per_parameter, 1) + " a parameter), " + number(p.epochs, 1) + " times the text");
  lines.push_back("memory about " + format_bytes(p.memory_bytes) + " of " + format_bytes(p.usable_memory_bytes) +
                  for_each_of(p.memory_sharers) + ", disk up to " + format_bytes(p.disk_bytes) +
                  (p.free_disk_bytes >= 0 ? " of " + format_bytes(p.free_disk_bytes) + " free" : ""));
  if (p.seconds) lines.push_back("time about " + format_seconds(*p.seconds) + ", without validations");
  return lines;
}

TrainingPlan with_micro_batch_size(TrainingPlan plan, at::ScalarType product_dtype, at::Device device) {
  if (plan.train.micro_batch_size > 0) return plan;
  const int64_t windows = plan.train.windows_per_step();
  plan.train.micro_batch_size = 1;
  int64_t size = std::min({windows, largest_micro_batch(plan, product_dtype, device, usable_memory_bytes(device)),
                           train::useful_micro_batch_tokens(device) / plan.model.max_seq_len});
  size = std::max<int64_t>(1, size);
  while (windows % size != 0) --size;
  plan.train.micro_batch_size = size;
  plan.train.grad_accum_steps = windows / size;
  return plan;
}

}  // namespace ktlm::doctor
