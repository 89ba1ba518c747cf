#include "ktlm/core/error.h"

#include <system_error>

namespace ktlm {

std::string system_error_text(int error_number) {
  return std::generic_category().message(error_number) + " (errno " + std::to_string(error_number) + ")";
}

}  // namespace ktlm
