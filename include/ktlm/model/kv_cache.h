// Keys and values of the tokens already seen, so that a new token costs one step instead of the whole text.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "ktlm/model/model_config.h"

namespace ktlm::model {

class KvCache {
 public:
  /// Room for `max_len` tokens (at most max_seq_len) in each of `batch_size` rows. Throws Error where it is more.
  KvCache(const ModelConfig& config, int64_t batch_size, int64_t max_len, at::Device device, at::ScalarType dtype);

  int64_t length() const { return length_; }  // tokens held, in every row
  int64_t max_len() const { return max_len_; }
  int64_t batch_size() const { return batch_size_; }
  /// Forgets everything behind the first `length` tokens.
  void truncate(int64_t length);

  /// Left padding, for prompts of unequal length in one batch: the first padding[b] columns of row b hold no token and
  /// are masked. (Rotary attention depends on distance alone, so positions need no correction.) Empty: none.
  /// Throws Error where the number of rows differs.
  void set_padding(const std::vector<int64_t>& padding);
  const at::Tensor& padding() const { return padding_; }  // (B) int64 on the device; undefined where no row has any

  /// Room behind the tokens held, padding included that max_len was rounded up by.
  int64_t num_free_columns() const;
  /// Columns that append gives back for `num_tokens` new tokens: those held and the new ones, padded_length on MPS.
  int64_t num_columns(int64_t num_tokens) const;
  /// Appends k and v, (B, K, T, D), of one layer behind length() and returns all so far as views, (B, K,
  /// num_columns(T), D); columns behind the tokens hold finite numbers. The model calls advance(T) once after the last
  /// layer.
  std::pair<at::Tensor, at::Tensor> append(int64_t layer, const at::Tensor& k, const at::Tensor& v);
  void advance(int64_t num_tokens);

  /// Row `to` then holds what row `from` does, its padding too.
  void copy_row(int64_t from, int64_t to);

  /// Takes over the columns of `other` from `first` on, its length and its padding: another cache of the same model, as
  /// many rows and at least its length, on any device and of any dtype. One copy between the devices.
  void take_from(const KvCache& other, int64_t first);

 private:
  std::vector<at::Tensor> keys_, values_;  // per layer (B, K, padded_length(max_len), D), contiguous
  at::Tensor padding_;
  int64_t batch_size_, max_len_, length_ = 0;
};

}  // namespace ktlm::model
