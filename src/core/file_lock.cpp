#include "ktlm/core/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm {

namespace {

// Whether the former holder has removed the file after it was opened here: then others lock another one.
bool is_removed(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& directory, const std::string& next_step) {
  const auto path = file_in(directory);
  for (;;) {
    make_directories(directory);
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw Error(path.string() + ": can't be written: " + system_error_text(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      char text[32];
      const ssize_t size = ::pread(descriptor_, text, sizeof text, 0);
      const std::string holder(text, static_cast<size_t>(std::max<ssize_t>(size, 0)));
      ::close(descriptor_);
      throw Error(directory.string() + ": in use by another ktlm" +
                  (holder.empty() ? "" : " (process " + holder + ")") + "; " + next_step);
    }
    if (!is_removed(descriptor_)) break;
    ::close(descriptor_);
  }
  const std::string holder = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) != 0 || ::write(descriptor_, holder.data(), holder.size()) < 0)
    return;  // the number is for the message only
}

std::filesystem::path FileLock::file_in(const std::filesystem::path& directory) { return directory / ".lock"; }

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace ktlm
