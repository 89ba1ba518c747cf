#include "field_options.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "train_tokenizer_verb.h"

namespace ktlm::cli {

void declare(CLI::App& app, TrainTokenizerArguments& arguments) {
  app.add_option("--input", arguments.input_dir, "Prepared directory")->type_name("DIR")->capture_default_str();
  app.add_option("--out", arguments.out_dir, "Tokenizer directory to write")->type_name("DIR")->capture_default_str();
  app.add_option(
         "--vocab-size", arguments.vocab_sizes,
         "Number of pieces, 16000 unless given: short for --set tokenizer.vocab_size=...; several, with commas, "
         "go to OUT-N each")
      ->type_name("N,...")
      ->transform(setting_value<tokenizer::TokenizerTrainConfig>("vocab_size"))
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--recommend", arguments.recommend,
               "Of several sizes (8000, 16000, 32000, 64000 unless given) say which suits the model of --config, and "
               "write it to OUT as well: the one with the least training per byte of text, of those within 1 % the "
               "largest, but none of which more than a tenth of the pieces are rare in the text");
  app.add_option("--config", arguments.config_files,
                 "Configuration file with a section tokenizer, or model; several layer")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option("--set", arguments.overrides,
                 "One setting on top of the files, such as tokenizer.character_coverage=0.999")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--json", arguments.json, "Print the analysis as one JSON object");
}

}  // namespace ktlm::cli
