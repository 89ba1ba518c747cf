// Files that are whole or absent: results are written under a temporary name beside their place, synced, then renamed.
// A reader therefore never meets a half-written file or directory under its final name, whatever kills the writer.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ktlm {

/// The whole file as bytes. Throws Error naming the path where it can't be read.
std::string read_file(const std::filesystem::path& path);

/// Replaces `path` by `content` in one step. Throws Error (disk full, no permission); `path` is then as it was.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Creates the folder and its parents; an existing one is fine. Throws Error.
void make_directories(const std::filesystem::path& directory);

/// The same, but what has to be made is for its owner alone.
void make_private_directories(const std::filesystem::path& directory);

/// fsync() that reaches the disk itself, on macOS too. 0, or -1 with errno.
int sync_to_disk(int descriptor);

/// A file under construction. Without commit() the destructor removes it and the final name stays untouched.
class AtomicFile {
 public:
  /// Opens `<path>.tmp-<pid>` for writing; makes the parent folder. Throws Error.
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws Error ("... no space left on device ..."), leaving the final name untouched.
  void write(const void* data, size_t size_bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Replaces bytes written before, such as a header whose counts are known only at the end. Throws Error.
  void overwrite(uint64_t offset, const void* data, size_t size_bytes);
  /// Flushes, syncs and renames. Throws Error.
  void commit();

  uint64_t size_bytes() const { return size_bytes_; }

 private:
  std::filesystem::path path_, temporary_path_;
  std::FILE* file_ = nullptr;
  uint64_t size_bytes_ = 0;
};

/// A directory under construction: write into path(), then commit() renames it as a whole. Without commit() the
/// destructor removes it. Leftovers of killed writers (`.tmp-*`) beside it are removed by the next writer of that name.
/// An existing directory is exchanged in one step (Linux, macOS); on file systems that can't, it waits as `.former` in
/// between, and the next writer puts it back where a kill came just then.
class AtomicDirectory {
 public:
  /// Makes `<directory>.tmp-<pid>`. Throws Error.
  explicit AtomicDirectory(std::filesystem::path directory);
  ~AtomicDirectory();
  AtomicDirectory(const AtomicDirectory&) = delete;
  AtomicDirectory& operator=(const AtomicDirectory&) = delete;

  const std::filesystem::path& path() const { return temporary_path_; }
  /// Syncs every file, then takes the place of an existing directory of the final name. Throws Error.
  void commit();

 private:
  std::filesystem::path directory_, temporary_path_;
  bool committed_ = false;
};

/// A file mapped into memory for reading; the pages come from disk when touched.
class MappedFile {
 public:
  /// Throws Error where the file can't be opened or mapped. An empty file gives an empty span.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_bytes_}; }

 private:
  void* data_ = nullptr;
  size_t size_bytes_ = 0;
};

}  // namespace ktlm
