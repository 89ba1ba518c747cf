// The layout of a token file, shared by its writer and its reader; docs/formats.md describes it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "ktlm/core/hash.h"

namespace ktlm::data {

static_assert(std::endian::native == std::endian::little, "token files are little-endian and mapped as they are");

inline constexpr std::array<char, 8> kTokenMagic = {'K', 'T', 'L', 'M', 'T', 'O', 'K', '\0'};
inline constexpr uint32_t kTokenVersion = 1;
inline constexpr int64_t kMaxVocabOfTwoBytes = 65536;

struct TokenHeader {
  std::array<char, 8> magic = kTokenMagic;
  uint32_t version = kTokenVersion;
  uint32_t bytes_per_id = 0;
  uint64_t num_tokens = 0;
  uint64_t num_documents = 0;
  uint64_t text_bytes = 0;
  std::array<char, 64> tokenizer_hash{};  // padded with zeros, as corpus_hash
  std::array<char, 64> corpus_hash{};
  uint64_t body_checksum = 0;    // BodyChecksum over everything behind the header
  uint64_t header_checksum = 0;  // XXH3 of the header up to here
};
static_assert(sizeof(TokenHeader) == 184 && std::is_trivially_copyable_v<TokenHeader>);

// Ids start at a multiple of their size and of a document offset's.
static_assert(sizeof(TokenHeader) % sizeof(uint64_t) == 0);

/// Bytes of the ids, with the zeros that bring the offsets behind them to a multiple of 8.
inline uint64_t padded_id_bytes(const TokenHeader& header) {
  return (header.num_tokens * header.bytes_per_id + 7) / 8 * 8;
}

inline uint64_t header_checksum(const TokenHeader& header) {
  return hash64({reinterpret_cast<const char*>(&header), offsetof(TokenHeader, header_checksum)});
}

inline constexpr size_t kChecksumBlockBytes = size_t{1} << 20;

/// The checksum of a body that is too long for memory: XXH3 of each block of 1 MiB, seeded with the block's before it.
class BodyChecksum {
 public:
  /// Every block but the last has kChecksumBlockBytes.
  void add_block(std::string_view block) { value_ = hash64(block, value_); }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0;
};

}  // namespace ktlm::data
