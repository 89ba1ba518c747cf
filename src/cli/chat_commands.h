// The commands of a chat: lines that begin with a slash. One table holds their names, their words in /help and what
// they do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ktlm/generate/chat_session.h"
#include "ktlm/generate/sampling_config.h"
#include "saved_chats.h"

namespace ktlm::cli {

class ChatCommands {
 public:
  /// Keeps references to the first three. `model_words` are what /show says of the model; `regenerate` gives the last
  /// answer again and shows it.
  ChatCommands(generate::ChatSession& session, generate::SamplingConfig& sampling, SavedChats& saved,
               std::string model_words, std::function<void()> regenerate);

  /// Runs "/name argument" and returns what there is to say about it; may be empty. Throws Error: an unknown command
  /// (with the nearest one), a wrong argument, a file that can't be read or written.
  std::string run(const std::string& line);
  /// What the beginning of a command may become: its name, a setting, a file; whole lines.
  std::vector<std::string> complete(const std::string& line) const;
  /// Whether /quit came.
  bool quit() const { return quit_; }

 private:
  struct Command {
    std::string name, argument, help;
    std::function<std::string(const std::string&)> run;
  };

  std::string help() const;
  std::string show() const;
  std::string set(const std::string& assignment);
  std::string save(const std::string& file, bool replace);
  std::string load(const std::string& file);
  std::string list_saved() const;
  std::string resume(const std::string& number);
  std::string last_exchange() const;
  std::string stats() const;

  generate::ChatSession& session_;
  generate::SamplingConfig& sampling_;
  SavedChats& saved_;
  std::string model_words_;
  std::vector<Command> commands_;
  std::string file_;  // of the last /save or /load
  bool quit_ = false;
};

}  // namespace ktlm::cli
