// The options that say where a verb computes, the same for all that do: for the files that declare options; brings
// CLI11 with it.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

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

inline void declare_threads(CLI::App& app, int64_t& threads) {
  app.add_option("--threads", threads, "Threads on the CPU; 0: all cores, to talk at most eight")
      ->type_name("N")
      ->check(CLI::Validator(CLI::NonNegativeNumber).description(""))  // else the help shows "N:NONNEGATIVE"
      ->capture_default_str();
}

}  // namespace ktlm::cli
