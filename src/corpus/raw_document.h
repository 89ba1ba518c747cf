// What a reader hands to the workers: one document as its file holds it, markup and all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

enum class RawForm { kWikitext, kHtml, kJson, kText };

struct RawDocument {
  RawForm form = RawForm::kText;
  std::string id, title, source;
  std::string body;
  std::string where;                       // "corpus.jsonl:17", for messages; may be empty
  DropReason dropped = DropReason::kNone;  // the reader already knows,
  std::string problem;                     // and what is to be said of it
  int64_t utf8_repairs = 0;                // the reader already made
  size_t input = 0;                        // which of the command's inputs
};

using EmitDocument = std::function<void(RawDocument&&)>;

}  // namespace ktlm::corpus
