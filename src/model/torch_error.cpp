#include "ktlm/model/torch_error.h"

namespace ktlm::model {

OutOfMemoryError::OutOfMemoryError(const std::string& reason)
    : Error("out of memory (" + reason + "); choose a smaller model, batch, context or input"), reason_(reason) {}

void throw_in_our_words(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  const std::string words = text.substr(0, text.find('\n'));
  // CUDA has a type of its own for it; the CPU's and Metal's allocators say it in words.
  const bool out_of_memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                             words.find("allocate memory") != std::string::npos ||
                             words.find("out of memory") != std::string::npos;
  if (out_of_memory) throw OutOfMemoryError(words);
  throw Error("libtorch: " + words);
}

}  // namespace ktlm::model
