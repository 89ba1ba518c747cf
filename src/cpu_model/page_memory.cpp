#include "page_memory.h"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "packing.h"

namespace ktlm::cpu_model {

PageMemory::PageMemory(int64_t size_bytes, Pages pages) {
  constexpr int64_t kLargePage = int64_t{2} << 20;
  const bool large = pages == Pages::kLarge && size_bytes >= kLargePage;
  // Whole large pages: the system gives one only for a part that fills it.
  const int64_t size = large ? round_up(size_bytes, kLargePage) : size_bytes;
  if (size <= 0) return;
  void* const memory =
      ::mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (large) ::madvise(memory, static_cast<size_t>(size), MADV_HUGEPAGE);  // a wish: without it, it is slower
#endif
  data_ = static_cast<std::byte*>(memory);
  size_bytes_ = size;
}

PageMemory::~PageMemory() {
  if (data_ != nullptr) ::munmap(data_, static_cast<size_t>(size_bytes_));
}

PageMemory::PageMemory(PageMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

PageMemory& PageMemory::operator=(PageMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

}  // namespace ktlm::cpu_model
