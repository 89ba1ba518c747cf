#include <CLI/CLI.hpp>

#include "export_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, ExportArguments& arguments) {
  app.add_option("--model", arguments.model_dir, "Model directory; runs/<newest>/model unless given")->type_name("DIR");
  auto* gguf =
      app.add_option(
             "--gguf", arguments.gguf,
             "A GGUF file for llama.cpp, Ollama and others, with weights in f32, f16, q8_0 (unless said) or q4_0")
          ->type_name("WEIGHTS")
          ->expected(0, 1)
          ->default_str("q8_0");
  app.add_option("--onnx", arguments.onnx,
                 "A directory for onnxruntime, optimum and transformers.js, in fp32 (unless said), fp16 or fp32,fp16")
      ->type_name("NUMBERS")
      ->expected(0, 1)
      ->default_str("fp32")
      ->excludes(gguf);
  app.add_option("--out", arguments.out, "File or directory to write; beside the model directory unless given")
      ->type_name("PATH");
  app.add_option("--system", arguments.system, "With --gguf: system message for Ollama to put before each dialogue")
      ->type_name("TEXT")
      ->needs(gguf);
}

}  // namespace ktlm::cli
