// Decompression and decoding: any bytes end in valid UTF-8 or in one error. The first byte chooses the compression, the
// second the encoding and how much a read gets.
#include <memory>
#include <string>

#include "corpus/corpus_fixtures.h"
#include "decoding_source.h"
#include "decompressors.h"
#include "fuzz_target.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

using namespace ktlm::corpus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr size_t kMaxBytes = 1 << 22;  // a few bytes can stand for gigabytes
  constexpr const char* kEncodings[] = {"auto", "utf-8", "cp949", "utf-16"};
  const auto compression = static_cast<Compression>(data[0] % (static_cast<int>(Compression::kZstd) + 1));
  const std::string encoding = kEncodings[data[1] % 4];
  auto bytes = std::make_unique<ktlm::test::MemorySource>(std::string(ktlm::fuzz::bytes_of(data + 2, size - 2)),
                                                          size_t{1} << (data[1] / 4 % 16));
  try {
    const auto plain =
        compression == Compression::kNone ? std::move(bytes) : make_decompressor(compression, std::move(bytes), "fuzz");
    DecodingSource decoded(*plain, encoding, "fuzz");
    std::string text;
    char buffer[4096];
    for (size_t count = decoded.read(buffer, sizeof buffer); count > 0 && text.size() < kMaxBytes;
         count = decoded.read(buffer, sizeof buffer))
      text.append(buffer, count);
    if (decoded.encoding() == Encoding::kUtf8 || text.size() >= kMaxBytes) return 0;
    ktlm::fuzz::require(ktlm::text::is_valid_utf8(text), "decoded text is valid UTF-8");
  } catch (const ktlm::Error&) {
  }
  return 0;
}
