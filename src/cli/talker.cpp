#include "talker.h"

#include "ktlm/core/error.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/generate/cpu_token_model.h"
#include "ktlm/generate/find_model.h"
#include "ktlm/generate/generator.h"

namespace ktlm::cli {

bool is_for_own_model(const std::string& device, const std::string& decode_device, const std::string& dtype) {
  for (const std::string& name : {device, decode_device})
    if (name != "auto" && name != "cpu" && name != "cuda" && name != "mps")
      throw ConfigError("device \"" + name + "\" is unknown; choose auto, cpu, cuda or mps");
  if (dtype != "auto" && dtype != "int8" && dtype != "int4" && dtype != "bf16" && dtype != "fp32" && dtype != "fp16")
    throw ConfigError("dtype \"" + dtype + "\" is unknown; choose auto, int8, int4, bf16, fp32 or fp16");
  const auto is_cpu = [](const std::string& name) { return name == "auto" || name == "cpu"; };
  const bool on_cpu = is_cpu(device) && is_cpu(decode_device), only_own = dtype == "int8" || dtype == "int4";
  if (only_own && !on_cpu)
    throw ConfigError("--dtype " + dtype +
                      " is computed on the CPU alone; leave --device and --decode-device away, or " +
                      "choose fp32, bf16 or fp16");
  return on_cpu && (only_own || dtype == "auto" || dtype == "bf16");
}

Talker open_own_model(const std::string& model_dir, const std::string& dtype, int64_t num_threads) {
  const std::filesystem::path directory =
      model_dir.empty() ? generate::find_newest_model("runs") : generate::find_model(model_dir);
  const auto format = cpu_model::parse_weight_format(dtype == "auto" ? "int8" : dtype);
  const auto model = std::make_shared<cpu_model::CpuModel>(directory, format, num_threads);
  Talker talker{directory, tokenizer::Tokenizer::load(directory),
                model,     std::make_unique<generate::CpuTokenModel>(*model),
                "on cpu",  "cpu",
                "cpu",     std::string(to_string(format))};
  generate::check_vocabulary(model->config(), talker.tokenizer, directory.string());
  return talker;
}

}  // namespace ktlm::cli
