// What stands between the matrix products, on the CPU: a pass over each row in the vector units' registers, where
// libtorch would take one for every operation and write each result to memory. Sums are formed in an order that does
// not depend on the number of threads. Written with Google Highway, which picks the widest vectors that the CPU has.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ktlm::ops {

struct Rows {
  int64_t begin, end;
};

/// fp32 or bf16.
bool is_row_kernel_dtype(at::ScalarType dtype);

/// Whether the kernels take it: contiguous memory of the CPU, fp32 or bf16, rows of a multiple of 16 values.
bool has_row_kernels(const at::Tensor& x);

/// x (..., C) fp32 or bf16, weight (C) fp32 -> y (..., C) in y's dtype, and 1 / rms of each row into scale (rows) fp32.
void rms_norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps, const at::Tensor& y,
                   const at::Tensor& scale);

/// dy (..., C) -> dx (..., C) in x's dtype; returns dweight (C) fp32.
at::Tensor rms_norm_backward_rows(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                                  const at::Tensor& scale, const at::Tensor& dx);

/// y = silu(gate) * up, all of one shape and dtype.
void swiglu_rows(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y);
/// dy -> dgate and dup; over dy it writes y, which the backward pass of what comes behind needs as well.
void swiglu_backward_rows(const at::Tensor& dy_then_y, const at::Tensor& gate, const at::Tensor& up,
                          const at::Tensor& dgate, const at::Tensor& dup);

/// logits (R, V), targets (R) int64, row_weight (R) fp32 -> losses (R) fp32: -log softmax(logits)[target]; and, over
/// the logits, their gradient (softmax - one hot) * row_weight. A negative target's loss is 0. Throws c10::Error where
/// a target is not below V.
void cross_entropy_rows(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& row_weight,
                        const at::Tensor& losses);

/// x (B, T, H, D) -> y (B, H, T, D), each pair (x[i], x[i + D/2]) turned by its position's angle: cos, sin (T, D/2)
/// fp32.
void rotate_rows(const at::Tensor& x, const at::Tensor& y, const at::Tensor& cos, const at::Tensor& sin);
/// y (B, H, T, D) -> x (B, T, H, D), turned back.
void rotate_back_rows(const at::Tensor& y, const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace ktlm::ops
