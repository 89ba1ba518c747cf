// What a verb says to the terminal: results to stdout, everything else to stderr, progress on one line that is redrawn
// (or, where stderr is no terminal, as a plain line now and then).
#pragma once

#include <string>
#include <string_view>

#include "ktlm/core/error.h"
#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"

namespace ktlm::cli {

/// What came of a result could not be written: nothing that follows could either.
class OutputError : public Error {
 public:
  using Error::Error;
};

/// Bytes on stdout as they are. Throws OutputError (disk full).
void write_to_stdout(std::string_view bytes);

class Console {
 public:
  explicit Console(bool quiet);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Draws the progress line; erased before anything else is written.
  ProgressCallback progress();
  /// Logs a warning on stderr.
  WarningCallback warnings();
  /// Set by SIGINT and SIGTERM, which also end a read that waits: what was read then is cut off. A second signal kills
  /// the program.
  const StopFlag& stop_flag() const;

  /// A result: text on stdout, and a newline where it ends in none. Throws OutputError.
  void print(std::string_view text);
  /// Words for the person, on stderr: logged as "ktlm <verb>: text"; nothing when quiet.
  void note(std::string_view text);
  /// What failed while others went on, on stderr like the one line that ends a program; when quiet too.
  void error(std::string_view text);
  /// Ends the progress line, so that what stands there stays.
  void finish_progress();

  /// 0, or 128 + the signal that stopped the work.
  int exit_code() const;

 private:
  void draw(const Progress& progress);
  bool quiet_, terminal_;
  bool line_drawn_ = false;
  double last_draw_seconds_ = -1;
  double stage_start_seconds_ = 0;
  std::string stage_;
};

}  // namespace ktlm::cli
