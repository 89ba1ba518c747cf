// What GGUF's specification fixes (github.com/ggml-org/ggml, docs/gguf.md): numbers of the types, names of the keys.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace ktlm::formats {

static_assert(std::endian::native == std::endian::little, "GGUF files hold little-endian numbers");

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr uint32_t kGgufVersion = 3;
inline constexpr uint64_t kDefaultAlignment = 32;

// Of a metadata value.
enum class ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

namespace keys {

inline constexpr const char* kArchitecture = "general.architecture";
inline constexpr const char* kAlignment = "general.alignment";
inline constexpr const char* kTokenizerModel = "tokenizer.ggml.model";
inline constexpr const char* kTokens = "tokenizer.ggml.tokens";
inline constexpr const char* kScores = "tokenizer.ggml.scores";
inline constexpr const char* kTokenTypes = "tokenizer.ggml.token_type";
inline constexpr const char* kUnkId = "tokenizer.ggml.unknown_token_id";
inline constexpr const char* kBosId = "tokenizer.ggml.bos_token_id";
inline constexpr const char* kEosId = "tokenizer.ggml.eos_token_id";
inline constexpr const char* kPadId = "tokenizer.ggml.padding_token_id";
inline constexpr const char* kEotId = "tokenizer.ggml.eot_token_id";  // ends an answer
inline constexpr const char* kAddBos = "tokenizer.ggml.add_bos_token";
inline constexpr const char* kAddEos = "tokenizer.ggml.add_eos_token";
inline constexpr const char* kAddSpacePrefix = "tokenizer.ggml.add_space_prefix";
inline constexpr const char* kRemoveExtraWhitespaces = "tokenizer.ggml.remove_extra_whitespaces";
inline constexpr const char* kChatTemplate = "tokenizer.chat_template";
/// ktlm's own: the version of the normaliser that runs in front of the vocabulary.
inline constexpr const char* kNormalizerVersion = "ktlm.normalizer_version";

// Behind the architecture's name: "llama.block_count".
inline constexpr const char* kVocabSize = ".vocab_size";
inline constexpr const char* kContextLength = ".context_length";
inline constexpr const char* kEmbeddingLength = ".embedding_length";
inline constexpr const char* kBlockCount = ".block_count";
inline constexpr const char* kFeedForwardLength = ".feed_forward_length";
inline constexpr const char* kHeadCount = ".attention.head_count";
inline constexpr const char* kKvHeadCount = ".attention.head_count_kv";
inline constexpr const char* kKeyLength = ".attention.key_length";
inline constexpr const char* kValueLength = ".attention.value_length";
inline constexpr const char* kNormEpsilon = ".attention.layer_norm_rms_epsilon";
inline constexpr const char* kRopeBase = ".rope.freq_base";
inline constexpr const char* kRopeDimensions = ".rope.dimension_count";
inline constexpr const char* kRopeScalingType = ".rope.scaling.type";
inline constexpr const char* kRopeScalingFactor = ".rope.scaling.factor";

}  // namespace keys

}  // namespace ktlm::formats
