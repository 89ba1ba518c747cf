#include "eval_verb.h"

#include "console.h"
#include "eval_runs.h"
#include "ktlm/core/error.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/eval/cpu_scorer.h"
#include "ktlm/generate/find_model.h"
#include "ktlm/generate/generator.h"

namespace ktlm::cli {

bool is_for_own_engine(const EvalArguments& arguments) {
  const std::string& dtype = arguments.dtype;
  const bool has_few_bits = dtype == "int8" || dtype == "int4";
  if (arguments.engine == "libtorch" && has_few_bits)
    throw ConfigError("--engine libtorch has no " + dtype + "; choose fp32, bf16 or fp16, or --engine own");
  const bool is_own = arguments.engine == "own" || (arguments.engine == "auto" && has_few_bits);
  if (!is_own) return false;
  if (dtype == "fp32" || dtype == "fp16")
    throw ConfigError("ktlm's own engine has no " + dtype + "; choose int8, int4 or bf16, or --engine libtorch");
  if (arguments.device != "auto" && arguments.device != "cpu")
    throw ConfigError("ktlm's own engine computes on the CPU alone; leave --device away, or choose --engine libtorch");
  return true;
}

Json description_of(const EvalModel& model) {
  return {
      {"model", model.directory.string()}, {"engine", model.engine}, {"device", model.device}, {"dtype", model.dtype}};
}

void measure_models(const EvalArguments& arguments, Console& console, const OpenEvalModel& open,
                    const std::function<void(EvalModel&)>& measure) {
  std::vector<std::filesystem::path> directories;
  for (const std::string& name : arguments.model_dirs) directories.push_back(generate::find_model(name));
  if (directories.empty()) directories.push_back(generate::find_newest_model("runs"));
  for (const auto& directory : directories) {
    if (console.stop_flag().requested()) return;
    EvalModel model = open(directory);
    if (arguments.model_dirs.empty())
      console.note(directory.string() + " on " + model.device + " in " + model.dtype + ", the newest model");
    try {
      measure(model);
    } catch (const Error& error) {
      throw Error(directory.string() + ": " + error.what());
    }
  }
}

int run_eval(const EvalArguments& arguments, Console& console, const OpenEvalModel& open) {
  if (arguments.answers && !arguments.task.empty())
    throw ConfigError("--answers measures dialogues, --task asks questions; leave one of them away");
  return arguments.task.empty() ? run_eval_of_texts(arguments, console, open)
                                : run_eval_of_tasks(arguments, console, open);
}

int run_eval_on_cpu(const EvalArguments& arguments, Console& console) {
  const auto format = cpu_model::parse_weight_format(arguments.dtype == "auto" ? "int8" : arguments.dtype);
  return run_eval(arguments, console, [&](const std::filesystem::path& directory) {
    const auto model = std::make_shared<cpu_model::CpuModel>(directory, format, arguments.threads);
    EvalModel opened{directory,
                     tokenizer::Tokenizer::load(directory),
                     model,
                     std::make_unique<eval::CpuScorer>(*model, arguments.batch_size),
                     "own",
                     "cpu",
                     std::string(to_string(format))};
    generate::check_vocabulary(model->config(), opened.tokenizer, directory.string());
    return opened;
  });
}

}  // namespace ktlm::cli
