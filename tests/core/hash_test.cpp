#include "ktlm/core/hash.h"

#include <gtest/gtest.h>

#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm {
namespace {

// Golden values: xxhsum -H3 and -H2 (xxHash 0.8) of the empty input.
TEST(Hash, IsXxh3) {
  EXPECT_EQ(to_hex(hash64("")), "2d06800538d394c2");
  EXPECT_EQ(to_hex(hash128("")), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, OfAFileIsTheHashOfItsBytes) {
  test::TemporaryDirectory directory;
  write_file_atomically(directory / "a", "대한민국");
  EXPECT_EQ(hash_file(directory / "a"), to_hex(hash128("대한민국")));
}

}  // namespace
}  // namespace ktlm
