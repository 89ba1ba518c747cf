// How far a first pass has come, as part.state keeps it, and what of that another run may go on from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "document_reader.h"
#include "input_files.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "report.h"

namespace ktlm::corpus {

/// What is asked of a first pass.
struct FirstPassRequest {
  std::vector<InputFile> files;
  std::vector<std::string> inputs;  // as given
  PrepareConfig config;
  Shard shard;
};

/// What a part was made of and how, to tell whether it may be gone on with or, but for the shard, merged. Short however
/// many files there are. `null` where an input can't be read a second time.
Json identity_of(const FirstPassRequest& request);

struct FirstPassState {
  std::vector<InputSummary> inputs;   // kept: before the search for duplicates
  std::vector<int64_t> num_problems;  // documents that could not be read, by input
  uint64_t exempting_names = 0;       // of all documents, as in ExtractedDocument
  CorpusReport report{1};
  ReadPosition position;
  uint64_t next_order = 0;
  bool complete = false;
};
Json to_json(const FirstPassState& state);

/// A state, and the part's files as they were then: PartWriter::sizes().
struct SavedPass {
  FirstPassState state;
  Json files;
};

/// What to go on from of a part.state that an earlier run has left: `latest` or, where the file that it was reading has
/// changed since, what stood before that file was begun. Files behind may be others now.
struct GoingOn {
  SavedPass latest;
  std::optional<SavedPass> before_file;
};

/// Nothing where the request is another, or a file that was read to its end has changed. Throws Error for a damaged
/// state.
std::optional<GoingOn> find_going_on(const Json& part_state, const FirstPassRequest& request, const std::string& where);

/// Throws Error "<where>: ..." for what to_json() did not write.
FirstPassState first_pass_state_from_json(const Json& json, const std::string& where);

/// marks[n] tells whether the first n files are as they were, by their names, places, sizes and dates.
std::vector<std::string> marks_of(const std::vector<InputFile>& files);

/// {"pass": ..., "read": ...}, to which find_going_on() wants "identity", and takes "before_file": such an object too,
/// with its "files".
Json save_to_json(const FirstPassState& state, const std::vector<std::string>& marks);

/// Whether any document has been read.
bool has_documents(const FirstPassState& state);

}  // namespace ktlm::corpus
