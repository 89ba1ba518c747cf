// The options that say where a verb computes, the same for all that do: for the files that declare options; brings
// CLI11 with it.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace ktlm::cli {

inline void declare_device(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "auto, cpu, cuda or mps")->type_name("NAME")->capture_default_str();
}

/// Of the verbs that talk: the CPU unless a GPU is asked for.
inline void declare_talking_device(CLI::App& app, std::string& device) {
  app.add_option("--device", device,
                 "cpu, cuda or mps; auto is the CPU with ktlm's own engine, or with --dtype fp32 or fp16 what libtorch "
                 "finds: CUDA, MPS, CPU")
      ->type_name("NAME")
      ->capture_default_str();
}

inline void declare_talking_dtype(CLI::App& app, std::string& dtype) {
  app.add_option("--dtype", dtype,
                 "Of the weights: on the CPU int8 (auto), bf16 or int4 with ktlm's own engine, fp32 or fp16 with "
                 "libtorch; on a GPU fp32 (auto), bf16 or fp16")
      ->type_name("NAME")
      ->capture_default_str();
}

/// Of the verbs that talk: where tokens are made one by one.
inline void declare_decode_device(CLI::App& app, std::string& decode_device) {
  app.add_option("--decode-device", decode_device,
                 "Where tokens are made one by one: cpu, cuda or mps; auto measures once where that is faster, on "
                 "--device or the CPU")
      ->type_name("NAME")
      ->capture_default_str();
}

/// For an option's check(): a whole number within limits, refused in the words of all other settings.
inline CLI::Validator whole_number(int64_t minimum, int64_t maximum) {
  const auto check = [minimum, maximum](const std::string& text) -> std::string {
    int64_t value = 0;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, value);
    if (error == std::errc() && end == text_end && minimum <= value && value <= maximum) return {};
    return "should be an integer, from " + std::to_string(minimum) + " to " + std::to_string(maximum) + ", is \"" +
           text + "\"";
  };
  return {[check](std::string& text) { return check(text); }, ""};  // no description: the help would show it
}

/// The option takes one of these words alone.
inline void take_one_of(CLI::Option& option, const std::vector<std::string>& words) {
  std::string name, list;
  for (const std::string& word : words) {
    name += (name.empty() ? "" : "|") + word;
    list += (list.empty() ? "" : ", ") + word;
  }
  const auto check = [words, list](const std::string& text) -> std::string {
    const bool known = std::find(words.begin(), words.end(), text) != words.end();
    return known ? "" : "should be one of " + list + ", is \"" + text + "\"";
  };
  option.type_name(name)->check(CLI::Validator([check](std::string& text) { return check(text); }, ""));
}

/// `all` says what 0 stands for.
inline void declare_threads(CLI::App& app, int64_t& threads, const std::string& all = "all cores") {
  app.add_option("--threads", threads, "Threads on the CPU; 0: " + all)
      ->type_name("N")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
}

}  // namespace ktlm::cli
