#include "attention_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "ktlm/ops/linear_cross_entropy.h"
#include "parallel_tasks.h"
#include "row_kernels.h"

// Highway compiles the rest once for each kind of vector unit; foreach_target.h includes it again by this name. Tiles
// of sums are arrays of vectors, which those of no fixed size do not allow.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention_kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include "vectors-inl.h"
#include "word_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ktlm::ops::HWY_NAMESPACE {
namespace {

// Queries and keys at a time: the products of a block have their operands in the first cache.
constexpr int64_t kQueries = 64, kKeys = 64;

// x (B, H, T, D) -> (T, D) of head `head` of all B * H.
template <class T>
Matrix<const T> head_of(const at::Tensor& x, int64_t head) {
  return {x.const_data_ptr<T>() + head / x.size(1) * x.stride(0) + head % x.size(1) * x.stride(1), x.stride(2),
          x.size(2)};
}
template <class T>
Matrix<T> mutable_head_of(const at::Tensor& x, int64_t head) {
  return {x.mutable_data_ptr<T>() + head / x.size(1) * x.stride(0) + head % x.size(1) * x.stride(1), x.stride(2),
          x.size(2)};
}

HWY_INLINE V gather(const float* p, int64_t stride) {
  const hn::RebindToSigned<Floats> indices;
  return hn::GatherIndex(d, p, hn::Mul(hn::Iota(indices, 0), hn::Set(indices, static_cast<int32_t>(stride))));
}

// Vectors of two neighbouring rows, `even` and the one behind, at column i of joined rows of kQueries values.
HWY_INLINE void store_joined(V first, V second, int64_t even, int64_t i, uint32_t* joined) {
  uint32_t* const to = joined + even * kQueries + i;
  hn::StoreU(hn::BitCast(Bits32(), first), Bits32(), to);
  hn::StoreU(hn::BitCast(Bits32(), second), Bits32(), to + kQueries);
}
HWY_INLINE void store_joined(hn::Vec<Bits16> first, hn::Vec<Bits16> second, int64_t even, int64_t i, uint32_t* joined) {
  const auto upper = hn::ShiftLeft<16>(hn::PromoteTo(Bits32(), second));
  hn::StoreU(hn::Or(hn::PromoteTo(Bits32(), first), upper), Bits32(), joined + even / 2 * kQueries + i);
}

// A block of queries of one head, and the keys that they see.
struct Block {
  int64_t begin, size;         // of the queries
  int64_t first_key, end_key;  // that any of them sees; the first is even, as joined rows ask
  float first_keys[kQueries];  // that each sees, as numbers to compare in vectors
  float last_keys[kQueries];   // none where the block is not full
  int64_t num_keys() const { return end_key - first_key; }
};

Block block_at(int64_t begin, int64_t num_queries, int64_t num_keys, const int64_t* text_starts) {
  Block block;
  block.begin = begin;
  block.size = std::min(kQueries, num_queries - begin);
  block.end_key = num_keys - num_queries + begin + block.size;
  block.first_key = text_starts == nullptr ? 0 : text_starts[begin] & ~int64_t{1};
  for (int64_t i = 0; i < kQueries; ++i) {
    const bool full = i < block.size;
    block.first_keys[i] = static_cast<float>(full && text_starts != nullptr ? text_starts[begin + i] : 0);
    block.last_keys[i] = static_cast<float>(full ? num_keys - num_queries + begin + i : -1);
  }
  return block;
}

// Which of the queries i .. see a key.
HWY_INLINE hn::Mask<Floats> sees(const Block& block, int64_t i, int64_t key) {
  const V position = set(static_cast<float>(key));
  return hn::And(hn::Ge(position, load(block.first_keys + i)), hn::Le(position, load(block.last_keys + i)));
}

// scores (num_keys, kQueries), unscaled -> exponentials of what they lie below their query's maximum, joined; their
// sums, and maxima, scaled.
template <class Kind>
void exponentials(const Block& block, float scale, const float* scores, uint32_t* joined, float* sums, float* maxima) {
  const V lowest = set(std::numeric_limits<float>::lowest());
  for_each_vector(kQueries, [&](int64_t i) HWY_ATTR {
    V largest = lowest, total = hn::Zero(d);
    for (int64_t l = 0; l < block.num_keys(); ++l) {
      const V score = hn::IfThenElse(sees(block, i, block.first_key + l), load(scores + l * kQueries + i), lowest);
      largest = hn::Max(largest, score);
      // Maximum and exponential would lose what is not a number.
      total = hn::IfThenElse(hn::IsNaN(score), score, total);
    }
    largest = hn::Mul(largest, set(scale));
    const auto exponential = [&](int64_t l) HWY_ATTR {
      const V below = hn::MulSub(load(scores + l * kQueries + i), set(scale), largest);
      return hn::IfThenElseZero(sees(block, i, block.first_key + l), hn::Exp(d, below));
    };
    for (int64_t l = 0; l < block.num_keys(); l += 2) {
      const V first = exponential(l), second = exponential(l + 1);
      total = hn::Add(total, hn::Add(first, second));
      store_joined(Kind::round(first), Kind::round(second), l, i, joined);
    }
    store(total, sums + i);
    store(largest, maxima + i);
  });
}

// rows[i] = column i of `columns`, (size, kQueries), times factors[i].
template <class T>
void store_columns(const float* columns, int64_t size, int64_t num_rows, const float* factors, const Matrix<T>& rows) {
  for (int64_t i = 0; i < num_rows; ++i) {
    for_each_vector(size, [&](int64_t c) HWY_ATTR {
      store(hn::Mul(gather(columns + c * kQueries + i, kQueries), set(factors[i])), rows.row(i) + c);
    });
  }
}

template <class Kind>
void forward_head(const AttentionInputs& in, const at::Tensor& turned_values, const AttentionResult& result,
                  int64_t head) {
  using T = typename Kind::Value;
  const int64_t kv_head = in.kv_head_of(head), num_queries = in.q.size(2), num_keys = in.keys.size(2);
  const int64_t size = in.q.size(3), words = words_for<T>(size);
  const auto q = head_of<const T>(in.q, head), k = head_of<const T>(in.keys, kv_head);
  const auto v = head_of<const T>(turned_values, kv_head);
  const auto out = mutable_head_of<T>(result.out.transpose(1, 2), head);
  float* const log_sums = result.log_sums.mutable_data_ptr<float>() + head * num_queries;
  // One key more than there are: they go in pairs.
  const Scratch<uint32_t> turned_q(words, kQueries), p(num_keys + 1, kQueries);
  const Scratch<float> scores(num_keys + 1, kQueries), mixed(size, kQueries);
  float sums[kQueries], maxima[kQueries];
  for (int64_t begin = 0; begin < num_queries; begin += kQueries) {
    const Block block = block_at(begin, num_queries, num_keys, in.starts_of(head));
    transpose_words(q, begin, kQueries, words, turned_q);
    multiply<Kind>(k.row(block.first_key), k.stride, turned_q, scores, {block.num_keys(), kQueries, words});
    exponentials<Kind>(block, in.scale(), scores, p, sums, maxima);
    multiply<Kind>(v.data + block.first_key, v.stride, p, mixed, {size, kQueries, words_for<T>(block.num_keys())});
    for (int64_t i = 0; i < block.size; ++i) {
      log_sums[begin + i] = maxima[i] + std::log(sums[i]);
      sums[i] = 1 / sums[i];
    }
    store_columns(mixed, size, block.size, sums, Matrix<T>{out.row(begin), out.stride, block.size});
  }
}

// Memory for one block of queries and one of keys at a time.
template <class T>
struct BackwardScratch {
  explicit BackwardScratch(int64_t size)
      : turned_q(words_for<T>(size), kQueries),
        turned_dout(words_for<T>(size), kQueries),
        joined_q(kQueries, size),
        joined_dout(kQueries, size),
        joined_ds(kKeys, kQueries),
        scores(kKeys, kQueries),
        dp(kKeys, kQueries),
        dq(size, kQueries),
        p(kKeys, kQueries),
        ds(kKeys, kQueries) {}

  Scratch<uint32_t> turned_q, turned_dout;  // (size in words, kQueries)
  Scratch<uint32_t> joined_q, joined_dout;  // (kQueries in words, size)
  Scratch<uint32_t> joined_ds;              // (kKeys in words, kQueries)
  Scratch<float> scores, dp;                // (kKeys, kQueries)
  Scratch<float> dq;                        // (size, kQueries)
  Scratch<T> p, ds;                         // (kKeys, kQueries)
  float log_sums[kQueries], deltas[kQueries];
};

// Logarithms of sums, and rowsum(dO O), of the queries begin .. ; those behind the last repeat it.
template <class T>
void read_sums(const float* log_sums, const Matrix<const T>& dout, const Matrix<const T>& out, int64_t begin,
               int64_t size, BackwardScratch<T>& scratch) {
  for (int64_t i = 0; i < kQueries; ++i) {
    const int64_t query = std::min(begin + i, out.num_rows - 1);
    const T *const slope = dout.row(query), *const value = out.row(query);
    V products = hn::Zero(d);
    for_each_vector(size,
                    [&](int64_t c) HWY_ATTR { products = hn::MulAdd(load(slope + c), load(value + c), products); });
    scratch.log_sums[i] = log_sums[query];
    scratch.deltas[i] = sum(products);
  }
}

// P and dS / scale of the keys `key` .. key + num_keys - 1, from their scores and dP.
template <class Kind>
void probabilities_and_slopes(const Block& block, float scale, int64_t key, int64_t num_keys,
                              BackwardScratch<typename Kind::Value>& scratch) {
  for_each_vector(kQueries, [&](int64_t i) HWY_ATTR {
    const V log_sum = load(scratch.log_sums + i), delta = load(scratch.deltas + i);
    const auto slope_of = [&](int64_t l) HWY_ATTR {
      const int64_t at = l * kQueries + i;
      const auto seen = sees(block, i, key + l);
      const V exponent = hn::MulSub(load(scratch.scores + at), set(scale), log_sum);
      const V probability = hn::IfThenElseZero(seen, hn::Exp(d, exponent));
      const V slope = hn::IfThenElseZero(seen, hn::Mul(probability, hn::Sub(load(scratch.dp + at), delta)));
      const auto rounded = Kind::round(slope);
      store_rounded(Kind::round(probability), scratch.p + at);
      store_rounded(rounded, scratch.ds + at);
      return rounded;
    };
    for (int64_t l = 0; l < num_keys; l += 2) {
      const auto first = slope_of(l), second = slope_of(l + 1);
      store_joined(first, second, l, i, scratch.joined_ds);
    }
  });
}

// With P = softmax(S), S = scale q k^T, O = P V:  dV = P^T dO;  dS = P (dO V^T - rowsum(dO O));  dq = scale dS k;
// dk = scale dS^T q. Of dk and dv, (B, H, L, D) fp32, it writes the head's part, of dk without the scale.
template <class Kind>
void backward_head(const AttentionInputs& in, const at::Tensor& turned_keys, const AttentionResult& result,
                   const at::Tensor& dresult, const AttentionGradients& gradients, int64_t head) {
  using T = typename Kind::Value;
  const int64_t kv_head = in.kv_head_of(head), num_queries = in.q.size(2), num_keys = in.keys.size(2);
  const int64_t size = in.q.size(3), words = words_for<T>(size);
  const auto q = head_of<const T>(in.q, head), k = head_of<const T>(in.keys, kv_head);
  const auto v = head_of<const T>(in.values, kv_head), columns_of_k = head_of<const T>(turned_keys, kv_head);
  const auto out = head_of<const T>(result.out.transpose(1, 2), head);
  const auto dout = head_of<const T>(dresult.transpose(1, 2), head);
  const auto dq = mutable_head_of<T>(gradients.dq, head);
  float* const dk = mutable_head_of<float>(gradients.dk, head).data;
  float* const dv = mutable_head_of<float>(gradients.dv, head).data;
  std::fill_n(dk, num_keys * size, 0.0F);
  std::fill_n(dv, num_keys * size, 0.0F);
  const float* const log_sums = result.log_sums.const_data_ptr<float>() + head * num_queries;
  BackwardScratch<T> scratch(size);
  float scales[kQueries];
  std::fill_n(scales, kQueries, in.scale());
  for (int64_t begin = 0; begin < num_queries; begin += kQueries) {
    const Block block = block_at(begin, num_queries, num_keys, in.starts_of(head));
    transpose_words(q, begin, kQueries, words, scratch.turned_q);
    transpose_words(dout, begin, kQueries, words, scratch.turned_dout);
    join_rows(q, begin, kQueries, size, scratch.joined_q);
    join_rows(dout, begin, kQueries, size, scratch.joined_dout);
    read_sums(log_sums, dout, out, begin, size, scratch);
    std::fill_n(static_cast<float*>(scratch.dq), size * kQueries, 0.0F);
    for (int64_t key = block.first_key; key < block.end_key; key += kKeys) {
      const int64_t n = std::min(kKeys, block.end_key - key);
      multiply<Kind>(k.row(key), k.stride, scratch.turned_q, scratch.scores, {n, kQueries, words});
      multiply<Kind>(v.row(key), v.stride, scratch.turned_dout, scratch.dp, {n, kQueries, words});
      probabilities_and_slopes<Kind>(block, in.scale(), key, n, scratch);
      const ProductSize of_keys{n, size, words_for<T>(kQueries)};
      multiply_add<Kind>(scratch.p, kQueries, scratch.joined_dout, dv + key * size, of_keys);
      multiply_add<Kind>(scratch.ds, kQueries, scratch.joined_q, dk + key * size, of_keys);
      multiply_add<Kind>(columns_of_k.data + key, columns_of_k.stride, scratch.joined_ds, scratch.dq,
                         {size, kQueries, words_for<T>(n)});
    }
    store_columns(scratch.dq, size, block.size, scales, Matrix<T>{dq.row(begin), dq.stride, block.size});
  }
}

// x (B, K, L, D) -> turned (B, K, D, at least L): the rows of one head as columns.
template <class T>
void turn(const at::Tensor& x, const at::Tensor& turned, int64_t head) {
  const int64_t size = x.size(3), num_words = words_for<T>(turned.size(3));
  const Scratch<uint32_t> joined(num_words, size);
  join_rows(head_of<const T>(x, head), 0, turned.size(3), size, joined);
  auto* const to = reinterpret_cast<uint32_t*>(mutable_head_of<T>(turned, head).data);
  transpose_words(Matrix<const uint32_t>{joined, size, num_words}, 0, num_words, size, to);
}

// parts (B, H, L, D) fp32 -> whole (B, K, L, D): the sum over the heads of one group, times `factor`.
template <class T>
void sum_group(const at::Tensor& parts, float factor, const at::Tensor& whole, int64_t kv_head) {
  const int64_t group = parts.size(1) / whole.size(1), size = whole.size(3);
  const auto first = head_of<float>(parts, kv_head * group);
  const auto to = mutable_head_of<T>(whole, kv_head);
  for (int64_t row = 0; row < first.num_rows; ++row) {
    for_each_vector(size, [&](int64_t c) HWY_ATTR {
      V total = load(first.row(row) + c);
      for (int64_t g = 1; g < group; ++g) total = hn::Add(total, load(first.row(g * first.num_rows + row) + c));
      store(hn::Mul(total, set(factor)), to.row(row) + c);
    });
  }
}

// Calls f with a null pointer to the kind of words.
template <class F>
void with_kind(const at::Tensor& x, F&& f) {
  if (x.scalar_type() == at::kFloat) return f(static_cast<Fp32Words*>(nullptr));
#if KTLM_MAY_HAVE_BF16_DOT
  if (__builtin_cpu_supports("avx512bf16")) return f(static_cast<Bf16DotWords*>(nullptr));
#endif
  f(static_cast<Bf16Words*>(nullptr));
}
template <class Pointer>
using Pointed = std::remove_pointer_t<Pointer>;

}  // namespace

void forward_head_of_any(const AttentionInputs& in, const at::Tensor& turned_values, const AttentionResult& result,
                         int64_t head) {
  with_kind(in.q, [&](auto* kind) { forward_head<Pointed<decltype(kind)>>(in, turned_values, result, head); });
}

void backward_head_of_any(const AttentionInputs& in, const at::Tensor& turned_keys, const AttentionResult& result,
                          const at::Tensor& dout, const AttentionGradients& gradients, int64_t head) {
  with_kind(in.q, [&](auto* kind) {
    backward_head<Pointed<decltype(kind)>>(in, turned_keys, result, dout, gradients, head);
  });
}

void turn_of_any(const at::Tensor& x, const at::Tensor& turned, int64_t head) {
  with_kind(x, [&](auto* kind) { turn<typename Pointed<decltype(kind)>::Value>(x, turned, head); });
}

void sum_group_of_any(const at::Tensor& parts, float factor, const at::Tensor& whole, int64_t kv_head) {
  with_kind(whole,
            [&](auto* kind) { sum_group<typename Pointed<decltype(kind)>::Value>(parts, factor, whole, kv_head); });
}

}  // namespace ktlm::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ktlm::ops {

HWY_EXPORT(forward_head_of_any);
HWY_EXPORT(backward_head_of_any);
HWY_EXPORT(turn_of_any);
HWY_EXPORT(sum_group_of_any);

namespace {

// Words are read from rows: a row's values follow each other, and each row begins with a whole word.
at::Tensor with_whole_words(const at::Tensor& x) {
  const auto odd = [](int64_t stride) { return stride % 2 != 0; };
  const bool suits =
      x.stride(3) == 1 && !odd(x.stride(0)) && !odd(x.stride(1)) && !odd(x.stride(2)) && !odd(x.storage_offset());
  return suits ? x : x.contiguous();
}

AttentionInputs readable(const AttentionInputs& in) {
  return {with_whole_words(in.q), with_whole_words(in.keys), with_whole_words(in.values),
          in.text_starts.defined() ? in.text_starts.contiguous() : at::Tensor()};
}

// (B, K, L, D) -> (B, K, D, L rounded up): a product's operand for sums over the keys.
at::Tensor turn(const at::Tensor& x) {
  constexpr int64_t kMultiple = 64;  // whole vectors of words, read by the last block of keys
  const int64_t length = (x.size(2) + kMultiple - 1) / kMultiple * kMultiple;
  const at::Tensor turned = at::empty({x.size(0), x.size(1), x.size(3), length}, x.options().requires_grad(false));
  for_each_task(x.size(0) * x.size(1), [&](int64_t head) { HWY_DYNAMIC_DISPATCH(turn_of_any)(x, turned, head); });
  return turned;
}

}  // namespace

float AttentionInputs::scale() const { return 1 / std::sqrt(static_cast<float>(q.size(3))); }

const int64_t* AttentionInputs::starts_of(int64_t head) const {
  return text_starts.defined() ? text_starts.const_data_ptr<int64_t>() + head / q.size(1) * q.size(2) : nullptr;
}

int64_t AttentionInputs::kv_head_of(int64_t head) const { return head / (q.size(1) / keys.size(1)); }

bool has_attention_kernels(const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values) {
  return q.is_cpu() && is_row_kernel_dtype(q.scalar_type()) && keys.scalar_type() == q.scalar_type() &&
         values.scalar_type() == q.scalar_type() && q.numel() > 0 && q.size(3) % kRowKernelMultiple == 0;
}

AttentionResult attention_forward(const AttentionInputs& inputs) {
  const auto& q = inputs.q;
  const auto options = q.options().requires_grad(false);
  const AttentionResult result{at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, options),
                               at::empty({q.size(0), q.size(1), q.size(2)}, options.dtype(at::kFloat))};
  const AttentionInputs in = readable(inputs);
  const at::Tensor turned_values = turn(in.values);
  for_each_task(q.size(0) * q.size(1), [&](int64_t head) {
    HWY_DYNAMIC_DISPATCH(forward_head_of_any)(in, turned_values, result, head);
  });
  return result;
}

AttentionGradients attention_backward(const AttentionInputs& inputs, const AttentionResult& result,
                                      const at::Tensor& dout) {
  const AttentionInputs in = readable(inputs);
  const int64_t batch = in.q.size(0), heads = in.q.size(1), kv_heads = in.keys.size(1);
  const int64_t num_keys = in.keys.size(2), size = in.q.size(3);
  const auto options = in.q.options().requires_grad(false);
  const AttentionGradients gradients{at::empty(in.q.sizes(), options), at::empty(in.keys.sizes(), options),
                                     at::empty({batch, num_keys, kv_heads, size}, options).transpose(1, 2)};
  const at::Tensor slopes = with_whole_words(dout), turned_keys = turn(in.keys);
  // dk and dv of each head: those of a group are added up in a fixed order, and no thread waits for another's.
  const auto dk = at::empty({batch, heads, num_keys, size}, options.dtype(at::kFloat)), dv = at::empty_like(dk);
  for_each_task(batch * heads, [&](int64_t head) {
    HWY_DYNAMIC_DISPATCH(backward_head_of_any)(in, turned_keys, result, slopes, {gradients.dq, dk, dv}, head);
  });
  for_each_task(batch * kv_heads, [&](int64_t kv_head) {
    HWY_DYNAMIC_DISPATCH(sum_group_of_any)(dk, in.scale(), gradients.dk, kv_head);
    HWY_DYNAMIC_DISPATCH(sum_group_of_any)(dv, 1, gradients.dv, kv_head);
  });
  return gradients;
}

}  // namespace ktlm::ops
#endif  // HWY_ONCE
