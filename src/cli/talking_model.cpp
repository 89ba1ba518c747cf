#include "talking_model.h"

#include "console.h"
#include "ktlm/core/machine.h"
#include "ktlm/generate/placement.h"
#include "ktlm/model/model_dir.h"

namespace ktlm::cli {

generate::InferenceModels TalkingModel::models() const {
  if (!token_copy) return chosen.trained.model;
  return {chosen.trained.model, *token_copy, min_prompt_tokens};
}

std::string TalkingModel::places() const {
  const std::string device = model::device_name(chosen.trained.model.device());
  if (!token_copy) return "on " + device;
  const std::string which =
      min_prompt_tokens > 1 ? " of " + std::to_string(min_prompt_tokens) + " tokens or more" : std::string();
  return "prompts" + which + " on " + device + ", tokens on " + model::device_name(token_copy->device());
}

TalkingModel open_talking_model(const std::string& model_dir, const std::string& device,
                                const std::string& decode_device, at::ScalarType dtype, Console& console) {
  TalkingModel talking{open_chosen_model(model_dir, device, dtype), {}, 1};
  const auto& model = talking.chosen.trained.model;
  const auto copy_to = [&](at::Device other) { return model::load_model(talking.chosen.directory, other, dtype); };
  if (decode_device != "auto") {
    const at::Device wanted = model::select_device(decode_device);
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

}  // namespace ktlm::cli
