#include "train_tokenizer_verb.h"

#include "config_sections.h"
#include "console.h"
#include "ktlm/core/json.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"

namespace ktlm::cli {

int run_train_tokenizer(const TrainTokenizerArguments& arguments, Console& console) {
  ConfigTree tree = load_config_tree(arguments.config_files, arguments.overrides);
  if (arguments.vocab_size) tree.add_override("tokenizer.vocab_size=" + std::to_string(*arguments.vocab_size));
  const auto config = load_section<tokenizer::TokenizerTrainConfig>(tree, "tokenizer");

  const auto corpus = corpus::PreparedCorpus::open(arguments.input_dir);
  const auto analysis =
      tokenizer::train_tokenizer(corpus, arguments.out_dir, config, console.progress(), console.stop_flag());
  if (!analysis) {
    console.note("stopped; " + arguments.out_dir + " is as it was");
    return console.exit_code();
  }
  console.print(arguments.json ? to_json_line(to_json(*analysis)) : to_table(*analysis));
  console.note("wrote " + arguments.out_dir);
  return console.exit_code();
}

}  // namespace ktlm::cli
