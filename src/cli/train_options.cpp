#include <CLI/CLI.hpp>

#include "device_options.h"
#include "field_options.h"
#include "ktlm/train/train_config.h"
#include "train_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, TrainArguments& arguments) {
  app.footer("Started by torchrun, srun or mpirun it trains one model together with the other processes.");
  app.add_option("--config", arguments.config_files, "Configuration file; several layer, the last one wins")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", arguments.overrides, "One setting on top of the files, such as train.learning_rate=3e-4")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--data", arguments.data_dir, "Prepared directory; with --resume the run's own unless given")
      ->type_name("DIR")
      ->default_str(kUsualDataDir);
  app.add_option("--tokenizer", arguments.tokenizer_dir,
                 "Tokenizer directory; with --resume the run's own, with --init-from the model's, unless given")
      ->type_name("DIR")
      ->default_str(kUsualTokenizerDir);
  app.add_option("--init-from", arguments.init_from,
                 "Model directory, or run with a model, to go on from with other data, such as dialogues: short for "
                 "--set train.init_from=...")
      ->type_name("DIR");
  app.add_option("--out", arguments.run_dir, "Run directory; runs/<configuration's name> unless given")
      ->type_name("DIR");
  app.add_flag("--resume", arguments.resume,
               "Go on from the run's newest checkpoint; without --config with the run's own configuration");
  declare_device(app, arguments.device);
  app.add_option("--dtype", arguments.dtype, "auto, fp32 or bf16: short for --set train.dtype=...")
      ->type_name("NAME")
      ->transform(setting_value<train::TrainConfig>("dtype"));
  app.add_option("--threads", arguments.threads, "Threads on the CPU: short for --set train.threads=...")
      ->type_name("N")
      ->transform(setting_value<train::TrainConfig>("threads"));
  app.add_flag("--print-config", arguments.print_config, "Print each setting and where it came from, and leave");
  app.add_flag("--json", arguments.json, "Print one JSON object at the end");
  app.add_option("--report", arguments.report_runs,
                 "Train nothing: write report.html of these run directories, into the run, or of several beside the "
                 "first; or into --out")
      ->type_name("RUN");
}

}  // namespace ktlm::cli
