// A library to preload, for tests of ktlm doctor: puts wrong kernels over libtorch's on the CPU's dispatch key, chosen
// by KTLM_TEST_FAULT. Each calls the right kernel and spoils what goes in or comes out, as a device's fault would; what
// is float64 stays right, and with it the reference that the doctor compares with. fakemps runs its MPS kernels on the
// CPU's, so the same faults are there on --device mps.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace {

using c10::IValue;
using torch::jit::Stack;

bool is_exact(const at::Tensor& x) { return x.scalar_type() == at::kDouble; }

// A score of minus infinity, just behind one that is none, counts as zero: the first future token is seen.
void show_next_token(IValue* arguments) {
  const at::Tensor scores = arguments[0].toTensor();
  if (is_exact(scores) || scores.size(-1) < 2) return;
  const auto hidden = scores.isneginf();
  const auto first_hidden =
      hidden.narrow(-1, 1, scores.size(-1) - 1).logical_and(hidden.narrow(-1, 0, scores.size(-1) - 1).logical_not());
  arguments[0] = scores.masked_fill(at::constant_pad_nd(first_hidden, {1, 0}, 0), 0.0);
}

// Each matrix of a batch meets its neighbour's second operand: a group of queries reads the next group's keys.
void shift_batch(IValue* arguments) {
  const at::Tensor second = arguments[1].toTensor();
  if (!is_exact(second)) arguments[1] = at::roll(second, 1, 0);
}

// Updates of a parameter that is not contiguous go to a copy that nobody keeps.
void freeze_strided(IValue* arguments) {
  c10::List<at::Tensor> parameters;
  for (const at::Tensor& parameter : arguments[0].toTensorVector())
    parameters.push_back(parameter.is_contiguous() ? parameter : parameter.clone());
  arguments[0] = parameters;
}

void drop_columns(at::Tensor& result) {
  constexpr int64_t kBorder = 32000;
  if (!is_exact(result) && result.size(1) > kBorder) result.narrow(1, kBorder, result.size(1) - kBorder).zero_();
}

void put_nan(at::Tensor& result) {
  if (!is_exact(result)) result.flatten()[0].fill_(std::numeric_limits<double>::quiet_NaN());
}

template <at::ScalarType kDtype>
void put_nan_in(at::Tensor& result) {
  if (result.scalar_type() == kDtype) put_nan(result);
}

// The kernel behind scaled_dot_product_attention takes the keys for the values.
void swap_keys_and_values(IValue* arguments) {
  if (!is_exact(arguments[0].toTensor())) std::swap(arguments[1], arguments[2]);
}

// As a device that has the operation, but not in fp16.
void lack_fp16(IValue* arguments) {
  TORCH_CHECK_NOT_IMPLEMENTED(arguments[0].toTensor().scalar_type() != at::kHalf, "\"silu\" lacks Half");
}

struct Fault {
  const char* operation;
  void (*before)(IValue* arguments);
  void (*after)(at::Tensor& result);
};

const std::map<std::string, Fault> kFaults = {
    {"future", {"_softmax", show_next_token, nullptr}},
    {"grouping", {"bmm", shift_batch, nullptr}},
    {"frozen", {"_fused_adamw_", freeze_strided, nullptr}},
    {"vocabulary", {"mm", nullptr, drop_columns}},
    {"nan_fp32", {"silu", nullptr, put_nan_in<at::kFloat>}},
    {"nan_softmax", {"_softmax", nullptr, put_nan}},
    {"nan_bf16", {"silu", nullptr, put_nan_in<at::kBFloat16>}},
    {"swapped", {"_scaled_dot_product_flash_attention_for_cpu", swap_keys_and_values, nullptr}},
    {"no_fp16", {"silu", lack_fp16, nullptr}}};

Fault g_fault;
std::optional<c10::SafeKernelFunction> g_right_kernel;

void wrong_kernel(const c10::OperatorHandle& operation, c10::DispatchKeySet keys, Stack* stack) {
  const size_t num_arguments = operation.schema().arguments().size();
  if (g_fault.before != nullptr) g_fault.before(&(*stack)[stack->size() - num_arguments]);
  g_right_kernel->callBoxed(operation, keys, stack);
  if (g_fault.after == nullptr) return;
  at::Tensor result = stack->back().toTensor();
  g_fault.after(result);
}

// Registered as long as the process lives.
torch::Library* put_fault_in_place() {
  const char* name = std::getenv("KTLM_TEST_FAULT");
  if (name == nullptr) return nullptr;
  const auto found = kFaults.find(name);
  if (found == kFaults.end()) {
    std::cerr << "KTLM_TEST_FAULT=" << name << ": no such fault\n";
    std::abort();
  }
  g_fault = found->second;
  const auto operation =
      c10::Dispatcher::singleton().findSchemaOrThrow((std::string("aten::") + g_fault.operation).c_str(), "");
  g_right_kernel.emplace(operation.getComputedKernelForDispatchKey(c10::DispatchKey::CPU));
  auto* library = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
  library->impl(g_fault.operation, torch::CppFunction::makeFromBoxedFunction<&wrong_kernel>());
  return library;
}

[[maybe_unused]] const torch::Library* const g_library = put_fault_in_place();

}  // namespace
