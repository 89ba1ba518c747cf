// The producer of prepare's pipeline: reads file after file and hands on batches of raw documents, all of them or the
// share of one machine, from the start or from where an earlier run was stopped.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "file_shares.h"
#include "input_files.h"
#include "input_reader.h"
#include "ktlm/corpus/prepare.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// How far the inputs have been read.
struct ReadPosition {
  size_t file = 0;                     // the files before it are read whole,
  int64_t documents = 0;               // and so many documents of it
  std::vector<InputReading> readings;  // of the files read whole, by input
};

struct RawBatch {
  uint64_t order = 0;  // among all batches of all shards
  std::vector<RawDocument> documents;
  ReadPosition end;
};

class DocumentReader {
 public:
  /// `check` is called before each read and while a pipe is silent; it throws to end the work. `emit` gets the batches.
  /// `files` and `config` must outlive the reader.
  DocumentReader(const std::vector<InputFile>& files, const PrepareConfig& config, size_t num_inputs, Shard shard,
                 std::function<void()> check, std::function<void(RawBatch&&)> emit);

  /// The sizes of the files that run() would read behind `start`; 0 where one of them is a pipe.
  int64_t total_file_bytes(const ReadPosition& start) const;

  /// Reads everything behind `start`, whose last batch had the number `first_order` - 1. Where a file can't be read to
  /// its end, the batches of those before it are all emitted before its Error comes out.
  void run(const ReadPosition& start, uint64_t first_order);

  /// The file that run() is reading, or where it has thrown.
  size_t file() const { return file_; }
  /// Bytes taken from the files themselves so far; may be asked from another thread.
  int64_t file_bytes() const { return file_bytes_; }
  /// By input; complete when run() has returned.
  const std::vector<InputReading>& readings() const { return readings_; }

 private:
  bool reads(size_t file) const { return is_shared(file) || shares_[file] == shard_.number; }
  bool is_shared(size_t file) const { return shares_[file] == kEveryShard; }
  void read_file(size_t index, int64_t documents_to_skip);
  void end_file();
  void emit_files_before();
  void add(RawDocument&& document);
  void flush(ReadPosition end);

  const std::vector<InputFile>& files_;
  const PrepareConfig& config_;
  Shard shard_;
  std::vector<int64_t> shares_;  // who reads which of files_; of a file that all read, a shard takes its batches
  std::function<void()> check_;
  std::function<void(RawBatch&&)> emit_;
  std::atomic<int64_t> file_bytes_{0};
  std::vector<InputReading> readings_;
  size_t file_ = 0;                // being read,
  int64_t documents_of_file_ = 0;  // and how many documents it has given
  uint64_t next_order_ = 0;
  size_t batch_file_ = 0;  // that batch_ began with
  std::vector<RawDocument> batch_;
  size_t num_of_files_before_ = 0;  // documents of batch_ that belong to files before file_
  size_t batch_bytes_ = 0;
};

}  // namespace ktlm::corpus
