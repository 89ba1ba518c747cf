#include "held_out.h"

#include <cstdint>

#include "ktlm/corpus/document.h"
#include "part_lines.h"

namespace ktlm::corpus {

namespace {

struct Sides {
  bool has_train = false, has_val = false;
  // Who would change sides: the training document of the least hash, the first one held out.
  DocumentNumber nearest = HeldOut::kNone, first_val = HeldOut::kNone;
  uint64_t num_train = 0, least_hash = 0;

  void add(DocumentNumber number, const DocumentRecord& record) {
    if (record.is_val != 0) {
      if (!has_val) first_val = number;
      has_val = true;
      return;
    }
    if (!has_train || record.text_hash.high < least_hash) {
      nearest = number;
      least_hash = record.text_hash.high;
    }
    has_train = true;
    ++num_train;
  }
  bool are_both() const { return has_train && has_val; }
};

bool stays_without_lines(std::string_view line, const Verdicts& verdicts, const PrepareConfig& config) {
  int64_t num_removed = 0;
  const Document document = document_from_json_line(line, kTextFile);
  return !is_too_little(
      without_repeated_lines(document.text, verdicts.repeated_lines, config.repeated_line_min_chars, num_removed),
      config);
}

// Those that stay whatever their lines are, until there are some on both sides.
Sides find_sure(const PartReader& parts, const Verdicts& verdicts) {
  Sides sides;
  for (const PartReader::Frame& frame : parts.frames()) {
    DocumentNumber number = frame.first_document;
    for (const DocumentRecord& record : parts.documents(frame)) {
      const Verdict verdict = verdicts.documents[number];
      if (verdict.is_kept() && !verdict.has_repeated_line) sides.add(number, record);
      ++number;
    }
    if (sides.are_both()) break;
  }
  return sides;
}

Sides find_by_text(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config,
                   const std::function<void()>& check) {
  Sides sides;
  for (const PartReader::Frame& frame : parts.frames()) {
    check();
    FrameLines lines(parts, frame);
    DocumentNumber number = frame.first_document;
    for (const DocumentRecord& record : parts.documents(frame)) {
      const std::string_view line = lines.next(record.is_val != 0);
      const Verdict verdict = verdicts.documents[number];
      if (verdict.is_kept() && (!verdict.has_repeated_line || stays_without_lines(line, verdicts, config)))
        sides.add(number, record);
      ++number;
    }
    if (sides.are_both()) break;
  }
  return sides;
}

}  // namespace

HeldOut choose_held_out(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config,
                        const std::function<void()>& check) {
  HeldOut held_out;
  if (config.val_fraction == 0) return held_out;
  Sides sides = find_sure(parts, verdicts);
  if (!sides.are_both() && !verdicts.repeated_lines.empty()) sides = find_by_text(parts, verdicts, config, check);
  if (!sides.has_val && sides.num_train > 1) held_out.to_val = sides.nearest;
  if (!sides.has_train) held_out.to_train = sides.first_val;
  return held_out;
}

}  // namespace ktlm::corpus
