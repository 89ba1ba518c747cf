#include "causal_attention.h"

#include <torch/csrc/autograd/custom_function.h>

#include <ATen/ops/_softmax_backward_data.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "attention_kernels.h"
#include "ktlm/ops/autocast.h"

namespace ktlm::ops {
namespace {

// Queries at a time: on the CPU so few that their scores stay in the cache, on a GPU so many that its cores have work.
constexpr int64_t kCpuChunk = 32, kGpuChunk = 256;

// A chunk of queries: those of a whole group stand in one matrix, since they meet the same keys. N = B * K.
struct Chunk {
  int64_t begin, size;  // queries begin .. begin + size - 1
  int64_t first_key;    // that any of them sees
  int64_t num_keys;     // from there to the last that any of them sees
};

struct Shape {
  int64_t batch, heads, kv_heads, queries, keys, head_dim;
  int64_t group() const { return heads / kv_heads; }
  int64_t rows() const { return batch * kv_heads; }  // N
  double scale() const { return 1 / std::sqrt(static_cast<double>(head_dim)); }
};

Shape shape_of(const at::Tensor& q, const at::Tensor& keys) {
  return {q.size(0), q.size(1), keys.size(1), q.size(2), keys.size(2), q.size(3)};
}

// The first key that queries from `begin` on see in any row. Known on the CPU alone: reading it from a GPU would wait
// for all work that is queued there, and on MPS each length would be a graph of its own. The mask hides the rest.
int64_t first_key_of(int64_t begin, const at::Tensor& text_starts) {
  if (!text_starts.defined() || !text_starts.is_cpu()) return 0;
  return text_starts.select(1, begin).min().item<int64_t>();
}

std::vector<Chunk> chunks_of(const Shape& shape, at::Device device, const at::Tensor& text_starts) {
  const int64_t chunk_size = device.is_cpu() ? kCpuChunk : kGpuChunk;
  std::vector<Chunk> chunks;
  for (int64_t begin = 0; begin < shape.queries; begin += chunk_size) {
    const int64_t size = std::min(chunk_size, shape.queries - begin), first_key = first_key_of(begin, text_starts);
    chunks.push_back({begin, size, first_key, shape.keys - shape.queries + begin + size - first_key});
  }
  return chunks;
}

// (N, G, T, D) -> the chunk's queries, (N, G * C, D), contiguous.
at::Tensor queries_of(const at::Tensor& x, const Chunk& chunk) {
  return x.narrow(2, chunk.begin, chunk.size).reshape({x.size(0), -1, x.size(3)});
}

// The keys or values that a chunk sees: a view of (N, L, D) on the CPU, contiguous elsewhere: MPS's matrix products
// have misread strided operands (pytorch #162730, #162779).
at::Tensor seen_by(const at::Tensor& x, const Chunk& chunk) {
  const auto seen = x.narrow(1, chunk.first_key, chunk.num_keys);
  return x.is_cpu() ? seen : seen.contiguous();
}

// What the probabilities come from, in fp32: a score rounded to bf16 is off by up to its 256th part, and the softmax
// takes that into the exponent. So this one product in three runs in fp32.
struct ScoreInputs {
  at::Tensor queries;      // (N, G, T, D), scaled
  at::Tensor keys;         // (N, L, D)
  at::Tensor future;       // (C, C): -infinity above the diagonal, for the largest chunk
  at::Tensor text_starts;  // (B, T) int64, or undefined
};

ScoreInputs score_inputs(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& text_starts, const Shape& s,
                         const std::vector<Chunk>& chunks) {
  const int64_t size = chunks.front().size;
  return {(q.to(at::kFloat) * s.scale()).view({s.rows(), s.group(), s.queries, s.head_dim}),
          keys.to(at::kFloat).reshape({s.rows(), s.keys, s.head_dim}),
          at::full({size, size}, -std::numeric_limits<float>::infinity(), q.options().dtype(at::kFloat)).triu_(1),
          text_starts};
}

// (B, 1, C, num_keys): whether the key stands before the text of the query. Made anew for each layer: for all chunks
// together it would grow with the square of the context.
at::Tensor earlier_texts(const at::Tensor& text_starts, const Chunk& chunk) {
  const auto key = at::arange(chunk.first_key, chunk.first_key + chunk.num_keys, text_starts.options());
  return key.lt(text_starts.narrow(1, chunk.begin, chunk.size).unsqueeze(-1)).unsqueeze(1);
}

// (N, G * C, num_keys) fp32.
at::Tensor probabilities(const ScoreInputs& inputs, const Chunk& chunk) {
  const auto queries = queries_of(inputs.queries, chunk);
  auto scores = at::bmm(queries, seen_by(inputs.keys, chunk).transpose(1, 2));
  // Only the chunk's own positions, the last columns, can lie in a query's future.
  scores.view({queries.size(0), -1, chunk.size, chunk.num_keys})
      .narrow(3, chunk.num_keys - chunk.size, chunk.size)
      .add_(inputs.future.narrow(0, 0, chunk.size).narrow(1, 0, chunk.size));
  if (inputs.text_starts.defined()) {
    scores.view({inputs.text_starts.size(0), -1, chunk.size, chunk.num_keys})
        .masked_fill_(earlier_texts(inputs.text_starts, chunk), -std::numeric_limits<double>::infinity());
  }
  return at::softmax(scores, -1);
}

// Autocast would cast the fp32 operands of what follows; these choose their dtypes themselves.
AutocastGuard no_autocast(const at::Tensor& x) { return {x.device(), at::kFloat}; }

at::Tensor forward_pass(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                        const at::Tensor& text_starts) {
  const auto guard = no_autocast(q);
  const Shape s = shape_of(q, keys);
  const auto v = values.reshape({s.rows(), s.keys, s.head_dim});
  const auto chunks = chunks_of(s, q.device(), text_starts);
  const auto inputs = score_inputs(q, keys, text_starts, s, chunks);
  auto out = at::empty({s.batch, s.queries, s.heads, s.head_dim}, q.options().requires_grad(false));
  for (const auto& chunk : chunks) {
    const auto p = probabilities(inputs, chunk);
    const auto mixed = at::bmm(p.to(v.scalar_type()), seen_by(v, chunk));  // (N, G * C, D)
    out.narrow(1, chunk.begin, chunk.size)
        .copy_(mixed.view({s.batch, s.heads, chunk.size, s.head_dim}).transpose(1, 2));
  }
  return out;
}

struct CausalAttention : torch::autograd::Function<CausalAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& keys,
                            const at::Tensor& values, const std::optional<at::Tensor>& given_text_starts) {
    const auto text_starts = given_text_starts.value_or(at::Tensor());
    context->save_for_backward({q, keys, values, text_starts});
    return forward_pass(q, keys, values, text_starts);
  }

  // With P = softmax(S), S = scale q k^T, O = P V:  dV = P^T dO;  dS = softmax'(dO V^T);  dq = scale dS k;
  // dk = scale dS^T q.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &keys = saved[1], &values = saved[2], &text_starts = saved[3];
    const auto guard = no_autocast(q);
    const Shape s = shape_of(q, keys);
    const auto grouped = q.view({s.rows(), s.group(), s.queries, s.head_dim});
    const auto k = keys.reshape({s.rows(), s.keys, s.head_dim}), v = values.reshape({s.rows(), s.keys, s.head_dim});
    const auto dout = grads[0].transpose(1, 2).contiguous().view(grouped.sizes());  // (N, G, T, D)
    const auto chunks = chunks_of(s, q.device(), text_starts);
    const auto inputs = score_inputs(q, keys, text_starts, s, chunks);
    auto dq = at::empty_like(grouped);
    auto dk = at::zeros(k.sizes(), k.options().dtype(at::kFloat));
    auto dv = at::zeros(v.sizes(), v.options().dtype(at::kFloat));
    for (const auto& chunk : chunks) {
      const auto dmixed = queries_of(dout, chunk);
      const auto p = probabilities(inputs, chunk);
      dv.narrow(1, chunk.first_key, chunk.num_keys).add_(at::bmm(p.to(v.scalar_type()).transpose(1, 2), dmixed));
      const auto dp = at::bmm(dmixed, seen_by(v, chunk).transpose(1, 2)).to(at::kFloat);
      const auto dscores = at::_softmax_backward_data(dp, p, -1, at::kFloat).to(q.scalar_type());
      dq.narrow(2, chunk.begin, chunk.size)
          .copy_(at::bmm(dscores, seen_by(k, chunk)).view({s.rows(), s.group(), chunk.size, s.head_dim}));
      dk.narrow(1, chunk.first_key, chunk.num_keys).add_(at::bmm(dscores.transpose(1, 2), queries_of(grouped, chunk)));
    }
    return {dq.mul_(s.scale()).view(q.sizes()), dk.mul_(s.scale()).to(k.scalar_type()).view(keys.sizes()),
            dv.to(v.scalar_type()).view(values.sizes()), at::Tensor()};
  }
};

// The same on the CPU in kernels of our own.
struct FusedCausalAttention : torch::autograd::Function<FusedCausalAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& keys,
                            const at::Tensor& values, const std::optional<at::Tensor>& given_text_starts) {
    const auto text_starts = given_text_starts.value_or(at::Tensor());
    const auto result = attention_forward({q, keys, values, text_starts});
    context->save_for_backward({q, keys, values, text_starts, result.out, result.log_sums});
    return result.out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto [dq, dk, dv] =
        attention_backward({saved[0], saved[1], saved[2], saved[3]}, {saved[4], saved[5]}, grads[0]);
    return {dq, dk, dv, at::Tensor()};
  }
};

template <class Attention>
at::Tensor apply(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const at::Tensor& text_starts) {
  // apply() takes no undefined tensors.
  return Attention::apply(q, keys, values,
                          text_starts.defined() ? std::optional(text_starts) : std::optional<at::Tensor>());
}

}  // namespace

at::Tensor causal_attention(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values,
                            const at::Tensor& text_starts) {
  const bool differentiate =
      at::GradMode::is_enabled() && (q.requires_grad() || keys.requires_grad() || values.requires_grad());
  if (has_attention_kernels(q, keys, values)) {
    return differentiate ? apply<FusedCausalAttention>(q, keys, values, text_starts)
                         : attention_forward({q, keys, values, text_starts}).out;
  }
  return differentiate ? apply<CausalAttention>(q, keys, values, text_starts)
                       : forward_pass(q, keys, values, text_starts);
}

}  // namespace ktlm::ops
