// What a worker does with one raw document: take the text out of its markup, repair, normalise, and judge it on its
// own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "field_path.h"
#include "ktlm/core/hash.h"
#include "ktlm/corpus/document.h"
#include "ktlm/corpus/prepare.h"
#include "quality.h"
#include "raw_document.h"

namespace ktlm::corpus {

struct ExtractedDocument {
  Document document;  // dropped before it had a text: its title, and as text the beginning of what was read
  DropReason dropped = DropReason::kNone;
  std::string problem;       // the message to the user about a document that can't be read; else empty
  Hash128 hash;              // of the normalised text
  TextMeasures measures;     // of the text, where the filters looked at it
  int64_t utf8_repairs = 0;  // malformed sequences replaced by U+FFFD
  text::PersonalDataCounts masked{};
  size_t input = 0;
  uint64_t exempting_names = 0;  // bit i: the i-th of config.quality_off names it, of the first 62
};

/// Never throws over what a document holds: it is dropped, with the reason. `text_fields` are the config's, parsed.
ExtractedDocument extract_document(RawDocument&& raw, const PrepareConfig& config,
                                   const std::vector<FieldPath>& text_fields);

/// Whether `name`, of config.quality_off, means documents of `source`: a file's name, "folder/file", or what a JSONL
/// line says. A name may be the path that was given as input.
bool names_source(std::string_view name, const std::string& source);

void drop(ExtractedDocument& out, DropReason reason, std::string problem = {});

/// Normalised, in one line.
std::string normalized_title(std::string_view title);
/// Without the blank lines and spaces around it, which carry nothing.
std::string trimmed(std::string text);

}  // namespace ktlm::corpus
