// What the weights' formats of ktlm's own engine cost: perplexity of the same texts with each, token by token, every
// document on its own and cut at the model's context.
//
//   talking_perplexity MODEL_DIR TOKENS_OF_EACH_FILE FILE.jsonl...
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/cpu_model/cpu_model.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace {

using namespace ktlm;
using cpu_model::WeightFormat;
using Ids = std::vector<tokenizer::TokenId>;

std::vector<Ids> read_texts(const tokenizer::Tokenizer& tokenizer, int64_t tokens_of_each,
                            const std::vector<std::string>& files) {
  std::vector<Ids> texts;
  for (const std::string& file : files) {
    std::ifstream in(file);
    if (!in) throw Error(file + ": can't be read");
    int64_t tokens = 0;
    for (std::string line; tokens < tokens_of_each && std::getline(in, line);) {
      Ids ids = tokenizer.encode(json_get<std::string>(parse_json(line, file), "text", file));
      ids.insert(ids.begin(), tokenizer.bos_id());
      tokens += static_cast<int64_t>(ids.size());
      texts.push_back(std::move(ids));
    }
  }
  return texts;
}

double nats(std::span<const float> logits, tokenizer::TokenId next) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double total = 0;
  for (const float logit : logits) total += std::exp(static_cast<double>(logit) - largest);
  return std::log(total) + largest - static_cast<double>(logits[static_cast<size_t>(next)]);
}

double perplexity(const std::string& directory, WeightFormat format, const std::vector<Ids>& texts, int64_t& tokens) {
  cpu_model::CpuModel model(directory, format, 0);
  cpu_model::Cache cache(model, 1, model.config().max_seq_len);
  double total = 0;
  tokens = 0;
  for (const Ids& ids : texts) {
    cache.truncate(0, 0);
    for (size_t i = 0; i + 1 < ids.size() && cache.length(0) < cache.max_len(); ++i, ++tokens) {
      const cpu_model::TextTokens token{0, {&ids[i], 1}};
      total += nats(model.feed({&token, 1}, cache)[0], ids[i + 1]);
    }
  }
  return std::exp(total / static_cast<double>(tokens));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: talking_perplexity MODEL_DIR TOKENS_OF_EACH_FILE FILE.jsonl...\n";
    return 2;
  }
  try {
    const auto tokenizer = tokenizer::Tokenizer::load(argv[1]);
    const auto texts = read_texts(tokenizer, std::stoll(argv[2]), {argv + 3, argv + argc});
    double reference = 0;
    for (const WeightFormat format : {WeightFormat::kBf16, WeightFormat::kInt8, WeightFormat::kInt4}) {
      int64_t tokens = 0;
      const double value = perplexity(argv[1], format, texts, tokens);
      if (format == WeightFormat::kBf16) reference = value;
      std::printf("%s: perplexity %.3f (%+.2f %%) of %lld tokens\n", std::string(to_string(format)).c_str(), value,
                  100 * (value / reference - 1), static_cast<long long>(tokens));
    }
  } catch (const std::exception& error) {
    std::cerr << "talking_perplexity: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
