// A zstd-compressed file under construction.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/files.h"

struct ZSTD_CCtx_s;

namespace ktlm::corpus {

class ZstdFile {
 public:
  /// Throws Error where the file can't be made.
  explicit ZstdFile(const std::filesystem::path& path);
  ~ZstdFile();

  /// Throws Error (disk full).
  void write(std::string_view text);
  /// Ends the frame and gives the file its name; without it the file vanishes. Throws Error.
  void commit();

  /// Compressed bytes so far; complete after commit().
  uint64_t size_bytes() const { return file_.size_bytes(); }

 private:
  void compress(std::string_view text, bool end);

  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  AtomicFile file_;
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> context_;
  std::vector<char> output_;
};

}  // namespace ktlm::corpus
