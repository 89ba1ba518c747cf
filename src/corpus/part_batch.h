// What a worker of the first pass does with a batch: extracts its documents, and makes of those that stay what a part
// holds of them.
#pragma once

#include <vector>

#include "document_reader.h"
#include "extract.h"
#include "part_writer.h"

namespace ktlm::corpus {

struct ExtractedBatch {
  std::vector<ExtractedDocument> documents;  // all of them, in order
  PartBatch part;                            // of those that were not dropped
  ReadPosition end;
};

ExtractedBatch extract_batch(RawBatch&& batch, const PrepareConfig& config);

}  // namespace ktlm::corpus
