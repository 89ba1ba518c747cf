#include "gradient_reducer.h"

#include <torch/csrc/distributed/c10d/reducer.hpp>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

namespace ktlm::train {

struct GradientReducer::Impl {
  c10d::Reducer reducer;
};

GradientReducer::GradientReducer(const Ranks& ranks, const std::vector<model::NamedParameter>& parameters) {
  if (ranks.is_alone()) return;
  std::vector<at::Tensor> tensors;
  std::unordered_map<size_t, std::string> names;
  for (const auto& parameter : parameters) {
    names[tensors.size()] = parameter.name;
    tensors.push_back(parameter.tensor);
  }
  const std::vector<bool> sparse(tensors.size(), false);
  auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(
      tensors, {c10d::kDefaultFirstBucketBytes, c10d::kDefaultBucketBytesCap}, sparse);
  std::reverse(buckets.begin(), buckets.end());  // the last layer's gradients come first
  impl_.reset(new Impl{c10d::Reducer(tensors, std::move(buckets), ranks.device_group(), sparse,
                                     c10d::kDefaultBucketBytesCap, /*find_unused_parameters=*/false,
                                     /*gradient_as_bucket_view=*/true, std::move(names), c10d::kDefaultFirstBucketBytes,
                                     /*skip_all_reduce_unused_params=*/false,
                                     /*use_python_reducer=*/false, /*bucket_bytes_cap_list=*/{})});
}

GradientReducer::~GradientReducer() = default;

void GradientReducer::settle(const std::function<void()>& backward) {
  if (!impl_) return;
  expect_last_pass();
  backward();
  impl_->reducer.rebuild_buckets();
}

void GradientReducer::expect_last_pass() {
  if (impl_) impl_->reducer.prepare_for_backward({});
}

}  // namespace ktlm::train
