// A corpus, a tokenizer and a model so small that a run of twenty steps takes a second.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "ktlm/train/trainer.h"
#include "temporary_directory.h"

namespace ktlm::train {

/// Some hundred short Korean documents, prepared, and a tokenizer trained on them; made once per program.
struct TinyData {
  std::filesystem::path prepared, tokenizer;
};
const TinyData& tiny_data();

/// 20 steps of 2 x 2 windows of 32 tokens; a checkpoint every 5, no validation.
TrainRequest tiny_request(const TinyData& data, const std::filesystem::path& run_dir);

/// The tensors of a model directory, or of a checkpoint.
std::map<std::string, at::Tensor> weights_of(const std::filesystem::path& directory);

/// Fails the test where a bit differs.
void expect_same_weights(const std::filesystem::path& left, const std::filesystem::path& right);

// Sanitizers end the process where it gets no memory; macOS knows no such limit.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KTLM_SANITIZED
#endif
#endif
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(KTLM_SANITIZED)
#define KTLM_CAN_LIMIT_MEMORY
#endif

/// The system gives this process no more memory than so many bytes beyond what it has; nothing but on Linux.
void limit_memory(int64_t headroom_bytes);

}  // namespace ktlm::train
