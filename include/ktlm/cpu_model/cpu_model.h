// The model on the CPU without libtorch, for talking: weights packed for the vector units when it is loaded, one pass
// over them for a token of each text of a batch, a team of threads that stays awake between layers. The same
// arithmetic as model::LanguageModel, which is its reference; what comes out depends neither on the number of threads
// nor on what else is in the batch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ktlm/cpu_model/weight_format.h"
#include "ktlm/model/model_config.h"
#include "ktlm/model/safetensors_file.h"

namespace ktlm::cpu_model {

class CpuModel;
struct CacheMemory;

/// Keys and values of the tokens that have gone through a model, in fp16; several texts, each with a length of its own.
class Cache {
 public:
  /// Room for `max_len` tokens (1 to max_seq_len) in each of `num_texts`, at least one. Throws Error elsewhere.
  Cache(const CpuModel& model, int64_t num_texts, int64_t max_len);
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;
  ~Cache();

  int64_t num_texts() const;
  int64_t max_len() const;
  int64_t length(int64_t text) const;
  /// Forgets everything behind the first `length` tokens.
  void truncate(int64_t text, int64_t length);
  /// Text `to` then holds what text `from` does.
  void copy(int64_t from, int64_t to);

 private:
  friend class CpuModel;
  std::unique_ptr<CacheMemory> impl_;
};

/// Tokens that a text goes on with; at least one.
struct TextTokens {
  int64_t text;  // its number in the cache
  std::span<const int32_t> ids;
};

/// Logits of several texts; the model's memory, until it is called again.
class Logits {
 public:
  Logits(float* data, int64_t stride, int64_t vocab_size) : data_(data), stride_(stride), vocab_size_(vocab_size) {}
  /// (V)
  std::span<float> operator[](size_t i) const {
    return {data_ + static_cast<int64_t>(i) * stride_, static_cast<size_t>(vocab_size_)};
  }

 private:
  float* data_;
  int64_t stride_, vocab_size_;
};

class CpuModel {
 public:
  using Tensors = std::map<std::string, model::SafetensorsFile::Tensor>;

  /// Opens a model directory and packs its weights. `num_threads` 0: as many as the cores that this process may
  /// run on, at most 8. Throws Error: missing or damaged files, tensors missing, unexpected or of another shape or
  /// dtype, or holding numbers that are not finite.
  CpuModel(const std::filesystem::path& directory, WeightFormat format, int64_t num_threads);
  /// Of these tensors, F32, BF16 or F16, whose memory stays with the caller and outlives the model: embeddings are read
  /// from there. `where` opens an error's message.
  CpuModel(const model::ModelConfig& config, const Tensors& tensors, WeightFormat format, int64_t num_threads,
           const std::string& where);
  CpuModel(CpuModel&&) noexcept;
  CpuModel& operator=(CpuModel&&) noexcept;
  ~CpuModel();

  const model::ModelConfig& config() const;
  WeightFormat format() const;
  int64_t num_threads() const;
  /// What 0 threads stand for.
  static int64_t default_num_threads();
  /// What a token has to read of weights.
  int64_t weight_bytes() const;

  /// Takes tokens of one or more different texts into the cache and returns the logits behind the last of each, in the
  /// order of `texts`. Not for several threads at once. Throws Error where a text has no room for them, or an id is
  /// none of the vocabulary's; the cache is then as before.
  Logits feed(std::span<const TextTokens> texts, Cache& cache);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::cpu_model
