// libtorch's errors in our words. Its messages go on with a C++ stack trace over many lines; a person is told the first
// line, and memory that runs out is told apart, since there is something to be done about it.
#pragma once

#include <c10/util/Exception.h>

#include <new>
#include <string>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::model {

/// Memory ran out, the device's or the system's. what() advises in general; who knows more of the work (the trainer)
/// catches it and says it anew with `reason`, the allocator's own words.
class OutOfMemoryError : public Error {
 public:
  explicit OutOfMemoryError(const std::string& reason);

  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
};

/// The error's first line, without a stack trace; for an operator that the device lacks, of which libtorch tells on a
/// line of 1,500 characters, "aten::frexp has no kernel on mps".
std::string brief_message(const c10::Error& error);

/// Throws OutOfMemoryError or Error, one line each, in the place of `error`.
[[noreturn]] void throw_in_our_words(const c10::Error& error);

/// Gives what `call` gives; lets ktlm's errors through and throws libtorch's in our words.
template <class Call>
decltype(auto) translate_torch_errors(Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError("the system gave none");
  } catch (const c10::Error& error) {
    throw_in_our_words(error);
  }
}

}  // namespace ktlm::model
