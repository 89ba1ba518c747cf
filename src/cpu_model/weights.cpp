#include "weights.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

#include "kernels.h"
#include "ktlm/model/weight_files.h"

namespace ktlm::cpu_model {
namespace {

using Tensor = model::SafetensorsFile::Tensor;

// Of the three that model::WeightFiles lets through.
Source source_of(const Tensor& tensor) {
  return tensor.dtype == "F32" ? Source::kFp32 : tensor.dtype == "BF16" ? Source::kBf16 : Source::kFp16;
}

struct RowSource {
  const Tensor* tensor = nullptr;  // null: zeros
  int64_t row = 0;
};

// A matrix to be packed: where its rows come from. Their columns lie in runs of `run`, which go to multiples of `step`.
struct Plan {
  PackedView* place;  // in Weights
  PackedView view;
  std::vector<RowSource> rows;
  int64_t run, step;
};

// The rows of a projection to heads, each head padded to `head` rows.
void add_heads(const Tensor& tensor, int64_t head_dim, int64_t head, std::vector<RowSource>& rows) {
  for (int64_t row = 0; row < tensor.shape[0]; ++row) {
    rows.push_back({&tensor, row});
    if ((row + 1) % head_dim == 0) rows.resize(rows.size() + static_cast<size_t>(head - head_dim));
  }
}

void add_rows(const Tensor& tensor, int64_t padded, std::vector<RowSource>& rows) {
  const size_t end = rows.size() + static_cast<size_t>(padded);
  for (int64_t row = 0; row < tensor.shape[0]; ++row) rows.push_back({&tensor, row});
  rows.resize(end);
}

// By their bits, which vectors compare: neither infinity nor what is no number.
bool are_finite(const float* numbers, int64_t size) {
  constexpr int32_t kInfinity = 0x7F800000, kWithoutSign = 0x7FFFFFFF;
  int32_t largest = 0;
  for (int64_t i = 0; i < size; ++i) largest = std::max(largest, std::bit_cast<int32_t>(numbers[i]) & kWithoutSign);
  return largest < kInfinity;
}

class Packer {
 public:
  Packer(const model::ModelConfig& config, const CpuModel::Tensors& tensors, WeightFormat format)
      : config_(config),
        widths_(config),
        tensors_(tensors),
        format_(format),
        unpacked_rows_(config.tie_embeddings ? 0 : config.vocab_size) {}

  /// Once. The team's threads share the packer, for one may come out of its work when all is done and the caller gone.
  static Weights pack(std::shared_ptr<Packer> packer, ThreadTeam& team, const std::string& where) {
    packer->plan_all();
    packer->allocate(team.num_threads());
    team.run([packer](ThreadTeam::Way& way) {
      for (const Plan& plan : packer->plans_)
        way.share(plan.view.groups, [&](int64_t group) {
          packer->pack_group_of(plan, group, packer->rooms_[static_cast<size_t>(way.thread())]);
        });
      way.share((packer->unpacked_rows_ + kGroupRows - 1) / kGroupRows, [&](int64_t group) {
        packer->check_embedding(group, packer->rooms_[static_cast<size_t>(way.thread())].data());
      });
    });
    packer->refuse_what_is_not_finite(where);
    return std::move(packer->weights_);
  }

 private:
  // Quantized they would come out as plausible numbers.
  void read_checked(const Tensor& tensor, int64_t row, float* to) const {
    read_row(tensor, row, to);
    if (!are_finite(to, tensor.shape.back())) not_finite_ = &tensor;
  }

  void check_embedding(int64_t group, float* room) const {
    const int64_t end = std::min((group + 1) * kGroupRows, unpacked_rows_);
    for (int64_t row = group * kGroupRows; row < end; ++row)
      read_checked(tensor("model.embed_tokens.weight"), row, room);
  }

  void refuse_what_is_not_finite(const std::string& where) const {
    for (const auto& [name, tensor] : tensors_)
      if (&tensor == not_finite_) model::refuse_not_finite(where, name, tensor.dtype);
  }

  const Tensor& tensor(const std::string& name) const { return tensors_.at(name); }

  std::vector<float> norm(const std::string& name, int64_t width) const {
    std::vector<float> values(static_cast<size_t>(width));
    read_checked(tensor(name), 0, values.data());
    return values;
  }

  void plan(PackedView& place, WeightFormat format, std::vector<RowSource> rows, int64_t cols, int64_t run,
            int64_t step) {
    rows.resize(static_cast<size_t>(round_up(static_cast<int64_t>(rows.size()), kGroupRows)));
    const PackedView view{format, static_cast<int64_t>(rows.size()) / kGroupRows, cols, nullptr};
    plans_.push_back({&place, view, std::move(rows), run, step});
  }

  void plan_layer(const std::string& prefix, LayerWeights& layer) {
    const auto named = [&](const char* name) -> const Tensor& { return tensor(prefix + name + ".weight"); };
    const int64_t head_dim = config_.resolved_head_dim(), head = widths_.head, channels = widths_.channels;
    layer.attention_norm = norm(prefix + "input_layernorm.weight", channels);
    layer.feed_forward_norm = norm(prefix + "post_attention_layernorm.weight", channels);
    if (config_.qk_norm) {
      layer.q_norm = norm(prefix + "self_attn.q_norm.weight", head);
      layer.k_norm = norm(prefix + "self_attn.k_norm.weight", head);
    }
    std::vector<RowSource> rows;
    for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"})
      add_heads(named(name), head_dim, head, rows);
    plan(layer.qkv, format_, std::move(rows), channels, config_.d_model, channels);
    rows = {};
    add_rows(named("self_attn.o_proj"), config_.d_model, rows);
    plan(layer.o, format_, std::move(rows), widths_.mixed, head_dim, head);
    rows = {};
    add_rows(named("mlp.gate_proj"), widths_.hidden, rows);
    add_rows(named("mlp.up_proj"), widths_.hidden, rows);
    plan(layer.gate_up, format_, std::move(rows), channels, config_.d_model, channels);
    rows = {};
    add_rows(named("mlp.down_proj"), config_.d_model, rows);
    plan(layer.down, format_, std::move(rows), widths_.hidden, config_.d_ff, widths_.hidden);
  }

  void plan_all() {
    weights_.layers.resize(static_cast<size_t>(config_.n_layers));
    for (int64_t layer = 0; layer < config_.n_layers; ++layer)
      plan_layer("model.layers." + std::to_string(layer) + ".", weights_.layers[static_cast<size_t>(layer)]);
    weights_.final_norm = norm("model.norm.weight", widths_.channels);
    std::vector<RowSource> rows;
    add_rows(tensor(config_.tie_embeddings ? "model.embed_tokens.weight" : "lm_head.weight"), config_.vocab_size, rows);
    // In 4 bits the output layer alone would cost perplexity more than all the others: 2.5 of 3.0 %.
    const WeightFormat format = format_ == WeightFormat::kInt4 ? WeightFormat::kInt8 : format_;
    plan(weights_.head, format, std::move(rows), widths_.channels, config_.d_model, widths_.channels);
  }

  void allocate(int64_t num_threads) {
    int64_t size = 0, cols = 0;
    for (const Plan& plan : plans_) {
      size += plan.view.groups * group_bytes(plan.view.format, plan.view.cols).total();
      cols = std::max(cols, plan.view.cols);
    }
    weights_.memory = PageMemory(size, Pages::kLarge);
    std::byte* next = weights_.memory.data();
    for (Plan& plan : plans_) {
      plan.view.data = next;
      *plan.place = plan.view;
      next += plan.view.groups * group_bytes(plan.view.format, plan.view.cols).total();
    }
    rooms_.assign(static_cast<size_t>(num_threads), std::vector<float>(static_cast<size_t>(kGroupRows * cols)));
  }

  void pack_group_of(const Plan& plan, int64_t group, std::vector<float>& room) const {
    const int64_t cols = plan.view.cols;
    std::fill(room.begin(), room.begin() + kGroupRows * cols, 0.0F);
    const float* rows[kGroupRows];
    for (int64_t lane = 0; lane < kGroupRows; ++lane) {
      float* const row = room.data() + lane * cols;
      const RowSource& source = plan.rows[static_cast<size_t>(group * kGroupRows + lane)];
      if (source.tensor != nullptr) {
        read_checked(*source.tensor, source.row, row);
        spread(row, source.tensor->shape[1], plan.run, plan.step);
      }
      rows[lane] = row;
    }
    pack_group(rows, plan.view, group);
  }

  // Moves the runs of a row apart, the last one first.
  static void spread(float* row, int64_t size, int64_t run, int64_t step) {
    if (run == step) return;
    for (int64_t index = size / run - 1; index > 0; --index) {
      std::copy_backward(row + index * run, row + (index + 1) * run, row + index * step + run);
      std::fill(row + (index - 1) * step + run, row + index * step, 0.0F);
    }
  }

  const model::ModelConfig& config_;  // this one and tensors_ are there while there is something to pack
  Widths widths_;
  const CpuModel::Tensors& tensors_;
  WeightFormat format_;
  int64_t unpacked_rows_;  // of an embedding that is no output layer: only looked through
  Weights weights_;
  std::vector<Plan> plans_;
  std::vector<std::vector<float>> rooms_;                   // for a group's rows; one for each thread
  mutable std::atomic<const Tensor*> not_finite_{nullptr};  // one that holds such numbers
};

}  // namespace

void read_row(const Tensor& tensor, int64_t index, float* to) {
  const int64_t cols = tensor.shape.back();
  const int64_t bytes = cols * (tensor.dtype == "F32" ? 4 : 2);
  widen(tensor.bytes.data() + index * bytes, source_of(tensor), cols, to);
}

Weights pack_weights(const model::ModelConfig& config, const CpuModel::Tensors& tensors, WeightFormat format,
                     ThreadTeam& team, const std::string& where) {
  return Packer::pack(std::make_shared<Packer>(config, tensors, format), team, where);
}

}  // namespace ktlm::cpu_model
