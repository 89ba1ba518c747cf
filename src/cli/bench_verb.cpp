#include "bench_verb.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <csignal>

#include "bench_report.h"
#include "bench_talk.h"
#include "config_sections.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/memory_info.h"
#include "ktlm/core/text_format.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/doctor/speed.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/model/device.h"
#include "ktlm/model/language_model.h"
#include "ktlm/train/optimizer.h"
#include "ktlm/train/train_config.h"
#include "ktlm/train/train_step.h"

namespace ktlm::cli {

namespace {

BenchSettings load_settings(const BenchArguments& arguments) {
  BenchSettings settings = arguments.config_files.empty() ? default_bench_settings() : BenchSettings{};
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  if (arguments.what == "train" && !arguments.dtype.empty()) tree.add_override("train.dtype=" + arguments.dtype);
  settings.model = load_section(tree, "model", settings.model);
  settings.train = load_section(tree, "train", settings.train);
  settings.bench = load_section(tree, "bench", settings.bench);

  if (settings.model.vocab_size == 0)
    throw ConfigError(
        "bench needs model.vocab_size: there is no tokenizer to take it from; try --set model.vocab_size=16000");
  if (settings.bench.prompt_tokens == 0) settings.bench.prompt_tokens = settings.model.max_seq_len;
  const int64_t longest =
      std::max(settings.bench.prompt_tokens, settings.bench.warmup_steps + settings.bench.decode_tokens);
  if (longest > settings.model.max_seq_len)
    throw ConfigError("bench takes " + std::to_string(longest) + " tokens of context, but model.max_seq_len is " +
                      std::to_string(settings.model.max_seq_len) +
                      "; lower bench.prompt_tokens or bench.decode_tokens");
  return settings;
}

at::Tensor random_ids(const BenchSettings& settings, int64_t batch_size, int64_t num_tokens) {
  return at::randint(settings.model.vocab_size, {batch_size, num_tokens}, at::kLong);
}

// Real steps of the trainer, on random tokens.
BenchResult bench_train(const BenchSettings& settings, at::Device device) {
  // Where the size is to be found, a single window: bench says what one size does.
  const int64_t batch_size = std::max<int64_t>(1, settings.train.micro_batch_size),
                num_tokens = settings.model.max_seq_len;
  BenchResult result;
  const at::ScalarType dtype = train::choose_autocast_dtype(settings.train.dtype, device, settings.model, batch_size);
  result.dtype = model::dtype_name(dtype);
  model::LanguageModel model(settings.model, device, at::kFloat, 1);
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(settings.train.gradient_checkpointing);
  train::Optimizer optimizer(model.parameters(), train::make_optimizer_options(settings.train));
  const data::Batch batch{random_ids(settings, batch_size, num_tokens).to(device),
                          random_ids(settings, batch_size, num_tokens).to(device)};
  const auto step = [&] {
    train::accumulate_gradients(model, batch, 1, dtype);
    optimizer.step(settings.train.learning_rate, settings.train.grad_clip, /*loss=*/{}, dtype);
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.measured_steps, device, step));
  result.tokens_per_second = static_cast<double>(batch_size * num_tokens) / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit = doctor::gemm_flops_per_second(settings.model, batch_size * num_tokens, true, dtype, device);
  const double mean_context = (static_cast<double>(num_tokens) + 1) / 2;
  result.fraction_of_limit =
      result.tokens_per_second * doctor::flops_per_token(settings.model, mean_context, true) / result.limit;
  return result;
}

// One prompt into an empty cache, as generate does it.
BenchResult bench_prefill(const BenchSettings& settings, at::Device device, at::ScalarType dtype) {
  const int64_t num_tokens = settings.bench.prompt_tokens;
  BenchResult result;
  result.dtype = model::dtype_name(dtype);
  const model::LanguageModel model(settings.model, device, dtype, 1);
  model::KvCache cache(settings.model, 1, num_tokens, device, dtype);
  const at::Tensor prompt = random_ids(settings, 1, num_tokens);
  const auto prefill = [&] {
    cache.truncate(0);
    generate::next_token_logits(model, prompt, cache);
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.measured_steps, device, prefill));
  result.tokens_per_second = static_cast<double>(num_tokens) / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit = doctor::gemm_flops_per_second(settings.model, num_tokens, false, dtype, device);
  result.fraction_of_limit =
      result.tokens_per_second * prefill_flops_per_token(settings.model, num_tokens) / result.limit;
  return result;
}

// Token by token from an empty context, as generate does it: the model, the logits' way to the CPU, the draw.
BenchResult bench_decode(const BenchSettings& settings, at::Device device, at::ScalarType dtype) {
  const int64_t num_tokens = settings.bench.warmup_steps + settings.bench.decode_tokens;
  BenchResult result;
  result.dtype = model::dtype_name(dtype);
  const model::LanguageModel model(settings.model, device, dtype, 1);
  const int64_t num_texts = settings.bench.decode_texts;
  model::KvCache cache(settings.model, num_texts, num_tokens, device, dtype);
  at::Tensor ids = random_ids(settings, num_texts, 1);
  std::vector<std::vector<int32_t>> histories(static_cast<size_t>(num_texts));
  Random random(1);
  const auto decode = [&] {
    const at::Tensor logits = generate::next_token_logits(model, ids, cache);
    const auto vocab_size = static_cast<size_t>(logits.size(1));
    for (size_t i = 0; i < histories.size(); ++i) {
      const std::span<float> row(logits.data_ptr<float>() + i * vocab_size, vocab_size);
      histories[i].push_back(generate::sample_token(row, histories[i], {}, random));
      ids.data_ptr<int64_t>()[i] = histories[i].back();
    }
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.decode_tokens, device, decode));
  const double context = static_cast<double>(num_texts * num_tokens) / 2;
  const double bytes = doctor::decode_bytes_per_token(settings.model, context, dtype);
  set_decode_figures(settings, seconds, bytes, device, result);
  return result;
}

bool has_own_engine(const BenchArguments& arguments, at::Device device) {
  const bool only_own = arguments.dtype == "int8" || arguments.dtype == "int4",
             only_libtorch = arguments.dtype == "fp32";
  if (arguments.what == "train" && arguments.engine == "own")
    throw ConfigError("--engine own talks alone; choose prefill or decode, or leave --engine away");
  if (arguments.what == "train" || arguments.engine == "libtorch") {
    if (only_own)
      throw ConfigError("--dtype " + arguments.dtype + " is known to prefill and decode with ktlm's own engine alone");
    return false;
  }
  if (arguments.engine == "auto") {
    if (only_own && !device.is_cpu())
      throw ConfigError("--dtype " + arguments.dtype + " is computed on the CPU alone; choose --device cpu");
    return device.is_cpu() && !only_libtorch;
  }
  if (!device.is_cpu()) throw ConfigError("--engine own computes on the CPU alone; choose --device cpu");
  if (only_libtorch) throw ConfigError("--engine own computes with bf16, int8 or int4, not with fp32");
  return true;
}

BenchResult measure(const BenchArguments& arguments, const BenchSettings& settings, at::Device device,
                    int64_t num_threads) {
  if (has_own_engine(arguments, device)) {
    const auto format = cpu_model::parse_weight_format(arguments.dtype.empty() ? "int8" : arguments.dtype);
    return arguments.what == "prefill" ? bench_own_prefill(settings, format, num_threads)
                                       : bench_own_decode(settings, format, num_threads);
  }
  if (arguments.what == "train") return bench_train(settings, device);
  const at::ScalarType dtype = model::parse_dtype(arguments.dtype.empty() ? "fp32" : arguments.dtype);
  return arguments.what == "prefill" ? bench_prefill(settings, device, dtype) : bench_decode(settings, device, dtype);
}

}  // namespace

int run_bench(const BenchArguments& arguments, Console& console) {
  const BenchSettings settings = load_settings(arguments);
  std::signal(SIGINT, SIG_DFL);  // there is nothing to save: the first signal may end it
  std::signal(SIGTERM, SIG_DFL);
  model::set_up_compute(arguments.threads);
  const at::Device device = model::select_device(arguments.device);
  const int64_t num_parameters = settings.model.num_parameters(),
                default_threads = has_own_engine(arguments, device) ? cpu_model::CpuModel::default_num_threads()
                                                                    : at::get_num_threads(),
                num_threads = arguments.threads > 0 ? arguments.threads : default_threads;
  console.note("a model of " + format_count(static_cast<double>(num_parameters)) + " parameters, " +
               std::to_string(num_threads) + " threads");

  const BenchResult result = measure(arguments, settings, device, num_threads);
  if (const auto words = words_above_limit(result); !words.empty()) console.note(words);
  if (!arguments.json) {
    console.print(bench_words(arguments.what, result));
    return console.exit_code();
  }
  Json json;
  json["what"] = arguments.what;
  json["tokens_per_second"] = result.tokens_per_second;
  json["peak_memory_bytes"] = result.peak_memory_bytes;
  json[result.limit_name] = result.limit;
  json["fraction_of_limit"] = result.fraction_of_limit;
  json["threads"] = num_threads;
  json["dtype"] = result.dtype;
  json["engine"] = result.engine;
  json["parameters"] = num_parameters;
  console.print(to_json_line(json));
  return console.exit_code();
}

}  // namespace ktlm::cli
