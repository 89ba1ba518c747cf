#include "export_verb.h"

#include <filesystem>

#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/text_format.h"
#include "ktlm/export/gguf_export.h"
#include "ktlm/export/modelfile.h"
#include "ktlm/export/onnx.h"
#include "ktlm/generate/find_model.h"

namespace ktlm::cli {

namespace {

namespace fs = std::filesystem;

// What a person calls the model: a run's name, for its model stands in runs/NAME/model.
std::string name_of(const fs::path& directory) {
  fs::path path = fs::absolute(directory).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  return (path.filename() == "model" ? path.parent_path() : path).filename().string();
}

// runs/small/model gives runs/small/small-q8_0.gguf, models/llama gives models/llama-q8_0.gguf, and "." a file in "..".
fs::path default_place(const fs::path& directory, const std::string& ending) {
  return (directory / ".." / (name_of(directory) + ending)).lexically_normal();
}

fs::path chosen_model(const ExportArguments& arguments) {
  return arguments.model_dir.empty() ? generate::find_newest_model("runs") : generate::find_model(arguments.model_dir);
}

// One that a person wrote stays.
void refuse_other_modelfile(const fs::path& modelfile, const std::string& beginning) {
  std::error_code unreadable;  // then writing tells
  if (fs::exists(modelfile, unreadable) && !read_file(modelfile).starts_with(beginning))
    throw Error(modelfile.string() +
                ": is there already and is none that ktlm wrote for this file; rename it or choose another --out");
}

int export_to_gguf(const ExportArguments& arguments, Console& console) {
  formats::check_modelfile_text(arguments.system, "--system");
  const formats::GgufWeights weights = formats::parse_gguf_weights(arguments.gguf);
  const fs::path directory = chosen_model(arguments);
  const std::string ending = std::string("-") + formats::to_string(weights) + ".gguf";
  const fs::path file = arguments.out.empty() ? default_place(directory, ending) : fs::path(arguments.out);
  if (file.extension() == ".Modelfile")
    throw ConfigError("--out " + file.string() + ": the Modelfile beside the GGUF file would have this name; choose " +
                      "another ending, such as .gguf");
  std::error_code unreadable;  // then writing tells
  if (fs::is_directory(file, unreadable))
    throw ConfigError("--out " + file.string() + ": is a directory; name a file, such as " +
                      (file / (name_of(directory) + ending)).string());
  const fs::path modelfile = fs::path(file).replace_extension(".Modelfile");
  refuse_other_modelfile(modelfile, formats::modelfile_beginning(file.filename().string()));
  const auto written = formats::export_gguf(directory, file, weights, name_of(directory), console.stop_flag());
  if (!written) return console.exit_code();
  for (const std::string& note : written->notes) console.note(note);
  console.note(std::to_string(written->num_tensors) + " tensors, " +
               format_bytes(static_cast<int64_t>(written->size_bytes)));
  write_file_atomically(modelfile, formats::modelfile({.gguf = file.filename().string(),
                                                       .has_chat_markers = written->has_chat_markers,
                                                       .context_tokens = written->context_tokens,
                                                       .system = arguments.system}));
  console.note("for Ollama: ollama create " + name_of(directory) + " -f " + modelfile.string());
  console.print(file.string() + "\n" + modelfile.string());
  return console.exit_code();
}

int export_to_onnx(const ExportArguments& arguments, Console& console) {
  const auto numbers = formats::parse_onnx_numbers(arguments.onnx);
  const fs::path model = chosen_model(arguments);
  const fs::path directory = arguments.out.empty() ? default_place(model, "-onnx") : fs::path(arguments.out);
  const auto files = formats::export_onnx(model, directory, numbers, console.stop_flag());
  if (!files) return console.exit_code();
  for (const auto& file : *files)
    console.note(file.path.filename().string() + ", " + format_bytes(static_cast<int64_t>(file.size_bytes)));
  console.print(directory.string());
  return console.exit_code();
}

}  // namespace

int run_export(const ExportArguments& arguments, Console& console) {
  if (!arguments.gguf.empty()) return export_to_gguf(arguments, console);
  if (!arguments.onnx.empty()) return export_to_onnx(arguments, console);
  throw ConfigError("name a format: --gguf or --onnx");
}

}  // namespace ktlm::cli
