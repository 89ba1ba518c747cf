// The first pass of prepare: reads the inputs, judges each document by its own content, and leaves those that stay in a
// part, with how far it has come, so that it can go on after a stop or a kill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "ktlm/core/error.h"
#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "part_writer.h"
#include "saved_pass.h"

namespace ktlm::corpus {

/// Throws ConfigError, with the nearest one, for a name in config.quality_off that is neither an input nor a file,
/// where no document can be of a source of that name.
void check_exempting_names(const FirstPassRequest& request);

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
