#include <CLI/CLI.hpp>

#include "tokenize_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, TokenizeArguments& arguments) {
  app.add_option("--model", arguments.tokenizer_dir, "Tokenizer or model directory")
      ->type_name("DIR")
      ->capture_default_str();
  auto* pieces = app.add_flag("--pieces", arguments.pieces, "Print pieces instead of ids, with a tab between them");
  app.add_flag("--decode", arguments.decode, "Read lines of ids and print the text")->excludes(pieces);
  app.footer("Reads lines from standard input and prints one line for each.");
}

}  // namespace ktlm::cli
