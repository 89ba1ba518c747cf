// One of prepare's files, whatever it is, as raw documents: decompressed, its encoding found and decoded, its format
// found, and given to the reader of that format; of an archive, each of its files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "byte_source.h"
#include "input_files.h"
#include "ktlm/corpus/prepare.h"
#include "raw_document.h"

namespace ktlm::corpus {

/// What reading a file says besides its documents.
struct InputReading {
  int64_t bytes = 0;                             // after decompression, as UTF-8
  std::map<std::string, int64_t> decoded_files;  // by encoding ("CP949"), those that are not UTF-8
  int64_t damaged_files = 0;                     // of which the rest was skipped
  std::vector<std::string> warnings;

  /// `num_documents`: those that came before the damage.
  void add_damaged(const std::string& problem, int64_t num_documents);

  InputReading& operator+=(const InputReading& other);
};

/// Throws Error as the readers do, naming the file. With config.skip_damaged a damaged member of a zip archive is but
/// counted, for the others do not depend on it.
InputReading read_input_file(const InputFile& file, const PrepareConfig& config, const ReadHooks& hooks,
                             const EmitDocument& emit);

}  // namespace ktlm::corpus
