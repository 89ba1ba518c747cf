#include "bench_verb.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "bench_config.h"
#include "config_sections.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/memory_info.h"
#include "ktlm/core/text_format.h"
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

struct BenchResult {
  double tokens_per_second = 0;
  int64_t peak_memory_bytes = 0;
  const char* limit_name = "gemm_flops_per_second";
  double limit = 0;
  double fraction_of_limit = 0;
  at::ScalarType dtype = at::kFloat;
};

BenchSettings load_settings(const BenchArguments& arguments) {
  BenchSettings settings = arguments.config_files.empty() ? default_bench_settings() : BenchSettings{};
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  if (!arguments.dtype.empty()) tree.add_override("train.dtype=" + arguments.dtype);
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
  result.dtype = train::choose_autocast_dtype(settings.train.dtype, device, settings.model, batch_size);
  model::LanguageModel model(settings.model, device, at::kFloat, 1);
  model.set_requires_grad(true);
  model.set_gradient_checkpointing(settings.train.gradient_checkpointing);
  train::Optimizer optimizer(model.parameters(), train::make_optimizer_options(settings.train));
  const data::Batch batch{random_ids(settings, batch_size, num_tokens).to(device),
                          random_ids(settings, batch_size, num_tokens).to(device)};
  const auto step = [&] {
    train::accumulate_gradients(model, batch, 1, result.dtype);
    optimizer.step(settings.train.learning_rate, settings.train.grad_clip, /*loss=*/{}, result.dtype);
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.measured_steps, device, step));
  result.tokens_per_second = static_cast<double>(batch_size * num_tokens) / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit = doctor::gemm_flops_per_second(settings.model, batch_size * num_tokens, true, result.dtype, device);
  const double mean_context = (static_cast<double>(num_tokens) + 1) / 2;
  result.fraction_of_limit =
      result.tokens_per_second * doctor::flops_per_token(settings.model, mean_context, true) / result.limit;
  return result;
}

// One prompt into an empty cache, as generate does it.
BenchResult bench_prefill(const BenchSettings& settings, at::Device device, at::ScalarType dtype) {
  const int64_t num_tokens = settings.bench.prompt_tokens;
  BenchResult result;
  result.dtype = dtype;
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
  // The logits are those of the last token alone.
  const double mean_context = (static_cast<double>(num_tokens) + 1) / 2;
  const double logits_flops = 2.0 * static_cast<double>(settings.model.vocab_size * settings.model.d_model);
  const double flops = doctor::flops_per_token(settings.model, mean_context, false) - logits_flops +
                       logits_flops / static_cast<double>(num_tokens);
  result.fraction_of_limit = result.tokens_per_second * flops / result.limit;
  return result;
}

// Token by token from an empty context, as generate does it: the model, the logits' way to the CPU, the draw.
BenchResult bench_decode(const BenchSettings& settings, at::Device device, at::ScalarType dtype) {
  const int64_t num_tokens = settings.bench.warmup_steps + settings.bench.decode_tokens;
  BenchResult result;
  result.dtype = dtype;
  const model::LanguageModel model(settings.model, device, dtype, 1);
  model::KvCache cache(settings.model, 1, num_tokens, device, dtype);
  at::Tensor ids = random_ids(settings, 1, 1);
  std::vector<int32_t> history;
  Random random(1);
  const auto decode = [&] {
    const at::Tensor logits = generate::next_token_logits(model, ids, cache);
    const std::span<float> row(logits.data_ptr<float>(), static_cast<size_t>(logits.numel()));
    history.push_back(generate::sample_token(row, history, {}, random));
    ids.fill_(history.back());
  };
  const double seconds =
      doctor::median(doctor::time_runs(settings.bench.warmup_steps, settings.bench.decode_tokens, device, decode));
  result.tokens_per_second = 1 / seconds;
  result.peak_memory_bytes = peak_memory_bytes();
  result.limit_name = "read_bytes_per_second";
  result.limit = doctor::read_bytes_per_second(device);
  const double bytes = doctor::decode_bytes_per_token(settings.model, static_cast<double>(num_tokens) / 2, dtype);
  result.fraction_of_limit = result.tokens_per_second * bytes / result.limit;
  return result;
}

std::string words(const std::string& what, const BenchResult& result) {
  const bool reads = std::string_view(result.limit_name) == "read_bytes_per_second";
  char line[256];
  std::snprintf(line, sizeof line, "%s %s: %.1f tokens/s, %.1f %% of the limit (%s %.4g G%s/s), peak memory %s",
                what.c_str(), model::dtype_name(result.dtype).c_str(), result.tokens_per_second,
                100 * result.fraction_of_limit, reads ? "reads" : "multiplies", result.limit / 1e9,
                reads ? "B" : "FLOP", format_bytes(result.peak_memory_bytes).c_str());
  return line;
}

}  // namespace

int run_bench(const BenchArguments& arguments, Console& console) {
  const BenchSettings settings = load_settings(arguments);
  std::signal(SIGINT, SIG_DFL);  // there is nothing to save: the first signal may end it
  std::signal(SIGTERM, SIG_DFL);
  model::set_up_compute(arguments.threads);
  const at::Device device = model::select_device(arguments.device);
  const at::ScalarType dtype = model::parse_dtype(arguments.dtype.empty() ? "fp32" : arguments.dtype);
  const int64_t num_parameters = settings.model.num_parameters();
  console.note("a model of " + format_count(static_cast<double>(num_parameters)) + " parameters, " +
               std::to_string(at::get_num_threads()) + " threads");

  const BenchResult result = arguments.what == "train"     ? bench_train(settings, device)
                             : arguments.what == "prefill" ? bench_prefill(settings, device, dtype)
                                                           : bench_decode(settings, device, dtype);
  if (!arguments.json) {
    console.print(words(arguments.what, result));
    return console.exit_code();
  }
  Json json;
  json["what"] = arguments.what;
  json["tokens_per_second"] = result.tokens_per_second;
  json["peak_memory_bytes"] = result.peak_memory_bytes;
  json[result.limit_name] = result.limit;
  json["fraction_of_limit"] = result.fraction_of_limit;
  json["threads"] = at::get_num_threads();
  json["dtype"] = model::dtype_name(result.dtype);
  json["parameters"] = num_parameters;
  console.print(to_json_line(json));
  return console.exit_code();
}

}  // namespace ktlm::cli
