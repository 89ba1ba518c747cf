// The decompressing byte sources behind open_byte_source().
#pragma once

#include <memory>
#include <string>

#include "byte_source.h"

namespace ktlm::corpus {

enum class Compression { kNone, kBzip2, kGzip, kXz, kZstd };

/// Reads what `upstream` compresses, several streams, members or frames in a row too. Its reads throw Error, naming
/// `name`, where the data is corrupt or ends too early.
std::unique_ptr<ByteSource> make_decompressor(Compression compression, std::unique_ptr<ByteSource> upstream,
                                              std::string name, size_t num_threads = 0);

}  // namespace ktlm::corpus
