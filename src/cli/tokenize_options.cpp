#include "device_options.h"
#include "tokenize_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, TokenizeArguments& arguments) {
  app.add_option("FILE", arguments.inputs,
                 "UTF-8 files to read one after the other; - is standard input, also where none is given")
      ->type_name("");
  app.add_option("--model", arguments.tokenizer_dir, "Directory of a tokenizer, a model or a run")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_flag("--pieces", arguments.format.pieces, "Pieces with a tab between them instead of ids");
  auto* decode =
      app.add_flag("--decode", arguments.format.decode, "Read lines of ids (or --pieces) and print the text");
  app.add_flag("--whole", arguments.format.whole,
               "A file is one document, newlines and all, and one line of ids; with --decode print exactly its text");
  auto* count = app.add_flag("--count", arguments.count, "Print the number of tokens, bytes, characters and lines")
                    ->excludes(decode);
  app.add_flag("--json", arguments.json, "Print the counts as one JSON object")->needs(count);
  declare_threads(app, arguments.threads);
  app.footer("Each line of text gives one line of ids, in the same order.");
}

}  // namespace ktlm::cli
