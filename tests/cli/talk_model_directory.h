// A folder in which `ktlm generate` and `ktlm chat` find a model of random weights, in builds without libtorch too.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "random_model.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm::test {

/// Holds "model", and runs/random/model, which leads there. Made once for a test program.
inline const std::filesystem::path& talk_directory() {
  static const TemporaryDirectory directory;
  static const bool made = [] {
    write_random_model(directory / "model", KTLM_TEST_DATA_DIR "/tokenizer/trained", 128);
    make_directories(directory / "runs/random");
    std::filesystem::create_directory_symlink(directory / "model", directory / "runs/random/model");
    return true;
  }();
  static_cast<void>(made);
  return directory.path();
}

inline ProgramOptions in_talk_directory(std::string input = "") {
  return {.input = std::move(input),
          .environment = {{"XDG_STATE_HOME", talk_directory().string()}},
          .directory = talk_directory().string()};
}

/// `arguments[0]` is the program's path.
inline ProgramResult run_in_talk_directory(const std::vector<std::string>& arguments, std::string input = "") {
  return run_program(arguments, in_talk_directory(std::move(input)));
}

}  // namespace ktlm::test
