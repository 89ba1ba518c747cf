#include "device_options.h"
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
  declare_fields(app, arguments.beam);
  declare_talking_device(app, arguments.device);
  declare_decode_device(app, arguments.decode_device);
  declare_talking_dtype(app, arguments.dtype);
  declare_threads(app, arguments.threads, "all cores, at most eight with ktlm's own engine");
  app.add_flag("--json", arguments.json, "Print one JSON object: prompts, texts, reasons to end, tokens per second");
}

}  // namespace ktlm::cli
