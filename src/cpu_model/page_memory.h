// Zeroed memory straight from the system: pages come when they are touched, so that room for a long context costs
// nothing until it is used. Large ones, where the system has them, for what is read from end to end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ktlm::cpu_model {

enum class Pages { kSmall, kLarge };

class PageMemory {
 public:
  PageMemory() = default;
  /// Throws std::bad_alloc.
  PageMemory(int64_t size_bytes, Pages pages);
  ~PageMemory();
  PageMemory(PageMemory&& other) noexcept;
  PageMemory& operator=(PageMemory&& other) noexcept;

  std::byte* data() const { return data_; }
  int64_t size_bytes() const { return size_bytes_; }

 private:
  std::byte* data_ = nullptr;
  int64_t size_bytes_ = 0;
};

}  // namespace ktlm::cpu_model
