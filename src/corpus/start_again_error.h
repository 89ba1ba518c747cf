// The failures after which prepare can't go on from what it has done so far.
#pragma once

#include "ktlm/core/error.h"

namespace ktlm::corpus {

/// An input is at fault, or what was asked for, or the part itself is damaged: the part is of no use. After any other
/// Error, a full disk for one, the same command goes on from it.
class StartAgainError : public Error {
 public:
  using Error::Error;
};

}  // namespace ktlm::corpus
