// The first pass of prepare: reads the inputs, judges each document by its own content, and leaves those that stay in a
// part, with how far it has come, so that it can go on after a stop or a kill.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "document_reader.h"
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

/// What a part was made of and how, to tell whether it may be gone on with (the very same request) or merged (all but
/// the shard and "places", where and how old the files are, which differs between machines). Short however many files
/// there are. `null` where an input can't be read a second time.
Json identity_of(const FirstPassRequest& request);

struct FirstPassState {
  std::vector<InputSummary> inputs;   // kept: before the search for duplicates
  std::vector<int64_t> num_problems;  // documents that could not be read, by input
  CorpusReport report{1};
  ReadPosition position;
  uint64_t next_order = 0;
  bool complete = false;
};
Json to_json(const FirstPassState& state);
/// Throws Error "<where>: ..." for what to_json() did not write.
FirstPassState first_pass_state_from_json(const Json& json, const std::string& where);

/// Thrown where the stop flag was set.
struct Stopped {};

/// Goes on from `state` until all is read. The part's state is saved every few seconds, at the end, and before Stopped
/// is thrown, as `{"identity": ..., "pass": state}`. Throws StartAgainError and ConfigError for
/// the inputs and what was asked of them, Error where the disk fails.
void run_first_pass(const FirstPassRequest& request, FirstPassState& state, PartWriter& writer,
                    const StopFlag& stop_flag, const ProgressCallback& progress, const WarningCallback& warn);

size_t num_workers(int64_t threads);

}  // namespace ktlm::corpus
