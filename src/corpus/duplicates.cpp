#include "duplicates.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "grouping.h"
#include "ktlm/core/hash.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

using Entry = Grouping::Entry;

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
  Finder(const PartReader& parts, const PrepareConfig& config, const std::filesystem::path& scratch,
         const std::function<void()>& check)
      : parts_(parts), config_(config), scratch_(scratch), check_(check) {
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

  Grouping grouping_of(uint64_t max_entries) const { return {max_entries, config_.memory_bytes, scratch_}; }

  // Calls visit(number, record) for each record that `read` gives of each frame.
  template <class Read, class Visit>
  void for_each(const Read& read, const Visit& visit) const {
    for (const PartReader::Frame& frame : parts_.frames()) {
      check_();
      DocumentNumber number = frame.first_document;
      for (const auto& record : (parts_.*read)(frame)) visit(number++, record);
    }
  }

  void find_same_texts() {
    Grouping texts = grouping_of(parts_.num_documents());
    for_each(&PartReader::documents,
             [&](DocumentNumber number, const DocumentRecord& record) { texts.add(record.text_hash.low, number); });
    texts.for_each_group([&](uint64_t, std::span<const Entry> group) {
      for (const Entry& entry : group.subspan(1)) verdict(entry.document).is_duplicate = true;
    });
  }

  void find_similar_texts() {
    Grouping bands = grouping_of(uint64_t{parts_.num_documents()} * (kCopyBands + kReworkBands));
    std::vector<uint64_t> keys;
    for_each(&PartReader::signatures, [&](DocumentNumber number, const Signature& signature) {
      if (signature.is_present == 0 || !verdict(number).is_kept()) return;
      keys.clear();
      append_band_keys(signature, keys);
      for (const uint64_t key : keys) bands.add(key, number);
    });
    DisjointSets alike(parts_.num_documents());
    bands.for_each_group([&](uint64_t, std::span<const Entry> group) { unite_similar(group, alike); });
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
    Grouping lines = grouping_of(num_lines);
    for (const PartReader::Frame& frame : parts_.frames()) {
      check_();
      for (const LineRecord& line : parts_.lines(frame)) {
        const DocumentNumber number = frame.first_document + line.document;
        if (verdict(number).is_kept()) lines.add(line.hash, number);
      }
    }
    const auto limit = static_cast<size_t>(config_.repeated_line_documents);
    lines.for_each_group([&](uint64_t key, std::span<const Entry> group) {
      if (group.size() <= limit) return;
      verdicts_.repeated_lines.push_back(key);
      for (const Entry& entry : group) verdict(entry.document).has_repeated_line = true;
    });
  }

  void find_same_ids() {
    Grouping ids = grouping_of(parts_.num_documents());
    for_each(&PartReader::documents, [&](DocumentNumber number, const DocumentRecord& record) {
      if (verdict(number).is_kept()) ids.add(record.id_hash, number);
    });
    ids.for_each_group([&](uint64_t, std::span<const Entry> group) {
      for (const Entry& entry : group.subspan(1)) verdict(entry.document).needs_new_id = true;
    });
  }

  const PartReader& parts_;
  const PrepareConfig& config_;
  const std::filesystem::path& scratch_;
  const std::function<void()>& check_;
  Verdicts verdicts_;
};

}  // namespace

Verdicts find_duplicates(const PartReader& parts, const PrepareConfig& config, const std::filesystem::path& scratch,
                         const std::function<void()>& check) {
  return Finder(parts, config, scratch, check).run();
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
