#include "duplicates.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "ktlm/core/hash.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

struct Entry {
  uint64_t key;
  DocumentNumber document;
};
using AddEntry = std::function<void(uint64_t key, DocumentNumber document)>;

// Gives `visit` the documents (rising, each once) of every key that at least two have, keys rising. `scan` names every
// key of every document of a frame. As many keys as memory holds are taken at a time, by their range; each time, all
// frames are scanned. Only the documents of one single key can need more.
void for_each_group(const PartReader& parts, uint64_t num_entries, int64_t memory_bytes,
                    const std::function<void(const PartReader::Frame&, const AddEntry&)>& scan,
                    const std::function<void(uint64_t key, std::span<const Entry>)>& visit) {
  const uint64_t capacity = std::max<uint64_t>(static_cast<uint64_t>(memory_bytes) / sizeof(Entry), 1024);
  // Hashes fall evenly, give or take; a tenth of room keeps the vector from growing twice as large.
  const uint64_t num_ranges = num_entries / (capacity - capacity / 10) + 1;
  const uint64_t width = UINT64_MAX / num_ranges;
  std::vector<Entry> entries;
  entries.reserve(static_cast<size_t>(num_ranges == 1 ? num_entries : capacity));
  for (uint64_t range = 0; range < num_ranges; ++range) {
    const uint64_t first = range * width;
    const uint64_t last = range + 1 == num_ranges ? UINT64_MAX : first + width - 1;
    entries.clear();
    const AddEntry add = [&](uint64_t key, DocumentNumber document) {
      if (key >= first && key <= last) entries.push_back({key, document});
    };
    for (const PartReader::Frame& frame : parts.frames()) scan(frame, add);
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
}

// Documents that are alike, whether directly or through others; the first of each set stands for it.
class DisjointSets {
 public:
  explicit DisjointSets(DocumentNumber size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), 0U); }

  DocumentNumber first_of(DocumentNumber document) {
    while (parents_[document] != document) {
      parents_[document] = parents_[parents_[document]];
      document = parents_[document];
    }
    return document;
  }
  void unite(DocumentNumber a, DocumentNumber b) {
    a = first_of(a);
    b = first_of(b);
    parents_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<DocumentNumber> parents_;
};

class Finder {
 public:
  Finder(const PartReader& parts, const PrepareConfig& config, const std::function<void()>& check)
      : parts_(parts), config_(config), check_(check) {
    verdicts_.documents.resize(parts.num_documents());
  }

  Verdicts run() {
    find_same_texts();
    if (config_.near_duplicates) find_similar_texts();
    if (config_.repeated_line_documents > 0) find_repeated_lines();
    find_same_ids();
    return std::move(verdicts_);
  }

 private:
  Verdict& verdict(DocumentNumber document) { return verdicts_.documents[document]; }

  void find_same_texts() {
    for_each_group(
        parts_, parts_.num_documents(), config_.memory_bytes,
        [&](const PartReader::Frame& frame, const AddEntry& add) {
          check_();
          DocumentNumber number = frame.first_document;
          for (const DocumentRecord& record : parts_.documents(frame)) add(record.text_hash.low, number++);
        },
        [&](uint64_t, std::span<const Entry> group) {
          for (const Entry& entry : group.subspan(1)) verdict(entry.document).is_duplicate = true;
        });
  }

  void find_similar_texts() {
    DisjointSets alike(parts_.num_documents());
    std::vector<uint64_t> keys;
    for_each_group(
        parts_, uint64_t{parts_.num_documents()} * (kCopyBands + kReworkBands), config_.memory_bytes,
        [&](const PartReader::Frame& frame, const AddEntry& add) {
          check_();
          DocumentNumber number = frame.first_document;
          for (const Signature& signature : parts_.signatures(frame)) {
            keys.clear();
            if (signature.is_present != 0 && verdict(number).is_kept()) append_band_keys(signature, keys);
            for (const uint64_t key : keys) add(key, number);
            ++number;
          }
        },
        [&](uint64_t, std::span<const Entry> group) { unite_similar(group, alike); });
    for (DocumentNumber number = 0; number < parts_.num_documents(); ++number) {
      if (alike.first_of(number) != number) verdict(number).is_near_duplicate = true;
    }
  }

  // The group's documents agree in a band. Each is compared with its first and with the one before: all pairs of a
  // thousand copies would be half a million, and other bands bring other neighbours.
  void unite_similar(std::span<const Entry> group, DisjointSets& alike) {
    check_();
    const Signature first = parts_.signature(group[0].document);
    for (size_t i = 1; i < group.size(); ++i) {
      const DocumentNumber document = group[i].document, before = group[i - 1].document;
      const bool with_first = alike.first_of(document) == alike.first_of(group[0].document);
      const bool with_before = alike.first_of(document) == alike.first_of(before);
      if (with_first && with_before) continue;
      const Signature signature = parts_.signature(document);
      if (!with_first && is_similar(first, signature)) alike.unite(group[0].document, document);
      if (!with_before && is_similar(parts_.signature(before), signature)) alike.unite(before, document);
    }
  }

  bool is_similar(const Signature& a, const Signature& b) const {
    for (size_t band = 0; band < kCopyBands; ++band) {
      if (a.copy_bands[band] == b.copy_bands[band]) return true;
    }
    return rework_similarity(a, b) >= config_.near_similarity;
  }

  void find_repeated_lines() {
    uint64_t num_lines = 0;
    for (const PartReader::Frame& frame : parts_.frames()) num_lines += frame.record.num_lines;
    const auto limit = static_cast<size_t>(config_.repeated_line_documents);
    for_each_group(
        parts_, num_lines, config_.memory_bytes,
        [&](const PartReader::Frame& frame, const AddEntry& add) {
          check_();
          for (const LineRecord& line : parts_.lines(frame)) {
            const DocumentNumber number = frame.first_document + line.document;
            if (verdict(number).is_kept()) add(line.hash, number);
          }
        },
        [&](uint64_t key, std::span<const Entry> group) {
          if (group.size() <= limit) return;
          verdicts_.repeated_lines.push_back(key);
          for (const Entry& entry : group) verdict(entry.document).has_repeated_line = true;
        });
  }

  void find_same_ids() {
    for_each_group(
        parts_, parts_.num_documents(), config_.memory_bytes,
        [&](const PartReader::Frame& frame, const AddEntry& add) {
          check_();
          DocumentNumber number = frame.first_document;
          for (const DocumentRecord& record : parts_.documents(frame)) {
            if (verdict(number).is_kept()) add(record.id_hash, number);
            ++number;
          }
        },
        [&](uint64_t, std::span<const Entry> group) {
          for (const Entry& entry : group.subspan(1)) verdict(entry.document).needs_new_id = true;
        });
  }

  const PartReader& parts_;
  const PrepareConfig& config_;
  const std::function<void()>& check_;
  Verdicts verdicts_;
};

}  // namespace

Verdicts find_duplicates(const PartReader& parts, const PrepareConfig& config, const std::function<void()>& check) {
  return Finder(parts, config, check).run();
}

bool hash_line(std::string_view line, int64_t min_chars, uint64_t& hash) {
  const size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  line = line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
  const auto limit = static_cast<size_t>(min_chars);
  if (line.size() < limit || (line.size() / 4 < limit && text::count_code_points(line) < limit)) return false;
  hash = hash64(line);
  return true;
}

}  // namespace ktlm::corpus
