#include <CLI/CLI.hpp>

#include "device_options.h"
#include "eval_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, EvalArguments& arguments) {
  app.add_option("files", arguments.files,
                 "JSONL with a \"text\" a line, plain, .gz, .bz2, .xz or .zst; - is standard input")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  app.add_option("--batch-size", arguments.batch_size, "Windows of text per step; changes memory and speed alone")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  declare_device(app, arguments.device);
  app.add_option("--dtype", arguments.dtype, "Of matrix products: fp32, bf16 or fp16; the weights stay fp32")
      ->type_name("NAME")
      ->capture_default_str();
  declare_threads(app, arguments.threads);
  app.add_flag("--json", arguments.json, "Print one JSON object: the figures of each file and of all together");
}

}  // namespace ktlm::cli
