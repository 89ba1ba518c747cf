#include "tokenize_verb.h"

#include <charconv>
#include <string_view>
#include <vector>

#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::cli {

namespace {

using tokenizer::TokenId;
using tokenizer::Tokenizer;

std::vector<TokenId> parse_ids(std::string_view line, int64_t line_number) {
  std::vector<TokenId> ids;
  for (size_t begin = 0; (begin = line.find_first_not_of(" \t\r", begin)) != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
    TokenId id = 0;
    const auto [stop, error] = std::from_chars(line.data() + begin, line.data() + end, id);
    if (error != std::errc() || stop != line.data() + end)
      throw Error("standard input:" + std::to_string(line_number) + ": \"" +
                  std::string(line.substr(begin, end - begin)) + "\" is no token id; --decode reads ids");
    ids.push_back(id);
    begin = end;
  }
  return ids;
}

std::string join(const std::vector<TokenId>& ids, const Tokenizer& tokenizer, bool pieces) {
  std::string text;
  for (const TokenId id : ids) {
    if (!text.empty()) text += pieces ? '\t' : ' ';
    text += pieces ? tokenizer.piece(id) : std::to_string(id);
  }
  return text;
}

}  // namespace

int run_tokenize(const TokenizeArguments& arguments, Console& console) {
  const Tokenizer tokenizer = Tokenizer::load(arguments.tokenizer_dir);
  std::string line;
  for (int64_t line_number = 1; console.read_line(line); ++line_number) {
    console.print(arguments.decode ? tokenizer.decode(parse_ids(line, line_number))
                                   : join(tokenizer.encode(line), tokenizer, arguments.pieces));
  }
  return console.exit_code();
}

}  // namespace ktlm::cli
