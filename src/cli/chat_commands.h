// The commands of a chat: lines that begin with a slash. One table holds their names, their words in /help and what
// they do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/sampling_config.h"

namespace ktlm::cli {

class ChatCommands {
 public:
  /// Keeps references to all; `regenerate` gives the last answer again and shows it.
  ChatCommands(generate::ChatSession& session, generate::SamplingConfig& sampling, std::function<void()> regenerate);

  /// Runs "/name argument" and returns what there is to say about it; may be empty. Throws Error: an unknown command
  /// (with the nearest one), a wrong argument, a file that can't be read or written.
  std::string run(const std::string& line);
  /// Whether /quit came.
  bool quit() const { return quit_; }

 private:
  struct Command {
    std::string name, argument, help;
    std::function<std::string(const std::string&)> run;
  };

  std::string help() const;
  std::string set(const std::string& assignment);
  std::string stats() const;

  generate::ChatSession& session_;
  generate::SamplingConfig& sampling_;
  std::vector<Command> commands_;
  bool quit_ = false;
};

}  // namespace ktlm::cli
