// The first pass of prepare: reads the inputs, judges each document by its own content, and leaves those that stay in a
// part, with how far it has come, so that it can go on after a stop or a kill.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "document_reader.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/prepare.h"
#include "part_writer.h"
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

/// Throws ConfigError, with the nearest one, for a name in config.quality_off that is neither an input nor a file,
/// where no document can be of a source of that name.
void check_exempting_names(const FirstPassRequest& request);

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

/// Thrown where the stop flag was set.
struct Stopped {};

/// A file can't be read to its end, but others before it could: what they gave is saved.
class DamagedInputError : public Error {
 public:
  using Error::Error;
};

/// Goes on from `state` until all is read. `before_file` is as in GoingOn, where the state is within a file. The part's
/// state is saved every few seconds, at the end, before Stopped is thrown, and where a file can't be read to its end
/// but others before it could. Throws DamagedInputError then; Error where the disk fails; StartAgainError and
/// ConfigError for other faults of the inputs and what was asked of them.
void run_first_pass(const FirstPassRequest& request, FirstPassState& state, std::optional<SavedPass> before_file,
                    PartWriter& writer, const StopFlag& stop_flag, const ProgressCallback& progress,
                    const WarningCallback& warn);

size_t num_workers(int64_t threads);

}  // namespace ktlm::corpus
