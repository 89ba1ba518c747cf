#include "chat_verb.h"
#include "device_options.h"
#include "field_options.h"

namespace ktlm::cli {

void declare(CLI::App& app, ChatArguments& arguments) {
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  app.add_option("--system", arguments.system, "System message, which stands before the dialogue")->type_name("TEXT");
  app.add_option_function<std::vector<std::string>>(
         "--resume",
         [&arguments](const std::vector<std::string>& files) { arguments.resume = files.empty() ? "" : files.front(); },
         "Go on with a dialogue that /save wrote; without FILE with the last one")
      ->type_name("FILE")
      ->expected(0, 1);
  app.add_flag("--no-history", arguments.no_history, "Keep neither what is typed nor the dialogue");
  declare_fields(app, arguments.sampling);
  declare_talking_device(app, arguments.device);
  declare_decode_device(app, arguments.decode_device);
  declare_talking_dtype(app, arguments.dtype);
  declare_threads(app, arguments.threads, "all cores, at most eight with ktlm's own engine");
}

}  // namespace ktlm::cli
