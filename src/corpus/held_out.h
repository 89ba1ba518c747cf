// Which documents are held out for validation: those that their hash chose in the first pass, but neither none nor all.
#pragma once

#include <functional>
#include <limits>

#include "duplicates.h"
#include "part_reader.h"

namespace ktlm::corpus {

/// The hash chooses few documents, and by chance none, or all: one changes sides then.
struct HeldOut {
  static constexpr DocumentNumber kNone = std::numeric_limits<DocumentNumber>::max();
  DocumentNumber to_val = kNone, to_train = kNone;

  bool is_val(DocumentNumber number, const DocumentRecord& record) const {
    return number == to_val || (record.is_val != 0 && number != to_train);
  }
};

/// Of two documents that stay or more, one is held out and one is trained on; of one, it is trained on. Only where no
/// document that surely stays is on one of the sides are texts read, to see which stay without their repeated lines.
/// `check` may throw to end the work.
HeldOut choose_held_out(const PartReader& parts, const Verdicts& verdicts, const PrepareConfig& config,
                        const std::function<void()>& check);

}  // namespace ktlm::corpus
