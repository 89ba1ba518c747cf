// Lines to messages. A line is a message of its own, unless it ends in a backslash, which joins the next line to it, or
// opens a block in triple quotes, which takes lines as they are until one ends in triple quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ktlm::cli {

struct JoinedMessage {
  std::string text;
  std::string typed;    // as it was typed, for the history: gives the same message again
  bool quoted = false;  // stood in triple quotes, so it is no command
};

class MessageJoiner {
 public:
  /// A line without its end; one that was pasted may hold line ends itself. The message, once it is whole.
  std::optional<JoinedMessage> add(std::string_view line);
  /// The end of the input. What a last backslash left, or nothing; throws Error for a block that is still open.
  std::optional<JoinedMessage> finish();
  /// Whether more lines are to come.
  bool pending() const { return quoted_ || continued_; }
  /// Forgets what came of a message.
  void clear() { *this = MessageJoiner(); }

 private:
  std::optional<JoinedMessage> take();

  std::string text_, typed_;
  bool quoted_ = false, continued_ = false;
};

}  // namespace ktlm::cli
