// The text of a part as the second pass takes it: frame by frame, line by line, without the lines that many documents
// have.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/corpus/prepare.h"
#include "part_reader.h"

namespace ktlm::corpus {

/// The lines of JSON of a frame, which are in two pieces: of the documents to train on, and of those held out. Reads
/// a piece when its first line is asked for.
class FrameLines {
 public:
  FrameLines(const PartReader& parts, const PartReader::Frame& frame) : parts_(parts), frame_(frame) {}

  /// The next line of the one piece or the other, good until the object goes. Throws as PartReader::text() does.
  std::string_view next(bool val);

 private:
  const PartReader& parts_;
  const PartReader::Frame& frame_;
  std::array<std::string, 2> pieces_;
  std::array<std::string_view, 2> rest_;
  std::array<bool, 2> is_read_{};
};

/// Takes the lines of `text` whose hash is in `repeated` (rising) out; those that are left stay as they are.
std::string without_repeated_lines(const std::string& text, const std::vector<uint64_t>& repeated, int64_t min_chars,
                                   int64_t& num_removed);

/// Whether what is left of a text is too little to be kept.
bool is_too_little(std::string_view text, const PrepareConfig& config);

}  // namespace ktlm::corpus
