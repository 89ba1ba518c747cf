// Reads parts back as one: the frames of all of them in their common order, the documents numbered along it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "part_format.h"
#include "signature.h"

namespace ktlm::corpus {

/// Numbers every document of all parts, in order, from 0.
using DocumentNumber = uint32_t;

class PartReader {
 public:
  struct Frame {
    FrameRecord record;
    uint32_t part = 0;
    DocumentNumber first_document = 0;                            // in the order of all parts
    uint64_t first_document_in_part = 0, first_line_in_part = 0;  // where its records begin in the part's files
  };

  /// Throws Error where a file is missing or too short for what frames.bin says, and where there are more documents
  /// than numbers.
  explicit PartReader(const std::vector<std::filesystem::path>& directories);
  ~PartReader();
  PartReader(const PartReader&) = delete;
  PartReader& operator=(const PartReader&) = delete;

  DocumentNumber num_documents() const { return num_documents_; }
  const std::vector<Frame>& frames() const { return frames_; }

  // All of these may be called from several threads. They throw Error where the disk fails.
  std::vector<DocumentRecord> documents(const Frame& frame) const;
  std::vector<Signature> signatures(const Frame& frame) const;
  std::vector<LineRecord> lines(const Frame& frame) const;
  Signature signature(DocumentNumber document) const;
  /// The lines of JSON of the frame's documents to train on, or of those held out.
  std::string text(const Frame& frame, bool val) const;

  /// The frame that holds a document.
  const Frame& frame_of(DocumentNumber document) const;

 private:
  struct Part;
  template <class T>
  std::vector<T> read(const Frame& frame, size_t file, uint64_t first, uint32_t count) const;

  std::vector<std::unique_ptr<Part>> parts_;
  std::vector<Frame> frames_;
  DocumentNumber num_documents_ = 0;
};

}  // namespace ktlm::corpus
