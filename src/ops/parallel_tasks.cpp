#include "parallel_tasks.h"

#include <torch/types.h>

#include <ATen/TensorIterator.h>

namespace ktlm::ops {

// Through the loop of a tensor of their numbers.
void for_each_task(int64_t num_tasks, const std::function<void(int64_t)>& task) {
  const at::Tensor numbers = at::arange(num_tasks, at::kLong);
  auto iterator = at::TensorIteratorConfig()
                      .check_all_same_dtype(false)
                      .resize_outputs(false)
                      .declare_static_shape(numbers.sizes())
                      .add_owned_output(numbers)
                      .build();
  iterator.for_each(
      [&](char** data, const int64_t* strides, int64_t count) {
        for (int64_t i = 0; i < count; ++i) task(*reinterpret_cast<const int64_t*>(data[0] + i * strides[0]));
      },
      /*grain_size=*/1);
}

}  // namespace ktlm::ops
