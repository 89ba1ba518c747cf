#include "part_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>
#include <system_error>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "part_writer.h"
#include "start_again_error.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

enum FileIndex : size_t { kText, kDocuments, kSignatures, kLines };
constexpr std::array kFileNames = {kTextFile, kDocumentsFile, kSignaturesFile, kLinesFile};

constexpr size_t kMaxOpenParts = 100;

std::string ends_too_early(const fs::path& path) {
  return path.string() + ": ends too early (damaged?); remove the folder and prepare again";
}

struct Descriptor {
  int number;

  explicit Descriptor(const fs::path& path) : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number < 0) throw Error(path.string() + ": can't be read: " + system_error_text(errno));
  }
  ~Descriptor() { ::close(number); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

}  // namespace

struct PartReader::Part {
  fs::path directory;
  std::optional<Descriptor> signatures = std::nullopt;  // read one by one; the file stays open where parts are few

  // Other files are open only while they are read: shards may be more than a process may have open.
  void read(size_t file, uint64_t offset, void* out, size_t count) const {
    if (count == 0) return;
    const fs::path path = directory / kFileNames[file];
    std::optional<Descriptor> opened;
    if (file != kSignatures || !signatures) opened.emplace(path);
    const int descriptor = opened ? opened->number : signatures->number;
    auto* bytes = static_cast<char*>(out);
    while (count > 0) {
      const ssize_t got = ::pread(descriptor, bytes, count, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw Error(path.string() + ": can't be read: " + system_error_text(errno));
      if (got == 0) throw StartAgainError(ends_too_early(path));
      bytes += got;
      offset += static_cast<uint64_t>(got);
      count -= static_cast<size_t>(got);
    }
  }

  void require_size(size_t file, uint64_t size_bytes) const {
    const fs::path path = directory / kFileNames[file];
    std::error_code error;
    const uintmax_t found = fs::file_size(path, error);
    if (error) throw Error(path.string() + ": can't be read: " + system_error_text(error.value()));
    if (found < size_bytes) throw StartAgainError(ends_too_early(path));
  }
};

PartReader::PartReader(const std::vector<fs::path>& directories) {
  for (const fs::path& directory : directories) {
    parts_.push_back(std::make_unique<Part>());
    parts_.back()->directory = directory;
    const std::string bytes = read_file(directory / kFramesFile);
    std::vector<FrameRecord> records(bytes.size() / sizeof(FrameRecord));
    bytes.copy(reinterpret_cast<char*>(records.data()), records.size() * sizeof(FrameRecord));
    uint64_t document = 0, line = 0, text_end = 0;
    for (const FrameRecord& record : records) {
      frames_.push_back({.record = record,
                         .part = static_cast<uint32_t>(parts_.size() - 1),
                         .first_document = 0,
                         .first_document_in_part = document,
                         .first_line_in_part = line});
      document += record.num_documents;
      line += record.num_lines;
      text_end = record.text_begin + record.train_bytes + record.val_bytes;
    }
    const Part& part = *parts_.back();
    part.require_size(kText, text_end);
    part.require_size(kDocuments, document * sizeof(DocumentRecord));
    part.require_size(kSignatures, document * sizeof(Signature));
    part.require_size(kLines, line * sizeof(LineRecord));
    if (directories.size() <= kMaxOpenParts) parts_.back()->signatures.emplace(directory / kSignaturesFile);
  }
  std::ranges::sort(frames_, {}, [](const Frame& frame) { return frame.record.order; });
  uint64_t number = 0;
  for (Frame& frame : frames_) {
    frame.first_document = static_cast<DocumentNumber>(number);
    number += frame.record.num_documents;
  }
  if (number > std::numeric_limits<DocumentNumber>::max())
    throw Error(directories.front().string() + ": " + std::to_string(number) +
                " documents in all, more than 4,294,967,295; prepare them in several parts");
  num_documents_ = static_cast<DocumentNumber>(number);
}

PartReader::~PartReader() = default;

template <class T>
std::vector<T> PartReader::read(const Frame& frame, size_t file, uint64_t first, uint32_t count) const {
  std::vector<T> records(count);
  parts_[frame.part]->read(file, first * sizeof(T), records.data(), count * sizeof(T));
  return records;
}

std::vector<DocumentRecord> PartReader::documents(const Frame& frame) const {
  return read<DocumentRecord>(frame, kDocuments, frame.first_document_in_part, frame.record.num_documents);
}

std::vector<Signature> PartReader::signatures(const Frame& frame) const {
  return read<Signature>(frame, kSignatures, frame.first_document_in_part, frame.record.num_documents);
}

std::vector<LineRecord> PartReader::lines(const Frame& frame) const {
  return read<LineRecord>(frame, kLines, frame.first_line_in_part, frame.record.num_lines);
}

Signature PartReader::signature(DocumentNumber document) const {
  const Frame& frame = frame_of(document);
  return read<Signature>(frame, kSignatures, frame.first_document_in_part + (document - frame.first_document), 1)
      .front();
}

const PartReader::Frame& PartReader::frame_of(DocumentNumber document) const {
  return *(std::ranges::upper_bound(frames_, document, {}, &Frame::first_document) - 1);
}

std::string PartReader::text(const Frame& frame, bool val) const {
  const FrameRecord& record = frame.record;
  const uint64_t begin = record.text_begin + (val ? record.train_bytes : 0);
  std::string compressed(val ? record.val_bytes : record.train_bytes, '\0');
  if (compressed.empty()) return {};
  const Part& part = *parts_[frame.part];
  part.read(kText, begin, compressed.data(), compressed.size());
  const std::string damaged = (part.directory / kTextFile).string() + ": damaged; remove the folder and prepare again";
  const auto size = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) throw StartAgainError(damaged);
  std::string lines(size, '\0');
  const size_t got = ZSTD_decompress(lines.data(), lines.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got) || got != size) throw StartAgainError(damaged);
  return lines;
}

}  // namespace ktlm::corpus
