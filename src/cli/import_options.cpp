#include <CLI/CLI.hpp>

#include "import_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, ImportArguments& arguments) {
  app.add_option("FILE", arguments.file,
                 "GGUF file of the architecture llama or qwen3, in F32, F16, BF16, Q8_0, Q6_K, Q4_K or Q4_0")
      ->required()
      ->type_name("");
  app.add_option("--out", arguments.out_dir, "Model directory to write; the file's name without .gguf unless given")
      ->type_name("DIR");
}

}  // namespace ktlm::cli
