#include "field_options.h"
#include "generate_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, GenerateArguments& arguments) {
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  app.add_option("--prompt", arguments.prompts, "Text to continue; several make a batch")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  app.add_option("--prompt-file", arguments.prompt_files,
                 "File with one prompt; - is standard input, which is also read where no prompt is given")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--stop", arguments.stop_strings, "End the text before this string; may be given several times")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  declare_fields(app, arguments.sampling);
  app.add_option("--device", arguments.device, "auto, cpu, cuda or mps")->type_name("NAME")->capture_default_str();
  app.add_option("--decode-device", arguments.decode_device,
                 "Where tokens are made one by one: cpu, cuda or mps; auto measures once where that is faster, on "
                 "--device or the CPU")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--dtype", arguments.dtype, "Of the weights: fp32, bf16 or fp16")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "Threads on the CPU; 0: all cores")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "Print one JSON object: prompts, texts, reasons to end, tokens per second");
}

}  // namespace ktlm::cli
