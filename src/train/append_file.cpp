#include "append_file.h"

#include <cerrno>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm::train {

namespace {

[[noreturn]] void throw_write_error(const std::filesystem::path& path) {
  const int error_number = errno;
  throw Error(path.string() + ": can't be written: " + system_error_text(error_number) +
              (error_number == ENOSPC ? "; free some space, then go on with --resume" : ""));
}

}  // namespace

AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "ab")) {
  if (file_ == nullptr) throw_write_error(path_);
}

void AppendFile::append(std::string_view record) {
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() || std::fflush(file_.get()) != 0)
    throw_write_error(path_);
}

void AppendFile::sync() {
  if (sync_to_disk(::fileno(file_.get())) != 0) throw_write_error(path_);
}

}  // namespace ktlm::train
