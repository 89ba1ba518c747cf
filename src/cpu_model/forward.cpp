#include "forward.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ktlm/model/rotary_scaling.h"

namespace ktlm::cpu_model {
namespace {

// Tokens of one text, one behind the other, whose queries attention takes together.
struct TokenGroup {
  int64_t begin, end;
};

class Forward {
 public:
  Forward(const Block& block, ThreadTeam::Way& way)
      : block_(block),
        config_(*block.config),
        widths_(config_),
        space_(*block.space),
        way_(way),
        num_tokens_(static_cast<int64_t>(block.tokens.size())),
        groups_(token_groups()) {}

  void run() {
    share_tokens([this](int64_t token) { embed(token); });
    for (int64_t layer = 0; layer < config_.n_layers; ++layer) {
      const LayerWeights& weights = block_.weights->layers[static_cast<size_t>(layer)];
      product(weights.qkv, space_.normed, space_.qkv.data(), widths_.qkv, Output::kReplace,
              [&](int64_t token) { remember(weights, layer, token); });
      if (layer == config_.n_layers - 1) keep_last_tokens();
      if (num_tokens_ == 0) return;
      attention(layer);
      product(weights.o, space_.mixed, space_.x.data(), widths_.channels, Output::kAdd,
              [&](int64_t token) { norm(weights.feed_forward_norm, token); });
      product(weights.gate_up, space_.normed, space_.gate_up.data(), 2 * widths_.hidden, Output::kReplace,
              [&](int64_t token) { gate(token); });
      const bool last = layer == config_.n_layers - 1;
      const std::vector<float>& next =
          last ? block_.weights->final_norm : block_.weights->layers[static_cast<size_t>(layer + 1)].attention_norm;
      product(weights.down, space_.gated, space_.x.data(), widths_.channels, Output::kAdd,
              [&](int64_t token) { norm(next, token); });
    }
    product(block_.weights->head, space_.normed, block_.logits, widths_.vocab, Output::kReplace, [](int64_t) {});
  }

 private:
  float* x(int64_t token) const { return space_.x.data() + token * widths_.channels; }
  float* qkv(int64_t token) const { return space_.qkv.data() + token * widths_.qkv; }
  const BlockToken& place(int64_t token) const { return block_.tokens[static_cast<size_t>(original(token))]; }
  // Behind keep_last_tokens: which of the block's tokens it was.
  int64_t original(int64_t token) const { return only_last_ ? block_.last_tokens[static_cast<size_t>(token)] : token; }

  // Few tokens are over before another thread has noticed that there is something to do.
  bool are_few() const { return num_tokens_ <= 2; }

  template <class F>
  void share_tokens(const F& of_token) {
    constexpr int64_t kSome = 4;
    way_.share((num_tokens_ + kSome - 1) / kSome, [&](int64_t part) {
      const int64_t end = std::min((part + 1) * kSome, num_tokens_);
      for (int64_t token = part * kSome; token < end; ++token) of_token(token);
    });
  }

  // A step, and what follows for each token.
  template <class DoPart, class F>
  void step(int64_t num_parts, const DoPart& do_part, const F& then_of_token) {
    if (are_few()) {
      way_.share(num_parts, do_part, [&] {
        for (int64_t token = 0; token < num_tokens_; ++token) then_of_token(token);
      });
    } else {
      way_.share(num_parts, do_part);
      share_tokens(then_of_token);
    }
  }

  template <class F>
  void product(const PackedView& weights, const Activations& x, float* y, int64_t y_cols, Output output,
               const F& then_of_token) {
    // Some parts for each thread, so that one that comes late, or is slower, takes less.
    const int64_t num_parts = block_.num_threads == 1 ? 1 : std::min(weights.groups, 4 * block_.num_threads);
    step(
        num_parts,
        [&](int64_t part) {
          multiply(weights, weights.groups * part / num_parts, weights.groups * (part + 1) / num_parts, x, num_tokens_,
                   y, y_cols, output);
        },
        then_of_token);
  }

  void norm(const std::vector<float>& weight, int64_t token) {
    rms_norm(x(token), weight.data(), config_.d_model, static_cast<float>(config_.norm_eps), space_.normed.row(token));
    space_.normed.take_in(token);
  }

  void embed(int64_t token) {
    float* const row = x(token);
    read_row(*block_.embedding, place(token).id, row);
    if (block_.format == WeightFormat::kBf16) {  // as the output layer that may share them
      for (int64_t i = 0; i < config_.d_model; ++i) row[i] = rounded_to_bf16(row[i]);
    }
    norm(block_.weights->layers.front().attention_norm, token);
    // In fp32 throughout, as model::LanguageModel's table.
    const int64_t half = config_.resolved_head_dim() / 2;
    const auto theta = static_cast<float>(config_.rope_theta);
    for (int64_t i = 0; i < half; ++i) {
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(2 * half);
      const float frequency = model::scaled_frequency(1 / std::pow(theta, exponent), config_);
      const float angle = static_cast<float>(place(token).position) * frequency;
      space_.cos[static_cast<size_t>(token * half + i)] = std::cos(angle);
      space_.sin[static_cast<size_t>(token * half + i)] = std::sin(angle);
    }
  }

  static float rounded_to_bf16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    return std::bit_cast<float>((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
  }

  // Turns queries and keys, and takes keys and values into the cache.
  void remember(const LayerWeights& weights, int64_t layer, int64_t token) {
    const int64_t head_dim = config_.resolved_head_dim(), half = head_dim / 2;
    const float *cos = space_.cos.data() + token * half, *sin = space_.sin.data() + token * half;
    float* head = qkv(token);
    for (int64_t index = 0; index < config_.n_heads + config_.n_kv_heads; ++index, head += widths_.head) {
      const std::vector<float>& norm = index < config_.n_heads ? weights.q_norm : weights.k_norm;
      if (!norm.empty()) rms_norm(head, norm.data(), head_dim, static_cast<float>(config_.norm_eps), head);
      rotate(head, cos, sin, half);
    }
    const auto& [id, text, position] = place(token);
    const float* const keys = qkv(token) + config_.n_heads * widths_.head;
    const float* const values = keys + config_.n_kv_heads * widths_.head;
    for (int64_t index = 0; index < config_.n_kv_heads; ++index) {
      store_key(keys + index * widths_.head, widths_.head, position, block_.cache->keys(layer, text, index));
      store_value(values + index * widths_.head, widths_.head, position, block_.cache->values(layer, text, index));
    }
  }

  // Behind the last layer's keys and values only the tokens are left whose logits are wanted.
  void keep_last_tokens() {
    const auto& last = block_.last_tokens;
    if (last.size() == block_.tokens.size()) return;
    way_.share(
        1, [](int64_t) {},
        [&] {
          for (size_t i = 0; i < last.size(); ++i) {
            const auto to = static_cast<int64_t>(i);
            if (last[i] == to) continue;
            std::copy_n(x(last[i]), widths_.channels, x(to));
            std::copy_n(qkv(last[i]), widths_.qkv, qkv(to));
          }
        });
    num_tokens_ = static_cast<int64_t>(last.size());
    only_last_ = true;
    groups_ = token_groups();
  }

  std::vector<TokenGroup> token_groups() const {
    const int64_t most = std::max<int64_t>(1, kMaxQueries / (config_.n_heads / config_.n_kv_heads));
    std::vector<TokenGroup> groups;
    for (int64_t token = 0; token < num_tokens_; ++token) {
      const bool joins = !groups.empty() && place(token).text == place(token - 1).text &&
                         token - groups.back().begin < most && !only_last_;
      if (joins) {
        ++groups.back().end;
      } else {
        groups.push_back({token, token + 1});
      }
    }
    return groups;
  }

  void attention(int64_t layer) {
    const int64_t kv_heads = config_.n_kv_heads;
    step(
        static_cast<int64_t>(groups_.size()) * kv_heads,
        [&](int64_t part) { attend_group(layer, groups_[static_cast<size_t>(part / kv_heads)], part % kv_heads); },
        [&](int64_t token) { space_.mixed.take_in(token); });
  }

  void attend_group(int64_t layer, const TokenGroup& group, int64_t kv_head) {
    const int64_t per_key = config_.n_heads / config_.n_kv_heads, text = place(group.begin).text;
    const float scale = 1 / std::sqrt(static_cast<float>(config_.resolved_head_dim()));
    Query queries[kMaxQueries];
    int64_t count = 0;
    const auto take = [&] {
      attend(queries, count, block_.cache->keys(layer, text, kv_head), block_.cache->values(layer, text, kv_head),
             widths_.head, scale, block_.scores[way_.thread()].data());
      count = 0;
    };
    for (int64_t token = group.begin; token < group.end; ++token) {
      for (int64_t head = kv_head * per_key; head < (kv_head + 1) * per_key; ++head) {
        if (count == kMaxQueries) take();
        queries[count++] = {qkv(token) + head * widths_.head, place(token).position + 1,
                            space_.mixed.row(token) + head * widths_.head};
      }
    }
    take();
  }

  void gate(int64_t token) {
    const float* const gates = space_.gate_up.data() + token * 2 * widths_.hidden;
    swiglu(gates, gates + widths_.hidden, widths_.hidden, space_.gated.row(token));
    space_.gated.take_in(token);
  }

  const Block& block_;
  const model::ModelConfig& config_;
  Widths widths_;
  Workspace& space_;
  ThreadTeam::Way& way_;
  int64_t num_tokens_;  // that are still on their way
  bool only_last_ = false;
  std::vector<TokenGroup> groups_;  // of these
};

}  // namespace

Workspace::Workspace(const model::ModelConfig& config, WeightFormat format, int64_t most_tokens)
    : capacity(most_tokens),
      x(static_cast<size_t>(most_tokens * Widths(config).channels)),
      qkv(static_cast<size_t>(most_tokens * Widths(config).qkv)),
      gate_up(static_cast<size_t>(most_tokens * 2 * Widths(config).hidden)),
      cos(static_cast<size_t>(most_tokens * config.resolved_head_dim() / 2)),
      sin(cos.size()),
      normed(format, most_tokens, Widths(config).channels),
      mixed(format, most_tokens, Widths(config).mixed),
      gated(format, most_tokens, Widths(config).hidden) {}

void forward(const Block& block, ThreadTeam::Way& way) { Forward(block, way).run(); }

}  // namespace ktlm::cpu_model
