#include "ktlm/model/kv_cache.h"

#include <algorithm>
#include <string>

#include "ktlm/core/error.h"
#include "ktlm/model/device.h"

namespace ktlm::model {

KvCache::KvCache(const ModelConfig& config, int64_t batch_size, int64_t max_len, at::Device device,
                 at::ScalarType dtype)
    : batch_size_(batch_size), max_len_(max_len) {
  if (max_len > config.max_seq_len) {
    throw Error("KV cache: " + std::to_string(max_len) + " tokens asked for, but the model's context ends at " +
                std::to_string(config.max_seq_len) + " (max_seq_len)");
  }
  const auto options = at::TensorOptions().device(device).dtype(dtype);
  const std::vector<int64_t> shape{batch_size, config.n_kv_heads, padded_length(max_len, device),
                                   config.resolved_head_dim()};
  for (int64_t layer = 0; layer < config.n_layers; ++layer) {
    keys_.push_back(at::zeros(shape, options));
    values_.push_back(at::zeros(shape, options));
  }
}

void KvCache::truncate(int64_t length) { length_ = std::clamp<int64_t>(length, 0, length_); }

void KvCache::set_padding(const std::vector<int64_t>& padding) {
  if (!padding.empty() && static_cast<int64_t>(padding.size()) != batch_size_) {
    throw Error("KV cache: padding for " + std::to_string(padding.size()) + " rows, but the batch has " +
                std::to_string(batch_size_));
  }
  // Without a padded row there is nothing to mask, and attention may take its faster path.
  const bool none = std::all_of(padding.begin(), padding.end(), [](int64_t n) { return n == 0; });
  padding_ = none ? at::Tensor() : at::tensor(padding, at::kLong).to(keys_.front().device());
}

int64_t KvCache::num_free_columns() const { return keys_.front().size(2) - length_; }

int64_t KvCache::num_columns(int64_t num_tokens) const {
  return padded_length(length_ + num_tokens, keys_.front().device());
}

std::pair<at::Tensor, at::Tensor> KvCache::append(int64_t layer, const at::Tensor& k, const at::Tensor& v) {
  const int64_t num_tokens = k.size(2);
  if (num_tokens > num_free_columns()) {
    throw Error("KV cache: full, " + std::to_string(length_) + " tokens held and " + std::to_string(num_tokens) +
                " more, but room for " + std::to_string(max_len_));
  }
  const auto take_in = [&](at::Tensor& held, const at::Tensor& fresh) {
    held.narrow(2, length_, num_tokens).copy_(fresh);
    return held.narrow(2, 0, num_columns(num_tokens));
  };
  const auto index = static_cast<size_t>(layer);
  return {take_in(keys_[index], k), take_in(values_[index], v)};
}

void KvCache::take_from(const KvCache& other, int64_t first) {
  const int64_t num_tokens = other.length_ - first;
  padding_ = other.padding_.defined() ? other.padding_.to(keys_.front().device()) : at::Tensor();
  length_ = other.length_;
  if (num_tokens <= 0) return;
  std::vector<at::Tensor> columns;
  for (const auto* layers : {&other.keys_, &other.values_})
    for (const auto& layer : *layers) columns.push_back(layer.narrow(2, first, num_tokens));
  const at::Tensor all = at::stack(columns).to(keys_.front().options());  // (2 n_layers, B, K, T, D)
  const auto num_layers = static_cast<int64_t>(keys_.size());
  for (int64_t layer = 0; layer < num_layers; ++layer) {
    const auto index = static_cast<size_t>(layer);
    keys_[index].narrow(2, first, num_tokens).copy_(all[layer]);
    values_[index].narrow(2, first, num_tokens).copy_(all[num_layers + layer]);
  }
}

void KvCache::copy_row(int64_t from, int64_t to) {
  if (from == to) return;
  // All columns, used or not: contiguous, and of one shape, whatever the length.
  for (auto* layers : {&keys_, &values_})
    for (at::Tensor& layer : *layers) layer[to].copy_(layer[from]);
  if (padding_.defined()) padding_[to].copy_(padding_[from]);
}

void KvCache::advance(int64_t num_tokens) { length_ += num_tokens; }

}  // namespace ktlm::model
