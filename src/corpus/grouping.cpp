#include "grouping.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::corpus {

namespace {

using Entry = Grouping::Entry;

constexpr uint64_t kMinCapacity = 1024;
constexpr size_t kMinBlock = 64, kMaxBlock = 4096;  // pairs: one to 64 kB a write

void visit_groups(std::vector<Entry>& entries, const Grouping::Visit& visit) {
  const auto order = [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : a.document < b.document;
  };
  const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key && a.document == b.document; };
  std::sort(entries.begin(), entries.end(), order);
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  for (size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    while (end < entries.size() && entries[end].key == entries[begin].key) ++end;
    if (end - begin > 1) visit(entries[begin].key, std::span(entries).subspan(begin, end - begin));
  }
}

}  // namespace

Grouping::Grouping(uint64_t max_entries, int64_t memory_bytes, std::filesystem::path scratch)
    : path_(std::move(scratch) / "keys.tmp") {
  const uint64_t capacity = std::max(static_cast<uint64_t>(memory_bytes) / sizeof(Entry), kMinCapacity);
  // Hashes fall evenly, give or take: a tenth of room.
  const auto num_ranges = static_cast<size_t>(max_entries / (capacity - capacity / 10) + 1);
  ranges_.resize(num_ranges);
  if (num_ranges == 1) {
    ranges_[0].waiting.reserve(static_cast<size_t>(max_entries));
    return;
  }
  block_entries_ = std::clamp(static_cast<size_t>(capacity) / num_ranges, kMinBlock, kMaxBlock);
}

Grouping::~Grouping() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Grouping::add(uint64_t key, DocumentNumber document) {
  // The upper half of a key names its range, so that ranges follow each other as keys do.
  Range& range = ranges_[static_cast<size_t>(((key >> 32) * ranges_.size()) >> 32)];
  range.waiting.push_back({key, document});
  if (block_entries_ > 0 && range.waiting.size() >= block_entries_) write(range);
}

void Grouping::for_each_group(const Visit& visit) {
  std::vector<Entry> entries;
  for (Range& range : ranges_) {
    if (range.written.empty()) {
      entries = std::exchange(range.waiting, {});
    } else {
      read(range, entries);
      entries.insert(entries.end(), range.waiting.begin(), range.waiting.end());
      range = {};
    }
    visit_groups(entries, visit);
  }
}

void Grouping::write(Range& range) {
  const auto fail = [this] {
    throw Error(path_.string() + ": can't be written: " + system_error_text(errno) +
                "; free some space or choose another place");
  };
  if (descriptor_ < 0) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor_ < 0) fail();
    ::unlink(path_.c_str());  // the space is free again whatever ends the program
  }
  const auto* bytes = reinterpret_cast<const char*>(range.waiting.data());
  size_t rest = range.waiting.size() * sizeof(Entry);
  range.written.push_back({size_bytes_, range.waiting.size()});
  while (rest > 0) {
    const ssize_t put = ::pwrite(descriptor_, bytes, rest, static_cast<off_t>(size_bytes_));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) fail();
    bytes += put;
    rest -= static_cast<size_t>(put);
    size_bytes_ += static_cast<uint64_t>(put);
  }
  range.waiting.clear();
}

void Grouping::read(const Range& range, std::vector<Entry>& entries) const {
  size_t num_entries = 0;
  for (const Block& block : range.written) num_entries += block.num_entries;
  entries.reserve(num_entries + range.waiting.size());
  entries.resize(num_entries);
  auto* bytes = reinterpret_cast<char*>(entries.data());
  for (const Block& block : range.written) {
    uint64_t offset = block.offset;
    for (size_t rest = block.num_entries * sizeof(Entry); rest > 0;) {
      const ssize_t got = ::pread(descriptor_, bytes, rest, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw Error(path_.string() + ": can't be read back: " + system_error_text(errno));
      bytes += got;
      offset += static_cast<uint64_t>(got);
      rest -= static_cast<size_t>(got);
    }
  }
}

}  // namespace ktlm::corpus
