#include "ktlm/generate/placement.h"

#include <ATen/Parallel.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/machine.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/model/device.h"

namespace ktlm::generate {

namespace {

constexpr int64_t kShortPrompt = 64, kLongPrompt = 256, kTokens = 12;
constexpr int kRuns = 3;  // the first of each warms up

template <class Work>
double fastest_seconds(const Work& work) {
  double fastest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (run > 0) fastest = std::min(fastest, elapsed.count());
  }
  return fastest;
}

model::KvCache make_cache(const model::LanguageModel& model) {
  return {model.config(), 1, model.config().max_seq_len, model.device(), model.dtype()};
}

double measure_token_seconds(const model::LanguageModel& model) {
  model::KvCache cache = make_cache(model);
  const at::Tensor token = at::zeros({1, 1}, at::kLong);
  const int64_t num_tokens = std::min(kTokens, model.config().max_seq_len);
  const double seconds = fastest_seconds([&] {
    cache.truncate(0);
    for (int64_t i = 0; i < num_tokens; ++i) next_token_logits(model, token, cache);
  });
  return seconds / static_cast<double>(num_tokens);
}

// Both parts of what a prompt takes, its cache's way to the token model included.
InferenceSpeed measure_prompts(const InferenceModels& models) {
  const int64_t long_prompt = std::min(kLongPrompt, models.prompt_model.config().max_seq_len - 1);
  const int64_t short_prompt = std::min(kShortPrompt, long_prompt / 2);
  model::KvCache cache = make_cache(models.token_model);
  const auto prompt_seconds = [&](int64_t length) {
    const at::Tensor ids = at::zeros({1, std::max<int64_t>(length, 1)}, at::kLong);
    return fastest_seconds([&] {
      cache.truncate(0);
      prefill(models, ids, cache);
    });
  };
  InferenceSpeed speed;
  const double brief = prompt_seconds(short_prompt), extended = prompt_seconds(long_prompt);
  speed.prompt_token_seconds = std::max(extended - brief, 0.0) / static_cast<double>(long_prompt - short_prompt);
  speed.prompt_seconds = std::max(brief - speed.prompt_token_seconds * static_cast<double>(short_prompt), 0.0);
  return speed;
}

Json read_placements(const std::filesystem::path& file) {
  try {
    Json placements = read_json_file(file.string());
    if (placements.is_object()) return placements;
  } catch (const Error&) {  // not there, or damaged: to be measured again
  }
  return Json::object();
}

}  // namespace

Placement choose_placement(const InferenceSpeed& device, const InferenceSpeed& cpu) {
  if (device.seconds_per_token <= cpu.seconds_per_token) return {};
  // The device wins a prompt of n tokens where its start-up costs less than n tokens' difference.
  const double gain = cpu.prompt_token_seconds - device.prompt_token_seconds;
  const double cost = device.prompt_seconds - cpu.prompt_seconds;
  constexpr int64_t kNever = std::numeric_limits<int32_t>::max();
  if (gain <= 0) return {true, kNever};
  const double length = std::ceil(cost / gain);
  return {true, length < 1 ? 1 : length < static_cast<double>(kNever) ? static_cast<int64_t>(length) : kNever};
}

Placement measure_placement(const model::LanguageModel& device_model, const model::LanguageModel& cpu_model) {
  // The device's prompts as they will be where tokens are on the CPU.
  InferenceSpeed device = measure_prompts({device_model, cpu_model, 1}), cpu = measure_prompts(cpu_model);
  device.seconds_per_token = measure_token_seconds(device_model);
  cpu.seconds_per_token = measure_token_seconds(cpu_model);
  return choose_placement(device, cpu);
}

std::string placement_key(const model::LanguageModel& device_model) {
  const auto& c = device_model.config();
  std::string key = machine_name() + " | libtorch " TORCH_VERSION " | " + device_model.device().str() + " " +
                    model::dtype_name(device_model.dtype()) + " | " + std::to_string(at::get_num_threads()) +
                    " threads | shape";
  for (const int64_t size : {c.vocab_size, c.d_model, c.n_layers, c.n_heads, c.n_kv_heads, c.resolved_head_dim(),
                             c.d_ff, c.max_seq_len, int64_t{c.qk_norm}}) {
    key += ' ';
    key += std::to_string(size);
  }
  return key;
}

Placement remembered_placement(const std::filesystem::path& file, const std::string& key,
                               const std::function<Placement()>& measure) {
  if (file.empty()) return measure();
  Json placements = read_placements(file);
  try {
    const Json& known = placements.contains(key) ? placements.at(key) : Json();
    return {json_get<bool>(known, "tokens_on_cpu", key), json_get<int64_t>(known, "min_prompt_tokens", key)};
  } catch (const Error&) {  // unknown
  }
  const Placement placement = measure();
  placements[key] = {{"tokens_on_cpu", placement.tokens_on_cpu}, {"min_prompt_tokens", placement.min_prompt_tokens}};
  try {
    write_file_atomically(file, placements.dump(2) + "\n");
  } catch (const Error&) {  // measured again next time
  }
  return placement;
}

}  // namespace ktlm::generate
