#include "document_reader.h"

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::corpus {

namespace {

// Enough work at a time for the threads not to meet often; small enough to keep what is under way within megabytes.
constexpr size_t kBatchBytes = size_t{1} << 19, kBatchDocuments = 1000;

// Batches of a shard that is a range of files follow those of all shards before it.
constexpr int kShardBits = 40;

}  // namespace

DocumentReader::DocumentReader(const std::vector<InputFile>& files, const PrepareConfig& config, size_t num_inputs,
                               Shard shard, std::function<void()> check, std::function<void(RawBatch&&)> emit)
    : files_(files),
      config_(config),
      shard_(shard),
      deals_batches_(files.size() < static_cast<size_t>(shard.count)),
      check_(std::move(check)),
      emit_(std::move(emit)),
      readings_(num_inputs) {
  const auto index = static_cast<size_t>(shard.number - 1), count = static_cast<size_t>(shard.count);
  begin_ = deals_batches_ ? 0 : files.size() * index / count;
  end_ = deals_batches_ ? files.size() : files.size() * (index + 1) / count;
}

int64_t DocumentReader::total_file_bytes(const ReadPosition& start) const {
  int64_t total = 0;
  for (size_t i = std::max(begin_, start.file); i < end_; ++i) {
    if (files_[i].path == "-") return 0;
    total += files_[i].size_bytes;
  }
  return total;
}

void DocumentReader::run(const ReadPosition& start, uint64_t first_order) {
  next_order_ = first_order;
  if (!deals_batches_ && first_order == 0) next_order_ = static_cast<uint64_t>(shard_.number - 1) << kShardBits;
  if (!start.readings.empty()) readings_ = start.readings;
  for (file_ = std::max(begin_, start.file); file_ < end_; ++file_) {
    documents_of_file_ = 0;
    num_of_files_before_ = batch_.size();
    try {
      read_file(file_, file_ == start.file ? start.documents : 0);
    } catch (const Error&) {
      emit_files_before();
      throw;
    }
    end_file();
  }
  flush({end_, 0, readings_});
}

// A batch ends with a file that has filled one: whoever goes on behind the file need not read it again.
void DocumentReader::end_file() {
  if (num_of_files_before_ > 0 || batch_.size() == static_cast<size_t>(documents_of_file_)) return;
  flush({file_ + 1, 0, readings_});
}

// Where batches are dealt out, all shards must cut them alike, whatever one of them meets.
void DocumentReader::emit_files_before() {
  if (deals_batches_) return;
  batch_.erase(batch_.begin() + static_cast<std::ptrdiff_t>(num_of_files_before_), batch_.end());
  flush({file_, 0, readings_});
}

void DocumentReader::read_file(size_t index, int64_t documents_to_skip) {
  const InputFile& file = files_[index];
  const ReadHooks hooks{check_, &file_bytes_, static_cast<size_t>(config_.threads)};
  InputReading reading;
  int64_t bytes_of_documents = 0;
  try {
    reading = read_input_file(file, config_, hooks, [&](RawDocument&& document) {
      bytes_of_documents += static_cast<int64_t>(document.body.size());
      if (documents_of_file_++ < documents_to_skip) return;
      document.input = file.input;
      if (document.source.empty()) document.source = file.name;
      add(std::move(document));
    });
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    if (!config_.skip_damaged) throw;
    reading.bytes = bytes_of_documents;
    reading.add_damaged(error.what(), documents_of_file_);
  }
  // Where every shard reads every file, one of them counts it.
  if (!deals_batches_ || shard_.number == 1) readings_[file.input] += reading;
}

void DocumentReader::add(RawDocument&& document) {
  batch_bytes_ += document.body.size();
  batch_.push_back(std::move(document));
  if (batch_bytes_ >= kBatchBytes || batch_.size() >= kBatchDocuments) flush({file_, documents_of_file_, readings_});
}

void DocumentReader::flush(ReadPosition end) {
  num_of_files_before_ = 0;
  if (batch_.empty()) return;
  RawBatch batch{.order = next_order_++, .documents = std::exchange(batch_, {}), .end = std::move(end)};
  batch_bytes_ = 0;
  const auto count = static_cast<uint64_t>(shard_.count);
  if (!deals_batches_ || batch.order % count == static_cast<uint64_t>(shard_.number - 1)) emit_(std::move(batch));
}

}  // namespace ktlm::corpus
