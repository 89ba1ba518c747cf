// The dialogues that are kept from one run to the next without being asked to: a folder with a file each, in the form
// of /save, which is written after every turn.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ktlm/generate/chat_session.h"

namespace ktlm::cli {

class SavedChats {
 public:
  struct Entry {
    std::filesystem::path file;
    std::string when;   // "2026-11-29 01:56", in local time: the last turn
    std::string title;  // the first question
    size_t num_messages = 0;
    std::filesystem::path model;  // its directory, absolute; empty where the file, of an earlier version, doesn't tell
  };

  /// `model` is the directory of the one that talks. An empty `folder` keeps nothing, and shows nothing.
  SavedChats(std::filesystem::path folder, const std::filesystem::path& model);

  /// Absolute, as in Entry.
  const std::filesystem::path& model() const { return model_; }

  /// The last ones, the newest first; files that are no dialogue are passed over.
  std::vector<Entry> list(size_t most) const;
  /// Writes the dialogue where it has changed; to a new file where it is a new one, or another program has written to
  /// ours. One without a message but the system's is no dialogue: not yet, or no longer, and its file goes. Throws
  /// Error.
  void keep(const generate::ChatSession& session);
  /// Loads a dialogue, which keep() goes on with. Throws Error; the dialogue is then as before.
  void resume(const Entry& entry, generate::ChatSession& session);
  /// The next keep() begins a new file.
  void begin_anew() {
    file_.clear();
    kept_.clear();
  }

 private:
  std::filesystem::path folder_, model_;
  std::filesystem::path file_;  // of this dialogue; empty: not written yet
  std::filesystem::file_time_type written_{};
  std::vector<corpus::ChatMessage> kept_;  // what file_ holds
};

}  // namespace ktlm::cli
