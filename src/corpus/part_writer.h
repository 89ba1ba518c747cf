// Writes a part, batch by batch, so that it can be gone on with after a stop or a kill.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/core/json.h"
#include "part_format.h"
#include "signature.h"

namespace ktlm::corpus {

/// One batch of documents, ready to be written: made in a worker.
struct PartBatch {
  uint64_t order = 0;
  std::string train_frame, val_frame;  // compressed
  std::vector<DocumentRecord> documents;
  std::vector<Signature> signatures;
  std::vector<LineRecord> lines;
};

class PartWriter {
 public:
  /// Opens the folder: anew, or, with the state that checkpoint() left (part.state's "files"), where that stood. Throws
  /// Error where the files can't be opened or are shorter than the state says.
  PartWriter(std::filesystem::path directory, const Json& files);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  /// Throws Error (disk full).
  void append(const PartBatch& batch);

  /// The files' sizes as of now, as checkpoint() leaves them and the constructor takes them.
  Json sizes() const;

  /// Hands everything to the system and writes part.state: `state`, with the sizes of the files as "files". A kill
  /// loses what comes later; only a loss of power can lose more, which the sizes then show.
  void checkpoint(Json state);

  /// Waits until all of it is on the disk, so that not even a loss of power takes a finished part away. Throws Error.
  void sync();

 private:
  struct File;
  std::filesystem::path directory_;
  std::vector<File> files_;
};

/// Whether the files beside part.state have the sizes that `state`, by its "files", tells, or more: what a killed run
/// wrote behind them.
bool is_whole_part(const std::filesystem::path& directory, const Json& state);

/// part.state's content, or null where there is none that can be read.
Json read_part_state(const std::filesystem::path& directory);

}  // namespace ktlm::corpus
