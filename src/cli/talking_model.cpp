#include "talking_model.h"

#include <optional>
#include <utility>

#include "chat_verb.h"
#include "chosen_model.h"
#include "console.h"
#include "generate_verb.h"
#include "ktlm/core/error.h"
#include "ktlm/core/machine.h"
#include "ktlm/generate/inference_models.h"
#include "ktlm/generate/placement.h"
#include "ktlm/model/model_dir.h"

namespace ktlm::cli {

namespace {

struct TalkingModel {
  ChosenModel chosen;                              // on --device
  std::optional<model::LanguageModel> token_copy;  // where tokens are made one by one, if that is another device
  int64_t min_prompt_tokens = 1;                   // with a copy: shorter prompts go through it too

  generate::InferenceModels models() const {
    if (!token_copy) return chosen.trained.model;
    return {chosen.trained.model, *token_copy, min_prompt_tokens};
  }

  // "on cpu", "prompts on mps, tokens on cpu"
  std::string places() const {
    const std::string device = model::device_name(chosen.trained.model.device());
    if (!token_copy) return "on " + device;
    const std::string which =
        min_prompt_tokens > 1 ? " of " + std::to_string(min_prompt_tokens) + " tokens or more" : std::string();
    return "prompts" + which + " on " + device + ", tokens on " + model::device_name(token_copy->device());
  }
};

TalkingModel open_talking_model(const TorchOptions& options, at::ScalarType dtype, Console& console) {
  TalkingModel talking{open_chosen_model(options.model_dir, options.device, dtype), {}, 1};
  const auto& model = talking.chosen.trained.model;
  const auto copy_to = [&](at::Device other) { return model::load_model(talking.chosen.directory, other, dtype); };
  if (options.decode_device != "auto") {
    const at::Device wanted = model::select_device(options.decode_device);
    if (wanted.type() != model.device().type()) talking.token_copy.emplace(copy_to(wanted));
    return talking;
  }
  if (model.device().is_cpu()) return talking;

  const auto measure = [&] {
    console.note("measuring once where this model makes tokens faster, on " + model::device_name(model.device()) +
                 " or the CPU");
    talking.token_copy.emplace(copy_to(at::kCPU));
    return generate::measure_placement(model, *talking.token_copy);
  };
  const auto cache = cache_directory();
  const auto placement = generate::remembered_placement(cache.empty() ? cache : cache / "placements.json",
                                                        generate::placement_key(model), measure);
  talking.min_prompt_tokens = placement.min_prompt_tokens;
  if (!placement.tokens_on_cpu) talking.token_copy.reset();
  if (placement.tokens_on_cpu && !talking.token_copy) talking.token_copy.emplace(copy_to(at::kCPU));
  if (placement.tokens_on_cpu && placement.min_prompt_tokens > model.config().max_seq_len) {
    talking.chosen.trained.model = std::move(*talking.token_copy);  // no prompt is worth the way to the device
    talking.token_copy.reset();
  }
  return talking;
}

}  // namespace

Talker open_torch_model(const TorchOptions& options, Console& console) {
  model::set_up_compute(options.threads);
  const at::ScalarType dtype = model::parse_dtype(options.dtype == "auto" ? "fp32" : options.dtype);
  const auto talking = std::make_shared<TalkingModel>(open_talking_model(options, dtype, console));
  auto models = std::make_unique<generate::InferenceModels>(talking->models());
  const auto name_of = [](const model::LanguageModel& model) { return model::device_name(model.device()); };
  Talker talker{talking->chosen.directory,
                std::move(talking->chosen.trained.tokenizer),
                talking,
                nullptr,
                talking->places(),
                name_of(models->prompt_model),
                name_of(models->token_model),
                model::dtype_name(dtype)};
  talker.model = std::move(models);
  return talker;
}

int run_generate_with_torch(const GenerateArguments& arguments, Console& console) {
  return run_generate(arguments, console, [&](Console& notes) {
    return open_torch_model(
        {arguments.model_dir, arguments.device, arguments.decode_device, arguments.dtype, arguments.threads}, notes);
  });
}

int run_chat_with_torch(const ChatArguments& arguments, Console& console) {
  return run_chat(arguments, console, [&](Console& notes) {
    return open_torch_model(
        {arguments.model_dir, arguments.device, arguments.decode_device, arguments.dtype, arguments.threads}, notes);
  });
}

}  // namespace ktlm::cli
