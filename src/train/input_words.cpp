#include "input_words.h"

#include <optional>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

std::string corpus_words(const RunInputs& inputs) {
  const std::string directory = inputs.prepared_dir.string();
  if (inputs.documents == 0) return directory;
  return directory + " with " + std::to_string(inputs.documents) + " documents, " + format_bytes(inputs.text_bytes);
}

std::string pieces(int64_t count) { return std::to_string(count) + " pieces"; }

// None where they are not there or damaged: the message has a reason that matters more.
std::optional<tokenizer::Tokenizer> own_tokenizer(const fs::path& run_dir) {
  try {
    return tokenizer::Tokenizer::load(run_tokenizer_dir(run_dir));
  } catch (const Error&) {
    return {};
  }
}

std::optional<RunInputs> own_inputs(const fs::path& run_dir) {
  try {
    return load_run_inputs(run_dir);
  } catch (const Error&) {
    return {};
  }
}

int64_t num_different(const tokenizer::Tokenizer& left, const tokenizer::Tokenizer& right) {
  int64_t count = 0;
  for (int64_t id = 0; id < left.vocab_size(); ++id)
    count += left.id_of(right.piece(static_cast<tokenizer::TokenId>(id))) < 0;
  return count;
}

}  // namespace

RunInputs inputs_of(const fs::path& prepared_dir, const fs::path& tokenizer_dir, const corpus::PreparedCorpus& corpus) {
  using corpus::Split;
  return {prepared_dir, tokenizer_dir, corpus.num_documents(Split::kTrain) + corpus.num_documents(Split::kVal),
          corpus.text_bytes(Split::kTrain) + corpus.text_bytes(Split::kVal)};
}

InputWords words_of_run(const fs::path& run_dir) {
  const auto inputs = own_inputs(run_dir);
  const auto own = own_tokenizer(run_dir);
  return {inputs ? corpus_words(*inputs) : "another",
          own ? "the run's own with " + pieces(own->vocab_size()) : std::string("another")};
}

InputWords words_of_inputs(const fs::path& run_dir, const RunInputs& inputs, const tokenizer::Tokenizer& tokenizer) {
  std::string words = inputs.tokenizer_dir.string() + " with " + pieces(tokenizer.vocab_size());
  if (const auto own = own_tokenizer(run_dir); own && own->vocab_size() == tokenizer.vocab_size()) {
    const int64_t different = num_different(*own, tokenizer);
    words +=
        different > 0 ? ", " + std::to_string(different) + " of them others" : ", the same in another order or score";
  }
  return {corpus_words(inputs), words};
}

}  // namespace ktlm::train
