// Reads lines from a terminal, with editing and history: libedit's home. Hangul needs its wide-character side and a
// UTF-8 locale, so that backspace takes a whole syllable and the cursor knows that it is two columns wide.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "line_history.h"

namespace ktlm::cli {

class LineEditor {
 public:
  enum class Result { kLine, kEnd, kInterrupted };

  /// What a line up to the cursor may become at the tab key, whole.
  using Complete = std::function<std::vector<std::string>(const std::string& line)>;

  /// `interrupted` is asked when a signal comes and now and then; true gives the line up. Sets the process's LC_CTYPE.
  LineEditor(LineHistory history, Complete complete, std::function<bool()> interrupted);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  /// One line, without its end. It holds line ends itself where several lines were pasted at once, or typed with Alt
  /// and Enter. kEnd: Ctrl-D on an empty line, or the terminal is gone. kInterrupted: `line` holds what was typed.
  Result read(const std::string& prompt, std::string& line);
  /// Adds what was typed to the history.
  void remember(const std::string& entry);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktlm::cli
