#include "forbidden_operators.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string_view>

namespace ktlm::test {

namespace {

bool named(const OperatorCall& call, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), call.name) != names.end();
}

bool all_contiguous(const OperatorCall& call) {
  return std::all_of(call.arguments.begin(), call.arguments.end(), [](const auto& x) { return x.contiguous; });
}

bool all_packed(const OperatorCall& call) {
  return std::all_of(call.arguments.begin(), call.arguments.end(), [](const auto& x) { return x.packed; });
}

bool is_attention(const OperatorCall& call) {
  return named(call, {"scaled_dot_product_attention", "_scaled_dot_product_attention_math_for_mps"});
}

struct Rule {
  bool (*broken_by)(const OperatorCall&);
  bool training_only;
  std::string_view reason;
};

constexpr Rule kRules[] = {
    {[](const OperatorCall& call) { return call.name.starts_with("_foreach_"); }, false,
     "MPS has no kernels for lists: a slow loop over their tensors"},
    {[](const OperatorCall& call) { return call.non_blocking; }, false,
     "non_blocking copies corrupt data (#139550, #189690)"},
    {[](const OperatorCall& call) { return named(call, {"linear"}) && !all_contiguous(call); }, false,
     "linear misreads strided operands (#162730, #162779, #167154)"},
    {[](const OperatorCall& call) {
       return named(call, {"addcmul", "addcmul_", "addcdiv", "addcdiv_", "_fused_adamw_"}) && !all_contiguous(call);
     },
     false, "strided operands are updated wrongly (#118115)"},
    {[](const OperatorCall& call) {
       return named(call, {"mm", "bmm", "addmm"}) && !all_packed(call);
     },
     false,
     "matrix products have misread operands that are neither contiguous nor plainly transposed (#78511, #197636)"},
    {[](const OperatorCall& call) {
       return named(call, {"mm", "bmm", "linear"}) && call.arguments[0].sizes.back() >= 32767;
     },
     false, "products that sum over 32,767 values or more are wrong on M1 and M2 (#195163)"},
    {[](const OperatorCall& call) {
       return named(call, {"baddbmm", "baddbmm_"});
     },
     false, "baddbmm with beta 0 lets a NaN through (#187521)"},
    {[](const OperatorCall& call) { return is_attention(call) && !all_contiguous(call); }, false,
     "attention of strided operands (#162730, #162779)"},
    {[](const OperatorCall& call) { return is_attention(call) && call.arguments[1].sizes[2] % 32 != 0; }, false,
     "attention to a number of keys that is no multiple of 32 gives garbage (#169222)"},
    {[](const OperatorCall& call) {
       return named(call, {"scaled_dot_product_attention", "_scaled_dot_product_attention_math"});
     },
     true, "attention with gradients is composite on MPS: O(T²) memory, and fp32 under autocast to bf16"},
};

}  // namespace

std::vector<std::string> forbidden_calls(const std::vector<OperatorCall>& calls, Phase phase) {
  std::set<std::string> found;
  for (const OperatorCall& call : calls)
    for (const Rule& rule : kRules)
      if ((phase == Phase::kTraining || !rule.training_only) && rule.broken_by(call))
        found.insert(call.description() + ": " + std::string(rule.reason));
  return {found.begin(), found.end()};
}

}  // namespace ktlm::test
