#include "document_reader.h"

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::corpus {

namespace {

// Enough work at a time for the threads not to meet often; small enough to keep what is under way within megabytes.
constexpr size_t kBatchBytes = size_t{1} << 19, kBatchDocuments = 1000;

// A batch's number begins with the file that it began with, so that those of all shards are in the files' order.
constexpr int kBatchBits = 32;

std::vector<int64_t> sizes_of(const std::vector<InputFile>& files) {
  std::vector<int64_t> sizes;
  for (const InputFile& file : files) sizes.push_back(file.size_bytes);
  return sizes;
}

}  // namespace

DocumentReader::DocumentReader(const std::vector<InputFile>& files, const PrepareConfig& config, size_t num_inputs,
                               Shard shard, std::function<void()> check, std::function<void(RawBatch&&)> emit)
    : files_(files),
      config_(config),
      shard_(shard),
      shares_(share_files(sizes_of(files), shard.count)),
      check_(std::move(check)),
      emit_(std::move(emit)),
      readings_(num_inputs) {}

int64_t DocumentReader::total_file_bytes(const ReadPosition& start) const {
  int64_t total = 0;
  for (size_t i = start.file; i < files_.size(); ++i) {
    if (files_[i].path == "-") return 0;
    if (reads(i)) total += files_[i].size_bytes;
  }
  return total;
}

void DocumentReader::run(const ReadPosition& start, uint64_t first_order) {
  next_order_ = first_order;
  if (!start.readings.empty()) readings_ = start.readings;
  for (file_ = start.file; file_ < files_.size(); ++file_) {
    // No batch reaches over files of other shards, or into a file whose batches all shards must cut alike.
    if (!reads(file_) || is_shared(file_)) flush({file_, 0, readings_});
    if (!reads(file_)) continue;
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
  flush({files_.size(), 0, readings_});
}

// A batch ends with a file that has filled one: whoever goes on behind the file need not read it again.
void DocumentReader::end_file() {
  const bool has_filled_one = num_of_files_before_ == 0 && batch_.size() < static_cast<size_t>(documents_of_file_);
  if (is_shared(file_) || has_filled_one) flush({file_ + 1, 0, readings_});
}

void DocumentReader::emit_files_before() {
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
  // Of the shards that all read a file, one counts it.
  if (!is_shared(file_) || shard_.number == 1) readings_[file.input] += reading;
}

void DocumentReader::add(RawDocument&& document) {
  if (batch_.empty()) batch_file_ = file_;
  batch_bytes_ += document.body.size();
  batch_.push_back(std::move(document));
  if (batch_bytes_ >= kBatchBytes || batch_.size() >= kBatchDocuments) flush({file_, documents_of_file_, readings_});
}

void DocumentReader::flush(ReadPosition end) {
  num_of_files_before_ = 0;
  if (batch_.empty()) return;
  const uint64_t first_of_file = static_cast<uint64_t>(batch_file_) << kBatchBits;
  const uint64_t order = std::max(next_order_, first_of_file);
  next_order_ = order + 1;
  RawBatch batch{.order = order, .documents = std::exchange(batch_, {}), .end = std::move(end)};
  batch_bytes_ = 0;
  // Not every file's first batch goes to the same shard.
  const uint64_t turn = order - first_of_file + batch_file_;
  const bool is_ours = turn % static_cast<uint64_t>(shard_.count) == static_cast<uint64_t>(shard_.number - 1);
  if (!is_shared(batch_file_) || is_ours) emit_(std::move(batch));
}

}  // namespace ktlm::corpus
