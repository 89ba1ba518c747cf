// bzip2 on all cores. A bzip2 stream is a row of blocks of up to 900 kB of text that don't depend on each other, but
// begin at any bit and tell no length: they are found by the 48 bits that each begins with, wrapped as streams of their
// own, and decoded by libbz2 in as many threads. (As lbzip2 and bzip2recover do.) Wikipedia's dumps come so.
#pragma once

#include <memory>
#include <string>

#include "byte_source.h"

namespace ktlm::corpus {

/// As make_decompressor(). `num_threads` 0 is one per core.
std::unique_ptr<ByteSource> make_parallel_bzip2_source(std::unique_ptr<ByteSource> upstream, std::string name,
                                                       size_t num_threads);

}  // namespace ktlm::corpus
