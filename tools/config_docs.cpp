// Prints docs/configs.md: every section and field of a configuration, from the lists that the program itself parses by.
// ctest compares the committed page with what this prints.
#include <iostream>

#include "bench_config.h"
#include "ktlm/core/config.h"
#include "ktlm/corpus/prepare.h"
#include "ktlm/generate/sampling_config.h"
#include "ktlm/model/model_config.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "ktlm/train/train_config.h"

namespace {

using namespace ktlm;

// A vertical bar would end the table's cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

template <class Section>
void print_section(const std::string& name, const std::string& purpose) {
  Section section;
  std::cout << "\n## `" << name << "`\n\n"
            << purpose << "\n\n| key | type | limits | default | meaning |\n|---|---|---|---|---|\n";
  for (const ConfigField& field : list_fields(section))
    std::cout << "| `" << field.name << "` | " << field.type << " | " << cell(field.limit) << " | `"
              << cell(field.print()) << "` | " << cell(field.help) << " |\n";
}

}  // namespace

int main() {
  std::cout
      << "# Configuration\n\n"
         "Made by `build/release/ktlm_config_docs > docs/configs.md`; do not edit by hand.\n\n"
         "A configuration is one YAML file with a section per subject. Several `--config` files layer, the later one\n"
         "winning key by key, and `--set section.key=value` wins over all. `ktlm train --print-config` shows each\n"
         "value and where it came from. An unknown key, a wrong type or an impossible value is an error with file,\n"
         "line and the nearest valid key.\n";
  print_section<model::ModelConfig>("model", "The shape of the model.");
  print_section<train::TrainConfig>("train", "How it is trained.");
  print_section<generate::SamplingConfig>("sampling", "How text is drawn, by `generate`, `chat` and at validation.");
  print_section<corpus::PrepareConfig>("prepare", "How raw text becomes documents.");
  print_section<tokenizer::TokenizerTrainConfig>("tokenizer", "How the tokenizer is trained.");
  print_section<cli::BenchConfig>("bench", "What `bench` measures; the model is that of `configs/bench.yaml`.");
}
