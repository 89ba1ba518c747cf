#include "ktlm/core/path_status.h"

#include <system_error>

#include "ktlm/core/error.h"

namespace ktlm {

namespace fs = std::filesystem;

namespace {

fs::file_type type_at(const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  if (type == fs::file_type::none) throw Error(path.string() + ": can't be read: " + system_error_text(error.value()));
  return type;
}

}  // namespace

bool path_exists(const fs::path& path) { return type_at(path) != fs::file_type::not_found; }

bool directory_exists(const fs::path& path) { return type_at(path) == fs::file_type::directory; }

}  // namespace ktlm
