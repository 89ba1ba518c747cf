#include "ktlm/model/torch_error.h"

#include <cctype>

namespace ktlm::model {

namespace {

// What stands between `before` and the next quote or space, "" where `before` is not in the text.
std::string word_behind(const std::string& text, const std::string& before) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  return text.substr(begin, text.find_first_of("' ", begin) - begin);
}

// From the dispatcher: "Could not run 'aten::frexp.Tensor' with arguments from the 'MPS' backend. ..."; from MPS
// itself: "The operator 'aten::frexp.Tensor' is not currently implemented for the MPS device. ...". "" where it is
// neither.
std::string missing_kernel(const std::string& words) {
  std::string name = word_behind(words, "Could not run '"), device = word_behind(words, "arguments from the '");
  if (name.empty() || device.empty()) {
    name = word_behind(words, "The operator '");
    device = word_behind(words, "not currently implemented for the ");
  }
  if (name.empty() || device.empty()) return "";
  for (char& c : device) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name + " has no kernel on " + device;
}

}  // namespace

OutOfMemoryError::OutOfMemoryError(const std::string& reason)
    : Error("out of memory (" + reason + "); choose a smaller model, batch, context or input"), reason_(reason) {}

std::string brief_message(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  const std::string words = text.substr(0, text.find('\n'));
  const std::string missing = missing_kernel(words);
  return missing.empty() ? words : missing;
}

void throw_in_our_words(const c10::Error& error) {
  const std::string words = brief_message(error);
  // CUDA has a type of its own for it; the CPU's and Metal's allocators say it in words.
  const bool out_of_memory = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                             words.find("allocate memory") != std::string::npos ||
                             words.find("out of memory") != std::string::npos;
  if (out_of_memory) throw OutOfMemoryError(words);
  throw Error("libtorch: " + words);
}

}  // namespace ktlm::model
