// ktlm tokenize: lines of text in, lines of token ids out; or the other way round.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct TokenizeArguments {
  std::string tokenizer_dir = "data/tokenizer";
  bool pieces = false, decode = false;
};

void declare(CLI::App& app, TokenizeArguments& arguments);

int run_tokenize(const TokenizeArguments& arguments, Console& console);

}  // namespace ktlm::cli
