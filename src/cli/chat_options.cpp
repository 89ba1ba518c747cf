#include "chat_verb.h"
#include "field_options.h"

namespace ktlm::cli {

void declare(CLI::App& app, ChatArguments& arguments) {
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  app.add_option("--system", arguments.system, "System message, which stands before the dialogue")->type_name("TEXT");
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
}

}  // namespace ktlm::cli
