// Tasks side by side on libtorch's own threads: a parallel loop of ours would need a second OpenMP runtime.
#pragma once

#include <cstdint>
#include <functional>

namespace ktlm::ops {

/// Calls task(0) .. task(num_tasks - 1), each once, in any order.
void for_each_task(int64_t num_tasks, const std::function<void(int64_t)>& task);

}  // namespace ktlm::ops
