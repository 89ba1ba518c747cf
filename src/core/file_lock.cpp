#include "ktlm/core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm {

FileLock::FileLock(const std::filesystem::path& directory, const std::string& next_step) {
  make_directories(directory);
  const auto path = directory / ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) throw Error(path.string() + ": can't be written: " + system_error_text(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(descriptor_);
    const std::string holder = read_file(path);
    throw Error(directory.string() + ": in use by another ktlm" + (holder.empty() ? "" : " (process " + holder + ")") +
                "; " + next_step);
  }
  const std::string holder = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) != 0 || ::write(descriptor_, holder.data(), holder.size()) < 0)
    return;  // the number is for the message only
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace ktlm
