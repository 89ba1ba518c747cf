// How long work tells how far it is. Libraries call the callback as often as they like; the console decides what to
// draw.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace ktlm {

struct Progress {
  std::string stage;   // "reading", "training tokenizer"
  int64_t done = 0;    // in `unit`
  int64_t total = 0;   // 0: not known
  std::string unit;    // "bytes", "documents", "steps"
  std::string detail;  // free words behind it: "loss 3.21  12.3k tokens/s"
};

using ProgressCallback = std::function<void(const Progress&)>;

/// Warnings that a library has for the user, one line each, in the form of an error message.
using WarningCallback = std::function<void(const std::string&)>;

}  // namespace ktlm
