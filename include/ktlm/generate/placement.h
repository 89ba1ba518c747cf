// Where a model talks fastest on this machine: found by a short measurement the first time, remembered for each model
// shape and machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "ktlm/model/language_model.h"

namespace ktlm::generate {

/// Seconds that one device takes.
struct InferenceSpeed {
  double seconds_per_token = 0;                         // one by one
  double prompt_seconds = 0, prompt_token_seconds = 0;  // a prompt of n tokens: prompt_seconds + n prompt_token_seconds
};

struct Placement {
  bool tokens_on_cpu = false;     // else everything is on the device
  int64_t min_prompt_tokens = 1;  // where tokens are on the CPU: the prompts that are worth the way to the device
};

/// Tokens go where one takes less time; prompts to the device from the length on at which it wins.
Placement choose_placement(const InferenceSpeed& device, const InferenceSpeed& cpu);

/// Times both copies of the model for about a second: prompts of two lengths, the move of the cache, single tokens.
Placement measure_placement(const model::LanguageModel& device_model, const model::LanguageModel& cpu_model);

/// What a placement is remembered under: the machine, libtorch's version, the device, the model's shape and dtype, the
/// threads.
std::string placement_key(const model::LanguageModel& device_model);

/// The placement that `file` holds under `key`, else measure()'s, which is then kept there. A file that can't be read
/// or written costs the memory only; an empty path is none.
Placement remembered_placement(const std::filesystem::path& file, const std::string& key,
                               const std::function<Placement()>& measure);

}  // namespace ktlm::generate
