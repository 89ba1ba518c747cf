// Text that leaves in pieces while it is being made. A token may be a part of a syllable (byte tokens), and a stop
// string may lie across tokens: what can't be shown yet is held back until it is sure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ktlm::generate {

/// Bytes in, whole characters out: all pieces together are text::repair_utf8 of all bytes.
class StreamDecoder {
 public:
  /// The characters that are complete now; malformed bytes come out as U+FFFD.
  std::string feed(std::string_view bytes);
  /// What is left at the end of the stream: U+FFFD where a character stayed incomplete.
  std::string finish();

 private:
  std::string pending_;
};

/// Cuts the text before the first of several stop strings. Where two match, the one that begins first.
class StopStringFilter {
 public:
  /// Empty strings are ignored.
  explicit StopStringFilter(std::vector<std::string> stop_strings);

  /// The text that surely belongs to the result: held back is an end that may become a stop string.
  std::string feed(std::string_view text);
  /// What is left at the end of the stream.
  std::string finish();
  /// Whether a stop string came; from then on nothing comes out.
  bool found() const { return found_; }

 private:
  std::vector<std::string> stop_strings_;
  std::string pending_;
  bool found_ = false;
};

}  // namespace ktlm::generate
