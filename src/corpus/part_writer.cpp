#include "part_writer.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

enum FileIndex { kText, kFrames, kDocuments, kSignatures, kLines };
constexpr std::array kFileNames = {kTextFile, kFramesFile, kDocumentsFile, kSignaturesFile, kLinesFile};

}  // namespace

struct PartWriter::File {
  fs::path path;
  uint64_t size_bytes = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> handle{nullptr, &std::fclose};

  [[noreturn]] void fail() const {
    throw Error(path.string() + ": can't be written: " + system_error_text(errno) +
                "; free some space or choose another place");
  }
  void write(const void* data, size_t count) {
    if (count > 0 && std::fwrite(data, 1, count, handle.get()) != count) fail();
    size_bytes += count;
  }
  template <class T>
  void write_all(const std::vector<T>& values) {
    write(values.data(), values.size() * sizeof(T));
  }
};

PartWriter::PartWriter(fs::path directory, const Json& files) : directory_(std::move(directory)) {
  make_directories(directory_);
  for (const char* name : kFileNames) {
    File& file = files_.emplace_back();
    file.path = directory_ / name;
    file.size_bytes = static_cast<uint64_t>(json_get_or<int64_t>(files, name, 0, kPartFile));
    std::error_code error;
    if (file.size_bytes > 0 && fs::file_size(file.path, error) < file.size_bytes)
      throw Error(file.path.string() + ": shorter than " + std::to_string(file.size_bytes) +
                  " bytes; remove the folder and start again");
    file.handle.reset(std::fopen(file.path.c_str(), file.size_bytes > 0 ? "r+b" : "wb"));
    if (file.handle == nullptr || ::ftruncate(::fileno(file.handle.get()), static_cast<off_t>(file.size_bytes)) != 0 ||
        ::fseeko(file.handle.get(), 0, SEEK_END) != 0)
      file.fail();
  }
}

PartWriter::~PartWriter() = default;

void PartWriter::append(const PartBatch& batch) {
  if (batch.documents.empty()) return;
  const FrameRecord frame{.order = batch.order,
                          .text_begin = files_[kText].size_bytes,
                          .train_bytes = static_cast<uint32_t>(batch.train_frame.size()),
                          .val_bytes = static_cast<uint32_t>(batch.val_frame.size()),
                          .num_documents = static_cast<uint32_t>(batch.documents.size()),
                          .num_lines = static_cast<uint32_t>(batch.lines.size())};
  files_[kText].write(batch.train_frame.data(), batch.train_frame.size());
  files_[kText].write(batch.val_frame.data(), batch.val_frame.size());
  files_[kDocuments].write_all(batch.documents);
  files_[kSignatures].write_all(batch.signatures);
  files_[kLines].write_all(batch.lines);
  files_[kFrames].write(&frame, sizeof frame);
}

Json PartWriter::sizes() const {
  Json sizes = Json::object();
  for (const File& file : files_) sizes[file.path.filename().string()] = file.size_bytes;
  return sizes;
}

void PartWriter::checkpoint(Json state) {
  for (File& file : files_) {
    if (std::fflush(file.handle.get()) != 0) file.fail();
  }
  state["files"] = sizes();
  write_file_atomically(directory_ / kPartFile, to_json_line(state) + "\n");
}

void PartWriter::sync() {
  for (File& file : files_) {
    if (std::fflush(file.handle.get()) != 0 || sync_to_disk(::fileno(file.handle.get())) != 0) file.fail();
  }
}

bool is_whole_part(const fs::path& directory, const Json& state) {
  const std::string where = (directory / kPartFile).string();
  const Json sizes = json_get<Json>(state, "files", where);
  for (const char* name : kFileNames) {
    std::error_code error;
    const uintmax_t size = fs::file_size(directory / name, error);
    if (error || size < static_cast<uintmax_t>(json_get<int64_t>(sizes, name, where))) return false;
  }
  return true;
}

Json read_part_state(const fs::path& directory) {
  try {
    return read_json_file((directory / kPartFile).string());
  } catch (const Error&) {
    return {};
  }
}

}  // namespace ktlm::corpus
