#include <CLI/CLI.hpp>

#include "bench_verb.h"
#include "device_options.h"

namespace ktlm::cli {

void declare(CLI::App& app, BenchArguments& arguments) {
  take_one_of(*app.add_option("WHAT", arguments.what, "What to measure")->required(), {"train", "prefill", "decode"});
  app.add_option("--config", arguments.config_files,
                 "Configuration file; built in are the values of configs/bench.yaml")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", arguments.overrides, "One setting on top of the files, such as bench.measured_steps=20")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  declare_device(app, arguments.device);
  take_one_of(*app.add_option(
                  "--dtype", arguments.dtype,
                  "fp32 or bf16, of the multiplications in training (train.dtype unless given); else of the weights: "
                  "bf16, int8 or int4 with ktlm's own engine (int8 unless given), fp32 or bf16 with libtorch (fp32)"),
              {"fp32", "bf16", "int8", "int4"});
  take_one_of(*app.add_option("--engine", arguments.engine,
                              "What prefill and decode compute with: own, ktlm's for the CPU, or libtorch; auto is own "
                              "on the CPU, but for fp32")
                   ->capture_default_str(),
              {"auto", "own", "libtorch"});
  declare_threads(app, arguments.threads);
  app.add_flag("--json", arguments.json, "Print one JSON object");
}

}  // namespace ktlm::cli
