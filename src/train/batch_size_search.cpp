#include "batch_size_search.h"

namespace ktlm::train {

int64_t next_smaller_micro_batch(int64_t micro_batch_size, int64_t windows_per_step) {
  int64_t size = micro_batch_size / 2;
  while (windows_per_step % size != 0) --size;
  return size;
}

}  // namespace ktlm::train
