// TensorBoard's event files, written without TensorFlow. A file is a chain of TFRecords (tensorflow/core/lib/io/
// record_writer.h: length, its checksum, data, its checksum); each holds an Event message (tensorflow/core/util/
// event.proto), encoded by hand: protobuf's wire format needs four kinds of field here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "append_file.h"

namespace ktlm::train {

/// The Castagnoli checksum of RFC 3720, appendix B.4.
uint32_t crc32c(std::string_view bytes);

/// `data` framed as a TFRecord.
std::string tf_record(std::string_view data);

class EventFile {
 public:
  /// Starts a new file, events.out.tfevents.<seconds>.<host>.<process>, in `directory`, for a run that goes on at
  /// `first_step`: readers forget what earlier files of the directory say about that step and later ones. Throws Error.
  EventFile(const std::filesystem::path& directory, int64_t first_step, double wall_time);

  void scalars(int64_t step, double wall_time, const std::vector<std::pair<std::string, double>>& values);
  void text(int64_t step, double wall_time, const std::string& tag, std::string_view text);
  void sync() { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace ktlm::train
