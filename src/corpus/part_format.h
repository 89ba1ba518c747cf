// What the first pass of prepare leaves for the second, in a folder: every document that its own content did not rule
// out, as the line of JSON that it will be, and beside it what it takes to find duplicates without reading the text.
//
//   text.zst      two Zstandard frames a batch: the lines of the documents to train on, and of those held out
//   frames.bin    a FrameRecord a batch
//   documents.bin a DocumentRecord a document, in order
//   signatures.bin a Signature a document
//   lines.bin     a LineRecord for each longer line of a document
//   part.state    JSON: counts, settings, and how much of the above holds: what a killed run wrote behind that is cut
//   off
//
// Numbers are in this machine's byte order; a folder is read where it was written, or by the same kind of machine.
#pragma once

#include <cstdint>

#include "ktlm/core/hash.h"

namespace ktlm::corpus {

/// Rises when any of the files change their form or the first pass its result: parts of another version are not read.
inline constexpr int kPartVersion = 3;

inline constexpr const char* kTextFile = "text.zst";
inline constexpr const char* kFramesFile = "frames.bin";
inline constexpr const char* kDocumentsFile = "documents.bin";
inline constexpr const char* kSignaturesFile = "signatures.bin";
inline constexpr const char* kLinesFile = "lines.bin";
inline constexpr const char* kPartFile = "part.state";

struct FrameRecord {
  uint64_t order = 0;       // among the batches of all parts: their documents' order
  uint64_t text_begin = 0;  // in text.zst; the frame of those held out follows that of those to train on
  uint32_t train_bytes = 0, val_bytes = 0;  // compressed
  uint32_t num_documents = 0, num_lines = 0;
};
static_assert(sizeof(FrameRecord) == 32, "a file format");

struct DocumentRecord {
  Hash128 text_hash;
  uint64_t id_hash = 0;
  uint64_t line_hash = 0;   // of the line of JSON
  uint32_t text_bytes = 0;  // of the text alone
  uint32_t input = 0;       // which of the command's inputs
  uint32_t is_val = 0, is_dialogue = 0;
};
static_assert(sizeof(DocumentRecord) == 48, "a file format");

struct LineRecord {
  uint64_t hash = 0;
  uint32_t document = 0;  // within its frame
  uint32_t unused = 0;
};
static_assert(sizeof(LineRecord) == 16, "a file format");

}  // namespace ktlm::corpus
