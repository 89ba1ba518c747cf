#include "part_batch.h"

#include <zstd.h>

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "duplicates.h"
#include "words.h"

namespace ktlm::corpus {

namespace {

// For a file that lives as long as the command: speed over size.
constexpr int kLevel = 1;

std::string compress(const std::string& lines) {
  if (lines.empty()) return {};
  std::string frame(ZSTD_compressBound(lines.size()), '\0');
  const size_t size = ZSTD_compress(frame.data(), frame.size(), lines.data(), lines.size(), kLevel);
  if (ZSTD_isError(size)) throw std::bad_alloc();  // the only way in which valid calls fail
  frame.resize(size);
  return frame;
}

// The share of all hashes below this one: uniform in [0, 1).
double position_of(const Hash128& hash) { return static_cast<double>(hash.high >> 11) * 0x1.0p-53; }

void add_lines(std::string_view text, int64_t min_chars, uint32_t document, std::vector<LineRecord>& lines) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    LineRecord line{.document = document};
    if (hash_line(text.substr(begin, end - begin), min_chars, line.hash)) lines.push_back(line);
    begin = end + 1;
  }
}

}  // namespace

ExtractedBatch extract_batch(RawBatch&& batch, const PrepareConfig& config) {
  ExtractedBatch out;
  out.end = std::move(batch.end);
  out.part.order = batch.order;
  out.documents.reserve(batch.documents.size());
  const std::vector<FieldPath> text_fields = parse_field_paths(config.text_field);
  SignatureMaker signature_maker;
  std::string train_lines, val_lines;
  for (RawDocument& raw : batch.documents) {
    ExtractedDocument& extracted = out.documents.emplace_back(extract_document(std::move(raw), config, text_fields));
    if (extracted.dropped != DropReason::kNone) continue;
    const Document& document = extracted.document;
    const std::string line = to_json_line(document);
    const bool is_val = position_of(extracted.hash) < config.val_fraction;
    (is_val ? val_lines : train_lines).append(line).push_back('\n');
    out.part.documents.push_back({.text_hash = extracted.hash,
                                  .id_hash = hash64(document.id),
                                  .line_hash = hash64(line),
                                  .text_bytes = static_cast<uint32_t>(document.text.size()),
                                  .input = static_cast<uint32_t>(extracted.input),
                                  .is_val = is_val,
                                  .is_dialogue = !document.messages.empty()});
    out.part.signatures.emplace_back();
    if (config.near_duplicates) {
      std::vector<uint64_t> hashes = std::exchange(extracted.measures.word_hashes, {});
      if (hashes.empty()) hash_words(document.text, hashes);
      out.part.signatures.back() = signature_maker.make(hashes);
    }
    if (config.repeated_line_documents > 0 && document.messages.empty())
      add_lines(document.text, config.repeated_line_min_chars, static_cast<uint32_t>(out.part.documents.size() - 1),
                out.part.lines);
  }
  out.part.train_frame = compress(train_lines);
  out.part.val_frame = compress(val_lines);
  return out;
}

}  // namespace ktlm::corpus
