#include "ktlm/core/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/path_status.h"
#include "ktlm/core/remove_directory.h"

namespace ktlm {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void throw_system_error(const fs::path& path, const std::string& what, int error_number = errno) {
  throw Error(path.string() + ": " + what + ": " + system_error_text(error_number));
}

[[noreturn]] void throw_write_error(const fs::path& path, const std::string& what, int error_number = errno) {
  std::string message = what + ": " + system_error_text(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) message += "; free some space";
  if (error_number == EFBIG) message += "; see ulimit -f, or choose a place for larger files";
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
    message += "; choose a place that you may write to";
  throw Error(path.string() + ": " + message);
}

// Puts `from` in the place of the existing directory `to`, and that one in the place of `from`, in one step. False
// where the file system can't.
bool exchange([[maybe_unused]] const fs::path& from, [[maybe_unused]] const fs::path& to) {
#ifdef __APPLE__
  return ::renamex_np(from.c_str(), to.c_str(), RENAME_SWAP) == 0;
#elif defined(RENAME_EXCHANGE)
  return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0;
#else
  return false;
#endif
}

// Where the former directory waits while the new one takes its place, on file systems that can't exchange two.
fs::path aside_path(const fs::path& directory) { return directory.string() + ".former"; }

// Syncs a file or a directory (whose entries a rename changes). A file system that can't sync directories is no error.
void sync_path(const fs::path& path, bool must_succeed) {
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  if (descriptor < 0) {
    if (must_succeed) throw_write_error(path, "can't be synced");
    return;
  }
  const int result = sync_to_disk(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (result != 0 && must_succeed) throw_write_error(path, "can't be synced", error_number);
}

fs::path parent_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

std::string temporary_suffix() { return ".tmp-" + std::to_string(::getpid()); }

// The number behind ".tmp-" where `name` is a temporary name of `final_name`, else 0.
pid_t writer_of(const std::string& name, const std::string& final_name) {
  const std::string prefix = final_name + ".tmp-";
  if (name.size() <= prefix.size() || name.compare(0, prefix.size(), prefix) != 0) return 0;
  pid_t pid = 0;
  for (char c : name.substr(prefix.size())) {
    if (c < '0' || c > '9') return 0;
    pid = pid * 10 + (c - '0');
  }
  return pid;
}

// Removes what killed writers of `path` left; what a living process writes stays.
void remove_leftovers(const fs::path& path) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent_of(path), ignored)) {
    const pid_t pid = writer_of(entry.path().filename().string(), path.filename().string());
    if (pid > 0 && (pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH))) {
      std::error_code remove_error;
      fs::remove_all(entry.path(), remove_error);
    }
  }
}

// A writer that was killed while the former directory stood aside: it comes back, unless the new one took its place.
void restore_former(const fs::path& directory) {
  std::error_code ignored;
  const fs::path aside = aside_path(directory);
  if (!fs::exists(aside, ignored)) return;
  if (fs::exists(directory, ignored))
    fs::remove_all(aside, ignored);
  else
    fs::rename(aside, directory, ignored);
}

}  // namespace

int sync_to_disk(int descriptor) {
#ifdef __APPLE__
  // fsync() there hands the data to the drive only, whose cache a power cut empties; not every file system knows
  // better.
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
#endif
  return ::fsync(descriptor);
}

std::string read_file(const fs::path& path) {
  if (directory_exists(path)) throw Error(path.string() + ": is a directory, expected a file");
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) throw_system_error(path, "can't be read");
  std::string content;
  char buffer[1 << 16];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0) content.append(buffer, count);
  const bool failed = std::ferror(file) != 0;
  const int error_number = errno;
  std::fclose(file);
  if (failed) throw_system_error(path, "can't be read", error_number);
  return content;
}

void write_file_atomically(const fs::path& path, std::string_view content) {
  AtomicFile file(path);
  file.write(content);
  file.commit();
}

void make_directories(const fs::path& directory) {
  if (directory.empty()) return;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw_write_error(directory, "can't be made", error.value());
}

void make_private_directories(const fs::path& directory) {
  std::error_code unknown;
  if (directory.empty() || fs::is_directory(directory, unknown)) return;
  if (unknown && unknown != std::errc::no_such_file_or_directory && unknown != std::errc::not_a_directory)
    throw_write_error(directory, "can't be made", unknown.value());
  make_private_directories(directory.parent_path());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) throw_write_error(directory, "can't be made");
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_path_(path_.string() + temporary_suffix()) {
  make_directories(parent_of(path_));
  remove_leftovers(path_);
  file_ = std::fopen(temporary_path_.c_str(), "wb");
  if (file_ == nullptr) throw_write_error(path_, "can't be written");
}

AtomicFile::~AtomicFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  std::error_code ignored;
  fs::remove(temporary_path_, ignored);
}

void AtomicFile::write(const void* data, size_t size_bytes) {
  if (std::fwrite(data, 1, size_bytes, file_) != size_bytes) throw_write_error(path_, "can't be written");
  size_bytes_ += size_bytes;
}

void AtomicFile::overwrite(uint64_t offset, const void* data, size_t size_bytes) {
  if (::fseeko(file_, static_cast<off_t>(offset), SEEK_SET) != 0 ||
      std::fwrite(data, 1, size_bytes, file_) != size_bytes || ::fseeko(file_, 0, SEEK_END) != 0)
    throw_write_error(path_, "can't be written");
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || sync_to_disk(::fileno(file_)) != 0) throw_write_error(path_, "can't be written");
  const int close_result = std::fclose(std::exchange(file_, nullptr));
  std::error_code error;
  if (close_result == 0) fs::rename(temporary_path_, path_, error);
  if (close_result != 0 || error) {
    const int error_number = error ? error.value() : errno;
    std::error_code ignored;
    fs::remove(temporary_path_, ignored);
    throw_write_error(path_, "can't be written", error_number);
  }
  sync_path(parent_of(path_), false);
}

AtomicDirectory::AtomicDirectory(fs::path directory) : directory_(std::move(directory)) {
  if (!directory_.has_filename()) directory_ = directory_.parent_path();  // "out/" names "out"
  if (directory_.filename() == "." || directory_.filename() == "..")
    throw Error(directory_.string() + ": is written as a whole under its own name; give that in the place of " +
                directory_.filename().string());
  temporary_path_ = directory_.string() + temporary_suffix();
  make_directories(parent_of(directory_));
  remove_leftovers(directory_);
  restore_former(directory_);
  std::error_code error;
  fs::create_directory(temporary_path_, error);
  if (error) throw_write_error(directory_, "can't be made", error.value());
}

AtomicDirectory::~AtomicDirectory() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_path_, ignored);
}

void AtomicDirectory::commit() {
  for (const auto& entry : fs::recursive_directory_iterator(temporary_path_)) sync_path(entry.path(), true);
  sync_path(temporary_path_, false);
  std::error_code error;
  const bool existed = fs::exists(directory_, error);
  if (existed && exchange(temporary_path_, directory_)) {
    committed_ = true;
    sync_path(parent_of(directory_), false);
    fs::remove_all(temporary_path_, error);  // the former one
    return;
  }
  const fs::path aside = aside_path(directory_);
  if (existed) {
    fs::rename(directory_, aside, error);
    if (error) throw_write_error(directory_, "can't be replaced", error.value());
  }
  fs::rename(temporary_path_, directory_, error);
  if (error) {
    std::error_code ignored;
    if (existed) fs::rename(aside, directory_, ignored);
    throw_write_error(directory_, "can't be written", error.value());
  }
  committed_ = true;
  sync_path(parent_of(directory_), false);
  if (existed) fs::remove_all(aside, error);
}

std::error_code remove_directory(const fs::path& directory) {
  const fs::path removed = parent_of(directory) / "removed";
  remove_leftovers(removed);
  const fs::path leaving = removed.string() + temporary_suffix();
  std::error_code error, ignored;
  fs::rename(directory, leaving, error);
  if (!error) fs::remove_all(leaving, ignored);
  return error;
}

MappedFile::MappedFile(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY);
  if (descriptor < 0) throw_system_error(path, "can't be read");
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw Error(path.string() + ": is no regular file");
  }
  size_bytes_ = static_cast<size_t>(status.st_size);
  if (size_bytes_ > 0) data_ = ::mmap(nullptr, size_bytes_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int error_number = errno;
  ::close(descriptor);
  if (data_ == MAP_FAILED) throw_system_error(path, "can't be mapped into memory", error_number);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_bytes_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

}  // namespace ktlm
