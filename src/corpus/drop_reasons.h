// What people read about each reason for dropping a document: the stage that drops, and a sentence.
#pragma once

#include "ktlm/corpus/prepare.h"

namespace ktlm::corpus {

/// The stages of prepare that drop documents, in order.
enum class DropStage { kExtract, kFilter, kDeduplicate };
inline constexpr size_t kNumDropStages = 3;

/// As DropReason orders them. Of kNone: kDeduplicate, the last that a kept document went through.
DropStage stage_of(DropReason reason);

/// "The page is a redirect to another." Of kNone: "Kept."
const char* describe(DropReason reason);

}  // namespace ktlm::corpus
