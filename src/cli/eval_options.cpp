#include <CLI/CLI.hpp>

#include "device_options.h"
#include "eval_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, EvalArguments& arguments) {
  app.add_option(
         "FILE", arguments.files,
         "JSONL, with a \"text\" or a dialogue a line or, with --task, a question; plain, .gz, .bz2, .xz or .zst; - is "
         "standard input; data/prepared/val.jsonl.zst unless given")
      ->type_name("");
  app.add_option("--model", arguments.model_dirs,
                 "Model directory; runs/<newest>/model unless given. Of several, each is held against the first")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("--task", arguments.task,
                 "The files hold questions with choices: kobest_boolq, kobest_copa, kobest_hellaswag, kobest_sentineg, "
                 "kobest_wic, asked as lm-evaluation-harness asks them; kobest: each line names its own in \"task\"")
      ->type_name("NAME");
  app.add_flag("--answers", arguments.answers,
               "Of dialogues what the assistant says alone, in the model's chat template, behind all before it");
  app.add_option("--by", arguments.by,
                 "A key of the lines: figures for each of its values as well; \"source\" where a file has several")
      ->type_name("KEY")
      ->allow_extra_args(false);
  app.add_option("--max-documents", arguments.max_documents, "The first N lines of each file alone; 0: all")
      ->type_name("N")
      ->check(whole_number(0, INT64_MAX))
      ->capture_default_str();
  app.add_option("--batch-size", arguments.batch_size, "Texts side by side; changes memory and speed alone")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  take_one_of(*app.add_option("--engine", arguments.engine,
                              "own, ktlm's for the CPU, or libtorch; auto is libtorch, but for int8 and int4")
                   ->capture_default_str(),
              {"auto", "own", "libtorch"});
  declare_device(app, arguments.device);
  take_one_of(*app.add_option("--dtype", arguments.dtype,
                              "With libtorch of the matrix products: fp32 (auto), bf16 or fp16; the weights stay fp32. "
                              "With ktlm's own engine of the weights: int8 (auto), int4 or bf16")
                   ->capture_default_str(),
              {"auto", "fp32", "bf16", "fp16", "int8", "int4"});
  declare_threads(app, arguments.threads);
  app.add_flag("--json", arguments.json, "Print one JSON object with all figures");
}

}  // namespace ktlm::cli
