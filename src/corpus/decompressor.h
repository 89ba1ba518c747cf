// What the decompressing sources have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "byte_source.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::corpus {

// What they have in common: compressed bytes come in by the buffer, and the ways in which they can be wrong.
class Decompressor : public ByteSource {
 public:
  Decompressor(std::unique_ptr<ByteSource> upstream, std::string name, std::string kind)
      : upstream_(std::move(upstream)), name_(std::move(name)), kind_(std::move(kind)), input_(size_t{1} << 17) {}

 protected:
  // The next compressed bytes; empty at the file's end.
  std::string_view next_input() {
    const size_t count = upstream_->read(input_.data(), input_.size());
    input_bytes_ += static_cast<int64_t>(count);
    return {input_.data(), count};
  }

  [[noreturn]] void throw_truncated() const {
    throw Error(name_ + ": ends in the middle of its " + kind_ + " data after " + format_bytes(input_bytes_) +
                " (an unfinished download?); fetch the file again");
  }
  [[noreturn]] void throw_corrupt() const {
    throw Error(name_ + ": its " + kind_ + " data is corrupt within the first " + format_bytes(input_bytes_) +
                "; fetch the file again");
  }

 private:
  std::unique_ptr<ByteSource> upstream_;
  std::string name_, kind_;
  std::vector<char> input_;
  int64_t input_bytes_ = 0;
};

}  // namespace ktlm::corpus
