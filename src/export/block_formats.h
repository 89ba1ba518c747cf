// How a row of numbers is kept in a GGUF file. q8_0 and q4_0 cut it into blocks of 32 values, which share a scale in 16
// bits; rounding is that of llama.cpp's reference (ggml-quants.c), so that the bytes are the same. q4_K and q6_K,
// blocks of 256 values whose parts have small scales of their own, are read alone: most files that others made hold
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ktlm::formats {

// The numbers are GGUF's.
enum class TensorType : uint32_t { kF32 = 0, kF16 = 1, kQ4_0 = 2, kQ8_0 = 8, kQ4_K = 12, kQ6_K = 14, kBf16 = 30 };

/// "Q5_K" for 13, of all types that llama.cpp knows; "42" for a number that it does not.
std::string tensor_type_name(uint32_t type);
/// Whether `type` is one of TensorType.
bool is_known_type(uint32_t type);

struct BlockLayout {
  int64_t values, bytes;  // of one block
};
BlockLayout block_layout(TensorType type);
/// `num_values` is a multiple of the block's values.
int64_t row_bytes(TensorType type, int64_t num_values);

/// Finite values only. In f16 a number beyond 65,504 becomes infinite; bf16 takes numbers that came from it, q4_K
/// and q6_K none.
void encode_row(const float* values, int64_t num_values, TensorType type, std::byte* to);
void decode_row(const std::byte* from, int64_t num_values, TensorType type, float* to);

}  // namespace ktlm::formats
