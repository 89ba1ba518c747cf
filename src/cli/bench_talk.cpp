#include "bench_talk.h"

#include <vector>

#include "ktlm/core/memory_info.h"
#include "ktlm/core/random.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/model/language_model.h"

namespace ktlm::cli {

namespace {

// Random weights, and the model made of them.
struct RandomModel {
  RandomModel(const BenchSettings& settings, cpu_model::WeightFormat format, int64_t num_threads)
      : weights(settings.model, at::kCPU, at::kBFloat16, 1),
        model(settings.model, tensors_of(weights), format, num_threads, "bench") {}

  static cpu_model::CpuModel::Tensors tensors_of(const model::LanguageModel& weights) {
    cpu_model::CpuModel::Tensors tensors;
    for (const auto& [name, tensor] : weights.parameters())
      tensors[name] = {"BF16",
                       tensor.sizes().vec(),
                       {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())}};
    return tensors;
  }

  model::LanguageModel weights;
  cpu_model::CpuModel model;
};

std::vector<int32_t> random_ids(const BenchSettings& settings, int64_t num_tokens) {
  Random random(1);
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < num_tokens; ++i)
    ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(settings.model.vocab_size))));
  return ids;
}

}  // namespace

double prefill_flops_per_token(const model::ModelConfig& config, int64_t num_tokens) {
  const double mean_context = (static_cast<double>(num_tokens) + 1) / 2;
  const double logits = 2.0 * static_cast<double>(config.vocab_size * config.d_model);
  return doctor::flops_per_token(config, mean_context, false) - logits + logits / static_cast<double>(num_tokens);
}

void set_decode_figures(const BenchSettings& settings, double seconds, double bytes, at::Device device,
                        BenchResult& result) {
  result.tokens_per_second = static_cast<double>(settings.bench.decode_texts) / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit_name = "read_bytes_per_second";
  result.limit = doctor::read_bytes_per_second(device);
  result.fraction_of_limit = bytes / seconds / result.limit;
}

BenchResult bench_own_prefill(const BenchSettings& settings, cpu_model::WeightFormat format, int64_t num_threads) {
  RandomModel random(settings, format, num_threads);
  const int64_t num_tokens = settings.bench.prompt_tokens;
  cpu_model::Cache cache(random.model, 1, num_tokens);
  const std::vector<int32_t> ids = random_ids(settings, num_tokens);
  const cpu_model::TextTokens prompt{0, ids};
  const auto prefill = [&] {
    cache.truncate(0, 0);
    random.model.feed({&prompt, 1}, cache);
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.measured_steps, at::kCPU, prefill));
  BenchResult result;
  result.dtype = to_string(format);
  result.engine = "own";
  result.tokens_per_second = static_cast<double>(num_tokens) / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit = doctor::gemm_flops_per_second(settings.model, num_tokens, false, at::kBFloat16, at::kCPU);
  result.fraction_of_limit =
      result.tokens_per_second * prefill_flops_per_token(settings.model, num_tokens) / result.limit;
  return result;
}

BenchResult bench_own_decode(const BenchSettings& settings, cpu_model::WeightFormat format, int64_t num_threads) {
  RandomModel random(settings, format, num_threads);
  const int64_t num_tokens = settings.bench.warmup_steps + settings.bench.decode_tokens,
                num_texts = settings.bench.decode_texts;
  cpu_model::Cache cache(random.model, num_texts, num_tokens);
  std::vector<int32_t> ids = random_ids(settings, num_texts);
  std::vector<std::vector<int32_t>> histories(ids.size());
  std::vector<cpu_model::TextTokens> texts;
  for (int64_t text = 0; text < num_texts; ++text) texts.push_back({text, {&ids[static_cast<size_t>(text)], 1}});
  Random draws(1);
  const auto decode = [&] {
    const cpu_model::Logits logits = random.model.feed(texts, cache);
    for (size_t i = 0; i < ids.size(); ++i) {
      ids[i] = generate::sample_token(logits[i], histories[i], {}, draws);
      histories[i].push_back(ids[i]);
    }
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.decode_tokens, at::kCPU, decode));
  BenchResult result;
  result.dtype = to_string(format);
  result.engine = "own";
  const auto& config = settings.model;
  const double cached = 4.0 * static_cast<double>(config.n_layers * config.n_kv_heads * config.resolved_head_dim());
  const double context = static_cast<double>(num_texts * num_tokens) / 2;
  set_decode_figures(settings, seconds, static_cast<double>(random.model.weight_bytes()) + cached * context, at::kCPU,
                     result);
  return result;
}

}  // namespace ktlm::cli
