// Content hashes (xxHash's XXH3): fast, not cryptographic, the same on every platform.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ktlm {

uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

struct Hash128 {
  uint64_t low = 0, high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};
Hash128 hash128(std::string_view bytes);

/// 16 or 32 lower-case hexadecimal digits.
std::string to_hex(uint64_t hash);
std::string to_hex(const Hash128& hash);

/// Hash of a file's content as 32 hexadecimal digits. Throws Error.
std::string hash_file(const std::filesystem::path& path);

}  // namespace ktlm
