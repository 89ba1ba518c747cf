#include "ktlm/corpus/prepared_corpus.h"

#include <string_view>
#include <system_error>

#include "byte_source.h"
#include "ktlm/core/error.h"
#include "line_reader.h"
#include "manifest.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

// The files of a split, each checked to be there and whole.
std::vector<fs::path> list_files(const Json& split, const fs::path& directory, const std::string& where) {
  std::vector<fs::path> paths;
  for (const Json& file : json_get<Json>(split, "files", where)) {
    const fs::path path = directory / json_get<std::string>(file, "name", where);
    const auto expected = json_get<int64_t>(file, "bytes", where);
    std::error_code error;
    const auto size = static_cast<int64_t>(fs::file_size(path, error));
    if (error)
      throw Error(path.string() + ": can't be read: " + system_error_text(error.value()) + "; run ktlm prepare again");
    if (size != expected) {
      throw Error(path.string() + ": " + std::to_string(size) + " bytes, but the manifest says " +
                  std::to_string(expected) + "; run ktlm prepare again");
    }
    paths.push_back(path);
  }
  return paths;
}

}  // namespace

PreparedCorpus PreparedCorpus::open(const fs::path& directory) {
  const Json manifest = read_manifest(directory);
  const std::string where = (directory / kManifestName).string();
  const Json train = json_get<Json>(manifest, "train", where), val = json_get<Json>(manifest, "val", where);
  PreparedCorpus corpus;
  corpus.directory_ = directory;
  corpus.train_files_ = list_files(train, directory, where);
  corpus.val_files_ = list_files(val, directory, where);
  corpus.train_documents_ = json_get<int64_t>(train, "documents", where);
  corpus.val_documents_ = json_get<int64_t>(val, "documents", where);
  corpus.train_text_bytes_ = json_get<int64_t>(train, "text_bytes", where);
  corpus.val_text_bytes_ = json_get<int64_t>(val, "text_bytes", where);
  corpus.content_hash_ = json_get<std::string>(manifest, "content_hash", where);
  return corpus;
}

void PreparedCorpus::for_each_document(Split split, const std::function<bool(Document&&)>& visit) const {
  for (const fs::path& path : split == Split::kTrain ? train_files_ : val_files_) {
    const auto source = open_byte_source(path.string());
    LineReader lines(*source, path.string());
    std::string_view line;
    while (lines.next(line)) {
      const std::string where = path.string() + ":" + std::to_string(lines.line_number());
      if (!visit(document_from_json_line(line, where))) return;
    }
  }
}

int64_t PreparedCorpus::num_documents(Split split) const {
  return split == Split::kTrain ? train_documents_ : val_documents_;
}

int64_t PreparedCorpus::text_bytes(Split split) const {
  return split == Split::kTrain ? train_text_bytes_ : val_text_bytes_;
}

}  // namespace ktlm::corpus
