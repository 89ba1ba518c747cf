// Documents to token files: one thread reads, batches of documents are encoded side by side, and their results are
// written in the order in which the documents were read.
#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/machine.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/data/token_writer.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::data {

namespace fs = std::filesystem;

namespace {

constexpr size_t kBatchTextBytes = size_t{1} << 19;  // some 30 ms of encoding: a thread's start is nothing beside it

struct EncodedDocument {
  std::vector<tokenizer::TokenId> ids;
  int64_t text_bytes = 0;
};

std::vector<tokenizer::TokenId> document_ids(const corpus::Document& document, const tokenizer::Tokenizer& tokenizer) {
  std::vector<tokenizer::TokenId> ids;
  if (document.messages.empty()) {
    ids = tokenizer.encode(document.text);
    if (tokenizer.begin_id() >= 0) ids.insert(ids.begin(), tokenizer.begin_id());
  } else {
    ids = tokenizer::encode_chat(tokenizer, document.messages, false);
  }
  if (tokenizer.eos_id() < 0)
    throw Error(tokenizer.directory().string() + ": the tokenizer has no token that ends a text (eos_token), which " +
                "training needs; name one of its pieces in tokenizer_config.json");
  ids.push_back(tokenizer.eos_id());
  return ids;
}

std::vector<EncodedDocument> encode(const std::vector<corpus::Document>& documents,
                                    const tokenizer::Tokenizer& tokenizer) {
  std::vector<EncodedDocument> encoded;
  encoded.reserve(documents.size());
  for (const auto& document : documents) {
    EncodedDocument result{document_ids(document, tokenizer)};
    for (const auto id : result.ids) result.text_bytes += static_cast<int64_t>(tokenizer.token_bytes(id).size());
    encoded.push_back(std::move(result));
  }
  return encoded;
}

// At most a batch per thread is under way beside the one being read, so that memory stays constant. One thread is the
// one that reads: who asks for one wants no more than one core busy.
class OrderedEncoder {
 public:
  OrderedEncoder(const tokenizer::Tokenizer& tokenizer, int64_t num_threads, TokenWriter& writer)
      : tokenizer_(tokenizer),
        max_under_way_(static_cast<size_t>(num_threads)),
        launch_(num_threads == 1 ? std::launch::deferred : std::launch::async),
        writer_(writer) {}

  void add(corpus::Document&& document) {
    batch_bytes_ += document.text.size();
    batch_.push_back(std::move(document));
    if (batch_bytes_ >= kBatchTextBytes) start_batch();
  }
  void finish() {
    start_batch();
    while (!under_way_.empty()) write_oldest();
  }

 private:
  void start_batch() {
    if (under_way_.size() == max_under_way_) write_oldest();
    under_way_.push_back(
        std::async(launch_, [this, documents = std::move(batch_)] { return encode(documents, tokenizer_); }));
    batch_.clear();
    batch_bytes_ = 0;
  }
  void write_oldest() {
    const auto documents = under_way_.front().get();
    under_way_.pop_front();
    for (const auto& document : documents) writer_.add_document(document.ids, document.text_bytes);
  }

  const tokenizer::Tokenizer& tokenizer_;
  size_t max_under_way_;
  std::launch launch_;
  TokenWriter& writer_;
  std::vector<corpus::Document> batch_;
  size_t batch_bytes_ = 0;
  std::deque<std::future<std::vector<EncodedDocument>>> under_way_;  // their destructors wait
};

const char* split_name(corpus::Split split) { return split == corpus::Split::kTrain ? "train" : "val"; }

// Null where the file is missing, damaged or holds another corpus: reason enough to build it.
std::optional<TokenDataset> try_open(const fs::path& path, const std::string& tokenizer_hash,
                                     const std::string& corpus_hash) {
  try {
    auto dataset = TokenDataset::open(path);
    if (dataset.tokenizer_hash() == tokenizer_hash && dataset.corpus_hash() == corpus_hash) return dataset;
  } catch (const Error&) {
    // What can't be read is rebuilt; what can't be rebuilt throws there.
  }
  return std::nullopt;
}

TokenDataset open_or_build(const corpus::PreparedCorpus& corpus, corpus::Split split,
                           const tokenizer::Tokenizer& tokenizer, int64_t num_threads, const ProgressCallback& progress,
                           const StopFlag& stop) {
  const fs::path path = corpus.directory() / "tokens" / tokenizer.hash() / (std::string(split_name(split)) + ".tokens");
  if (auto dataset = try_open(path, tokenizer.hash(), corpus.content_hash())) return std::move(*dataset);
  build_token_dataset(path, corpus, split, tokenizer, num_threads, progress, stop);
  return TokenDataset::open(path);
}

}  // namespace

void build_token_dataset(const fs::path& path, const corpus::PreparedCorpus& corpus, corpus::Split split,
                         const tokenizer::Tokenizer& tokenizer, int64_t num_threads, const ProgressCallback& progress,
                         const StopFlag& stop) {
  TokenWriter writer(path, {tokenizer.vocab_size(), tokenizer.hash(), corpus.content_hash()});
  OrderedEncoder encoder(tokenizer, num_threads, writer);
  Progress report{std::string("tokenizing ") + split_name(split), 0, corpus.text_bytes(split), "bytes", ""};
  corpus.for_each_document(split, [&](corpus::Document&& document) {
    report.done += static_cast<int64_t>(document.text.size());
    encoder.add(std::move(document));
    if (progress) progress(report);
    return !stop.requested();
  });
  if (stop.requested()) throw Error(path.string() + ": stopped before it was built; nothing was written");
  encoder.finish();
  writer.commit();
}

TokenDatasets open_or_build_token_datasets(const corpus::PreparedCorpus& corpus, const tokenizer::Tokenizer& tokenizer,
                                           int64_t num_threads, const ProgressCallback& progress,
                                           const StopFlag& stop) {
  if (corpus.num_documents(corpus::Split::kTrain) == 0)
    throw Error(corpus.directory().string() + ": holds no document to train on; run ktlm prepare on more text");
  const int64_t threads = num_threads > 0 ? num_threads : num_usable_cores();
  TokenDataset train = open_or_build(corpus, corpus::Split::kTrain, tokenizer, threads, progress, stop);
  TokenDataset val = open_or_build(corpus, corpus::Split::kVal, tokenizer, threads, progress, stop);
  return {std::move(train), std::move(val)};
}

}  // namespace ktlm::data
