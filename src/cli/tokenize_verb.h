// ktlm tokenize: text in, token ids out; or the other way round; or their number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/tokenizer/token_stream.h"

namespace CLI {
class App;
}

namespace ktlm::cli {

class Console;

struct TokenizeArguments {
  std::vector<std::string> inputs;  // none: standard input
  std::string tokenizer_dir = "data/tokenizer";
  tokenizer::StreamFormat format;
  bool count = false, json = false;
  int64_t threads = 0;
};

void declare(CLI::App& app, TokenizeArguments& arguments);

int run_tokenize(const TokenizeArguments& arguments, Console& console);

}  // namespace ktlm::cli
