#include "import_verb.h"

#include <filesystem>

#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/export/gguf_import.h"

namespace ktlm::cli {

int run_import(const ImportArguments& arguments, Console& console) {
  const std::filesystem::path file = arguments.file;
  // A name such as Llama-3.2 has no ending, though it has a dot.
  if (arguments.out_dir.empty() && file.extension() != ".gguf")
    throw ConfigError(arguments.file + ": has no ending .gguf to leave out; name the directory to write with --out");
  const std::filesystem::path directory = arguments.out_dir.empty() ? std::filesystem::path(file).replace_extension()
                                                                    : std::filesystem::path(arguments.out_dir);
  const auto read = formats::import_gguf(file, directory, console.stop_flag());
  if (!read) return console.exit_code();
  console.note("a " + read->architecture + " model of " + std::to_string(read->num_tensors) + " tensors");
  console.print(directory.string());
  return console.exit_code();
}

}  // namespace ktlm::cli
