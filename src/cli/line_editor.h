// Reads lines from a terminal, with editing and history: libedit's home. Hangul needs its wide-character side and a
// UTF-8 locale, so that backspace takes a whole syllable and the cursor knows that it is two columns wide.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace ktlm::cli {

class LineEditor {
 public:
  enum class Result { kLine, kEnd, kInterrupted };

  /// `history_file` keeps the lines from one run to the next; empty keeps none. `interrupted` is asked when a signal
  /// comes and now and then; true gives the line up. Sets the process's LC_CTYPE.
  LineEditor(std::string prompt, std::filesystem::path history_file, std::function<bool()> interrupted);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// One line, without its end. kEnd: Ctrl-D on an empty line, or the terminal is gone. kInterrupted: `line` holds what
  /// was typed.
  Result read(std::string& line);
  /// Adds a line to the history and its file; a file that can't be written is left alone.
  void remember(const std::string& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// $XDG_STATE_HOME/ktlm/<name>, ~/.local/state/ktlm/<name>, or empty where there is no home.
std::filesystem::path state_file(const std::string& name);

}  // namespace ktlm::cli
