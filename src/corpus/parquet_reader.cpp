#include "parquet_reader.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <utility>

#include "extract_json.h"
#include "field_path.h"
#include "input_files.h"
#include "json_reader.h"
#include "ktlm/core/error.h"
#include "parquet_module.h"
#include "text_readers.h"

#ifdef KTLM_HAS_PARQUET
#include <dlfcn.h>
#endif

namespace ktlm::corpus {

namespace {

constexpr std::string_view kMagic = "PAR1";  // a file's first and last bytes
// What comes behind the first, a page or the table of contents, is a structure of Thrift's whose first field is an
// integer; no text goes on so, and a stream, whose end is far, can be told by it.
constexpr char kBehindMagic = '\x15';

OpenParquet load_module(const std::string& name) {
#ifdef KTLM_HAS_PARQUET
  // The program's rpath leads to the library, in the build tree and under the install prefix alike.
#ifdef __APPLE__
  constexpr const char* kLibrary = "@rpath/libktlm_parquet.dylib";
#else
  constexpr const char* kLibrary = "libktlm_parquet.so";
#endif
  void* const library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw Error(name + ": needs Arrow to be read: " + ::dlerror() +
                "; build ktlm again where Arrow is, or convert the file to JSONL");
  }
  const auto open = reinterpret_cast<OpenParquet>(::dlsym(library, kOpenParquetName));
  if (open == nullptr) throw Error(std::string(::dlerror()) + "; the library is of another version: build it again");
  return open;
#else
  throw Error(name +
              ": a Parquet file, which this ktlm was built without Arrow to read; run .venv/bin/pip install pyarrow "
              "and build it again, or convert the file to JSONL");
#endif
}

// Said here rather than by Arrow, whose words leave open whether a file is damaged, unfinished or something else.
void require_whole_file(const std::string& path, const std::string& name) {
  std::error_code error;
  if (path == "-" || !std::filesystem::is_regular_file(path, error)) {
    throw Error(name + ": a Parquet file, whose table of contents is at its end; save it to a file first");
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(kMagic.size(), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (bytes != kMagic)
    throw Error(name + ": a compressed Parquet file, whose table of contents is at its end; unpack it first");
  file.seekg(-static_cast<std::streamoff>(kMagic.size()), std::ios::end);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (bytes != kMagic || file.tellg() < 12)
    throw Error(name + ": a Parquet file without its end (an unfinished download?); fetch the file again");
}

// One way to read a file; the first counts for which it has columns.
struct Attempt {
  ParquetColumns columns;
  std::vector<std::string> keys_to_documents;  // empty: a row is one
};

std::vector<Attempt> attempts_of(const PrepareConfig& config) {
  const std::vector<FieldPath> paths = parse_field_paths(config.text_field);
  std::vector<Attempt> attempts;
  std::vector<FieldPath> paths_of_rows;
  for (const FieldPath& path : paths) {
    if (path.document.empty()) {
      paths_of_rows.push_back(path);
      continue;
    }
    // What a document has beside its text stands with it, not at the top.
    std::vector<std::string> keys = path.document;
    keys.insert(keys.end(), path.field.begin(), path.field.end());
    attempts.push_back({{.texts = {keys}, .others = {}, .wanted = text_names(paths)}, path.document});
  }
  if (paths.empty() || !paths_of_rows.empty()) {
    Attempt& rows = attempts.emplace_back();
    rows.columns = {.texts = text_ways(paths_of_rows), .others = keys_beside_text(paths), .wanted = text_names(paths)};
    rows.columns.texts.push_back({"messages", "content"});
    if (paths.empty()) {
      for (const char* content : {"value", "content"}) rows.columns.texts.push_back({"conversations", content});
      rows.columns.texts.push_back({"instruction"});
    }
  }
  return attempts;
}

// The rows as a stream of JSON lines.
class ParquetSource : public ByteSource {
 public:
  ParquetSource(const std::string& path, const std::string& name, std::unique_ptr<ParquetRows> rows,
                const ReadHooks& hooks)
      : name_(name), hooks_(hooks), rows_(std::move(rows)) {
    std::error_code error;
    file_bytes_ = static_cast<double>(std::filesystem::file_size(path, error));
  }

 protected:
  size_t read_some(char* buffer, size_t capacity) override {
    if (taken_ == lines_.size()) refill();
    const size_t count = lines_.copy(buffer, capacity, taken_);
    taken_ += count;
    return count;
  }

 private:
  void refill() {
    if (hooks_.check) hooks_.check();
    taken_ = 0;
    if (const std::string problem = rows_->next(lines_); !problem.empty()) throw Error(name_ + ": " + problem);
    if (hooks_.file_bytes == nullptr) return;
    const auto reported = static_cast<int64_t>(rows_->share_read() * file_bytes_);
    *hooks_.file_bytes += reported - std::exchange(reported_bytes_, reported);
  }

  const std::string& name_;
  const ReadHooks& hooks_;
  std::unique_ptr<ParquetRows> rows_;
  std::string lines_;
  size_t taken_ = 0;
  double file_bytes_ = 0;
  int64_t reported_bytes_ = 0;
};

// As lines of JSON without a text are dropped, but said once.
void emit_rows_without_text(const std::string& name, const OpenedParquet& opened, const EmitDocument& emit) {
  for (int64_t row = 0; row < opened.num_rows; ++row) {
    RawDocument document;
    document.form = RawForm::kJson;
    document.dropped = DropReason::kNoText;
    if (row == 0) document.problem = name + ": " + opened.problem;
    emit(std::move(document));
  }
}

}  // namespace

bool can_read_parquet() {
#ifdef KTLM_HAS_PARQUET
  return true;
#else
  return false;
#endif
}

bool is_parquet(const std::string& name, std::string_view head, const PrepareConfig& config) {
  if (config.format != "auto" && config.format != "jsonl") return false;
  if (head.starts_with(kMagic) && head.substr(kMagic.size()).starts_with(kBehindMagic)) return true;
  if (!is_parquet_name(name)) return false;
  if (head.starts_with(kMagic)) return true;
  if (config.format != "auto") return false;
  throw Error(name +
              ": named .parquet, but holds something else (a page, or Git LFS's pointer to the file?); fetch the file "
              "again or rename it");
}

int64_t read_parquet(const std::string& path, const std::string& name, const PrepareConfig& config,
                     const ReadHooks& hooks, const EmitDocument& emit) {
  require_whole_file(path, name);
  const OpenParquet open = load_module(name);
  OpenedParquet opened;
  for (const Attempt& attempt : attempts_of(config)) {
    opened = {};
    open(path, attempt.columns, opened);
    if (opened.rows == nullptr && !opened.has_no_text) throw Error(name + ": " + opened.problem);
    if (opened.rows == nullptr) continue;
    ParquetSource source(path, name, std::move(opened.rows), hooks);
    return attempt.keys_to_documents.empty() ? read_jsonl(source, name, emit)
                                             : read_json(source, name, attempt.keys_to_documents, emit);
  }
  emit_rows_without_text(name, opened, emit);
  return 0;
}

}  // namespace ktlm::corpus
