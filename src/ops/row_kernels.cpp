#include "row_kernels.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "ktlm/ops/linear_cross_entropy.h"
#include "parallel_tasks.h"

// Highway compiles the rest once for each kind of vector unit; foreach_target.h includes it again by this name.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "row_kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include "vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ktlm::ops::HWY_NAMESPACE {
namespace {

template <class T>
const T* row_of(const at::Tensor& x, int64_t row) {
  return x.const_data_ptr<T>() + row * x.size(-1);
}
template <class T>
T* mutable_row_of(const at::Tensor& x, int64_t row) {
  return x.mutable_data_ptr<T>() + row * x.size(-1);
}

template <class X, class Y>
void rms_norm(const at::Tensor& x, const at::Tensor& weight, float eps, const at::Tensor& y, const at::Tensor& scale,
              Rows rows) {
  const int64_t size = x.size(-1);
  const float* w = weight.const_data_ptr<float>();
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const X* in = row_of<X>(x, row);
    Y* out = mutable_row_of<Y>(y, row);
    V squares = hn::Zero(d);
    for_each_vector(size, [&](int64_t i) HWY_ATTR { squares = hn::MulAdd(load(in + i), load(in + i), squares); });
    const float factor = 1 / std::sqrt(sum(squares) / static_cast<float>(size) + eps);
    scale.mutable_data_ptr<float>()[row] = factor;
    for_each_vector(size, [&](int64_t i) HWY_ATTR {
      const V normalized = rounded_to<X>(hn::Mul(load(in + i), set(factor)));
      store(hn::Mul(normalized, rounded_to<X>(load(w + i))), out + i);
    });
  }
}

// With r = 1/rms, n = x r and g = dy weight:  dx = r (g - n mean(g n));  dweight = sum over the rows of dy n.
template <class X, class Y>
void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scale,
                       const at::Tensor& dx, float* dweight, Rows rows) {
  const int64_t size = x.size(-1);
  const float* w = weight.const_data_ptr<float>();
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const X* in = row_of<X>(x, row);
    const Y* slope = row_of<Y>(dy, row);
    X* out = mutable_row_of<X>(dx, row);
    const V r = set(scale.const_data_ptr<float>()[row]);
    V products = hn::Zero(d);
    for_each_vector(size, [&](int64_t i) HWY_ATTR {
      const V product = hn::Mul(load(slope + i), hn::Mul(load(in + i), r));
      store(hn::Add(load(dweight + i), product), dweight + i);
      products = hn::MulAdd(product, load(w + i), products);
    });
    const V mean = set(sum(products) / static_cast<float>(size));
    for_each_vector(size, [&](int64_t i) HWY_ATTR {
      const V normalized = hn::Mul(load(in + i), r), g = hn::Mul(load(slope + i), load(w + i));
      store(hn::Mul(hn::NegMulAdd(normalized, mean, g), r), out + i);
    });
  }
}

HWY_INLINE V sigmoid(V v) {
  const V largest = set(88);  // the exponential of more is infinite
  return hn::Div(set(1), hn::Add(set(1), hn::Exp(d, hn::Min(hn::Neg(v), largest))));
}

template <class T>
void swiglu(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y, Rows rows) {
  const int64_t size = (rows.end - rows.begin) * gate.size(-1);
  const T *g = row_of<T>(gate, rows.begin), *u = row_of<T>(up, rows.begin);
  T* out = mutable_row_of<T>(y, rows.begin);
  for_each_vector(size, [&](int64_t i) HWY_ATTR {
    const V v = load(g + i);
    store(hn::Mul(hn::Mul(v, sigmoid(v)), load(u + i)), out + i);
  });
}

// With s = sigmoid(gate):  dup = dy gate s;  dgate = dy up s (1 + gate (1 - s)).
template <class T>
void swiglu_backward(const at::Tensor& dy_then_y, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& dgate,
                     const at::Tensor& dup, Rows rows) {
  const int64_t size = (rows.end - rows.begin) * gate.size(-1);
  const T *g = row_of<T>(gate, rows.begin), *u = row_of<T>(up, rows.begin);
  T* const slope_then_y = mutable_row_of<T>(dy_then_y, rows.begin);
  T *dg = mutable_row_of<T>(dgate, rows.begin), *du = mutable_row_of<T>(dup, rows.begin);
  for_each_vector(size, [&](int64_t i) HWY_ATTR {
    const V v = load(g + i), s = sigmoid(v), silu = hn::Mul(v, s), factor = load(u + i);
    const V slope = load(slope_then_y + i);
    store(hn::Mul(silu, factor), slope_then_y + i);
    store(hn::Mul(slope, silu), du + i);
    store(hn::Mul(hn::Mul(slope, factor), hn::MulAdd(silu, hn::Sub(set(1), s), s)), dg + i);
  });
}

template <class T>
void cross_entropy(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& row_weight,
                   const at::Tensor& losses, Rows rows) {
  const int64_t size = logits.size(-1);
  // Kept from their sum on: the second cache gives them faster than they are computed again.
  const at::Tensor scratch = at::empty({size}, at::kFloat);
  float* const kept = scratch.mutable_data_ptr<float>();
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    T* const values = mutable_row_of<T>(logits, row);
    V largest = load(values);
    for_each_vector(size, [&](int64_t i) HWY_ATTR { largest = hn::Max(largest, load(values + i)); });
    const V max = hn::MaxOfLanes(d, largest);
    V exponentials = hn::Zero(d);
    for_each_vector(size, [&](int64_t i) HWY_ATTR {
      const V exponential = hn::Exp(d, hn::Sub(load(values + i), max));
      store(exponential, kept + i);
      exponentials = hn::Add(exponentials, exponential);
    });
    const float total = sum(exponentials), weight = row_weight.const_data_ptr<float>()[row];
    const int64_t target = targets.const_data_ptr<int64_t>()[row];
    const float logit = target < 0 ? 0 : static_cast<float>(values[target]) - hn::GetLane(max);
    losses.mutable_data_ptr<float>()[row] = target < 0 ? 0 : std::log(total) - logit;
    const V factor = set(weight / total);
    for_each_vector(size, [&](int64_t i) HWY_ATTR { store(hn::Mul(load(kept + i), factor), values + i); });
    if (target >= 0) values[target] = weight * (std::exp(logit) / total - 1);
  }
}

// x (B, T, H, D) <-> (B, H, T, D); rows are tokens. `sign` is 1, or -1 to turn back.
template <class T>
void rotate(const at::Tensor& from, const at::Tensor& to, const at::Tensor& cos, const at::Tensor& sin, bool back,
            Rows rows) {
  const at::Tensor& by_token = back ? to : from;
  const int64_t tokens = by_token.size(1), heads = by_token.size(2), half = by_token.size(3) / 2;
  const V sign = set(back ? -1.0F : 1.0F);
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const int64_t batch = row / tokens, token = row % tokens;
    const float *c = row_of<float>(cos, token), *s = row_of<float>(sin, token);
    for (int64_t head = 0; head < heads; ++head) {
      const int64_t token_row = row * heads + head, head_row = (batch * heads + head) * tokens + token;
      const T* in = row_of<T>(from, back ? head_row : token_row);
      T* out = mutable_row_of<T>(to, back ? token_row : head_row);
      for_each_vector(half, [&](int64_t i) HWY_ATTR {
        const V first = load(in + i), second = load(in + half + i);
        const V cosine = load(c + i), sine = hn::Mul(load(s + i), sign);
        store(hn::NegMulAdd(second, sine, hn::Mul(first, cosine)), out + i);
        store(hn::MulAdd(first, sine, hn::Mul(second, cosine)), out + half + i);
      });
    }
  }
}

// Calls f with a null pointer of the tensor's type.
template <class F>
void with_type(const at::Tensor& x, F&& f) {
  if (x.scalar_type() == at::kBFloat16) {
    f(static_cast<Bf16*>(nullptr));
  } else {
    f(static_cast<float*>(nullptr));
  }
}
template <class Pointer>
using Pointed = std::remove_pointer_t<Pointer>;

}  // namespace

void rms_norm_of_any(const at::Tensor& x, const at::Tensor& weight, float eps, const at::Tensor& y,
                     const at::Tensor& scale, Rows rows) {
  with_type(x, [&](auto* in) {
    with_type(
        y, [&](auto* out) { rms_norm<Pointed<decltype(in)>, Pointed<decltype(out)>>(x, weight, eps, y, scale, rows); });
  });
}

void rms_norm_backward_of_any(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& scale, const at::Tensor& dx, float* dweight, Rows rows) {
  with_type(x, [&](auto* in) {
    with_type(dy, [&](auto* out) {
      rms_norm_backward<Pointed<decltype(in)>, Pointed<decltype(out)>>(dy, x, weight, scale, dx, dweight, rows);
    });
  });
}

void swiglu_of_any(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y, Rows rows) {
  with_type(gate, [&](auto* type) { swiglu<Pointed<decltype(type)>>(gate, up, y, rows); });
}

void swiglu_backward_of_any(const at::Tensor& dy_then_y, const at::Tensor& gate, const at::Tensor& up,
                            const at::Tensor& dgate, const at::Tensor& dup, Rows rows) {
  with_type(gate, [&](auto* type) { swiglu_backward<Pointed<decltype(type)>>(dy_then_y, gate, up, dgate, dup, rows); });
}

void cross_entropy_of_any(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& row_weight,
                          const at::Tensor& losses, Rows rows) {
  with_type(logits,
            [&](auto* type) { cross_entropy<Pointed<decltype(type)>>(logits, targets, row_weight, losses, rows); });
}

void rotate_of_any(const at::Tensor& from, const at::Tensor& to, const at::Tensor& cos, const at::Tensor& sin,
                   bool back, Rows rows) {
  with_type(from, [&](auto* type) { rotate<Pointed<decltype(type)>>(from, to, cos, sin, back, rows); });
}

}  // namespace ktlm::ops::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ktlm::ops {

HWY_EXPORT(rms_norm_of_any);
HWY_EXPORT(rms_norm_backward_of_any);
HWY_EXPORT(swiglu_of_any);
HWY_EXPORT(swiglu_backward_of_any);
HWY_EXPORT(cross_entropy_of_any);
HWY_EXPORT(rotate_of_any);

namespace {

// Rows that one thread takes at a time: some 32,768 values. Fixed, so that sums do not depend on the number of threads.
int64_t rows_per_block(int64_t num_rows, int64_t size) {
  constexpr int64_t kValues = 32768;
  return std::clamp<int64_t>(kValues / size, 1, num_rows);
}

int64_t num_blocks(int64_t num_rows, int64_t size) {
  const int64_t per_block = rows_per_block(num_rows, size);
  return (num_rows + per_block - 1) / per_block;
}

// f(block, rows), blocks side by side.
template <class F>
void for_each_block(int64_t num_rows, int64_t size, F&& f) {
  const int64_t per_block = rows_per_block(num_rows, size);
  for_each_task(num_blocks(num_rows, size), [&](int64_t block) {
    f(block, Rows{block * per_block, std::min((block + 1) * per_block, num_rows)});
  });
}

int64_t num_rows_of(const at::Tensor& x) { return x.numel() / x.size(-1); }

}  // namespace

bool is_row_kernel_dtype(at::ScalarType dtype) { return dtype == at::kFloat || dtype == at::kBFloat16; }

bool has_row_kernels(const at::Tensor& x) {
  return x.is_cpu() && is_row_kernel_dtype(x.scalar_type()) && x.is_contiguous() && x.numel() > 0 &&
         x.size(-1) % kRowKernelMultiple == 0;
}

void rms_norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps, const at::Tensor& y,
                   const at::Tensor& scale) {
  for_each_block(num_rows_of(x), x.size(-1), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(rms_norm_of_any)(x, weight, static_cast<float>(eps), y, scale, rows);
  });
}

at::Tensor rms_norm_backward_rows(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                                  const at::Tensor& scale, const at::Tensor& dx) {
  const int64_t num_rows = num_rows_of(x), size = x.size(-1);
  const at::Tensor partial = at::zeros({num_blocks(num_rows, size), size}, at::kFloat);
  for_each_block(num_rows, size, [&](int64_t block, Rows rows) {
    HWY_DYNAMIC_DISPATCH(rms_norm_backward_of_any)
    (dy, x, weight, scale, dx, partial.mutable_data_ptr<float>() + block * size, rows);
  });
  // Added up one after the other: the order within at::sum depends on how threads share the columns.
  const at::Tensor total = partial.select(0, 0).clone();
  for (int64_t block = 1; block < partial.size(0); ++block) total.add_(partial.select(0, block));
  return total;
}

void swiglu_rows(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  for_each_block(num_rows_of(gate), gate.size(-1), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(swiglu_of_any)(gate, up, y, rows);
  });
}

void swiglu_backward_rows(const at::Tensor& dy_then_y, const at::Tensor& gate, const at::Tensor& up,
                          const at::Tensor& dgate, const at::Tensor& dup) {
  for_each_block(num_rows_of(gate), gate.size(-1), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(swiglu_backward_of_any)(dy_then_y, gate, up, dgate, dup, rows);
  });
}

void cross_entropy_rows(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& row_weight,
                        const at::Tensor& losses) {
  // The kernel writes there: what gather says by an error would be memory of somebody else's.
  TORCH_CHECK(targets.lt(logits.size(-1)).all().item<bool>(), "cross_entropy_rows: a target lies beyond the ",
              logits.size(-1), " pieces of the vocabulary");
  for_each_block(num_rows_of(logits), logits.size(-1), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(cross_entropy_of_any)(logits, targets, row_weight, losses, rows);
  });
}

void rotate_rows(const at::Tensor& x, const at::Tensor& y, const at::Tensor& cos, const at::Tensor& sin) {
  for_each_block(x.size(0) * x.size(1), x.size(2) * x.size(3), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(rotate_of_any)(x, y, cos, sin, false, rows);
  });
}

void rotate_back_rows(const at::Tensor& y, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  for_each_block(x.size(0) * x.size(1), x.size(2) * x.size(3), [&](int64_t, Rows rows) {
    HWY_DYNAMIC_DISPATCH(rotate_of_any)(y, x, cos, sin, true, rows);
  });
}

}  // namespace ktlm::ops
#endif  // HWY_ONCE
