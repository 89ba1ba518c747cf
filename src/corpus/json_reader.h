// JSON files that are not one object a line: an object, however it is laid out; an array of objects, also one that is
// a file of many GB in a single line; several values one after the other. The file streams by: all that is held is the
// part that becomes one document, found by its brackets and given to the workers to parse.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "byte_source.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// Finds the end of an object, array or string in a stream of pieces: brackets and quotes are counted, nothing else.
class JsonValueEnd {
 public:
  /// The bytes of `piece` up to the value's end; npos where it goes on behind `piece`. The first call's piece begins
  /// with the value.
  size_t find(std::string_view piece);

 private:
  size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false;
};

/// Emits each document of up to 64 MB: what `keys` lead to from the top, through every array on the way, and each
/// element of it where it is an array. Where nothing is there, an empty document that has been dropped for it. Returns
/// the bytes read. Throws Error naming file and byte where brackets do not match or the file ends too early.
int64_t read_json(ByteSource& source, const std::string& name, const std::vector<std::string>& keys,
                  const EmitDocument& emit);

}  // namespace ktlm::corpus
