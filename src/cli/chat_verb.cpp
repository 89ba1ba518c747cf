#include "chat_verb.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "answer_wrap.h"
#include "chat_commands.h"
#include "console.h"
#include "input.h"
#include "ktlm/core/error.h"
#include "ktlm/core/log.h"
#include "ktlm/core/machine.h"
#include "ktlm/core/text_format.h"
#include "ktlm/generate/sampling.h"
#include "ktlm/text/utf8.h"
#include "line_editor.h"
#include "message_joiner.h"
#include "saved_chats.h"
#include "terminal_output.h"

namespace ktlm::cli {

namespace {

StopFlag g_interrupt;  // Ctrl-C; a handler reaches objects of static storage only

// In a dialogue Ctrl-C stops the answer and not the program, however often it comes.
class InterruptGuard {
 public:
  InterruptGuard() {
    struct sigaction action {};
    action.sa_handler = [](int signal_number) { g_interrupt.request(signal_number); };
    ::sigaction(SIGINT, &action, &former_);
  }
  ~InterruptGuard() { ::sigaction(SIGINT, &former_, nullptr); }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  struct sigaction former_ {};
};

// Where a chat keeps things from one run to the next; empty where there is no home.
std::filesystem::path state_path(const std::string& name) {
  const std::filesystem::path folder = state_directory();
  return folder.empty() ? folder : folder / name;
}

// A note's words in lines of a terminal, broken between words. The logger writes who speaks in front of them.
std::string in_lines(const std::string& words) {
  const size_t columns = terminal_columns(STDERR_FILENO);
  if (columns == 0) return words;
  const std::string speaker = "ktlm chat: ";
  AnswerWrap wrap;
  std::string lines = wrap.feed(speaker + words, columns);
  lines += wrap.finish(columns);
  return lines.substr(speaker.size());
}

// Answers and commands, for messages from wherever they come.
class Chat {
 public:
  Chat(const Talker& talker, const ChatArguments& arguments, const std::string& model_words, Console& console)
      : session_(*talker.model, talker.tokenizer),
        sampling_(arguments.sampling),
        saved_(arguments.no_history ? "" : state_path("chats"), talker.directory),
        console_(console),
        commands_(session_, sampling_, saved_, model_words,
                  [this] { show([&](auto&& out) { return session_.regenerate(sampling_, out); }); }) {
    if (arguments.resume) say(commands_.run(arguments.resume->empty() ? "/resume" : "/load " + *arguments.resume));
    if (!arguments.system.empty()) session_.set_system(arguments.system);
  }

  /// False once the dialogue is to end.
  bool take(const JoinedMessage& message) {
    const std::string& text = message.text;
    if (text.starts_with('/') && !text.starts_with("//") && !message.quoted) {
      say(commands_.run(text));
    } else if (text.find_first_not_of(" \t\n") != std::string::npos) {
      const std::string question = text.starts_with("//") && !message.quoted ? text.substr(1) : text;
      show([&](auto&& out) { return session_.ask(question, sampling_, out); });
    }
    return !commands_.quit() && !console_.stop_flag().requested();
  }

  /// Writes the dialogue to the folder of those that are kept; one that can't be written is said once.
  void keep() {
    try {
      saved_.keep(session_);
    } catch (const Error& error) {
      if (!std::exchange(keeping_failed_, true)) log_warning(error.what() + std::string("; the dialogue is not kept"));
    }
  }

  std::vector<std::string> complete(const std::string& line) const { return commands_.complete(line); }

 private:
  // A dialogue that was loaded may have any characters.
  static void say(const std::string& text) {
    if (!text.empty()) std::fprintf(stderr, "%s\n", without_controls(text).c_str());
  }

  // Shows an answer on stdout while it comes.
  template <class Answer>
  void show(const Answer& answer) {
    AnswerWrap wrap;
    const bool wrapping = terminal_columns(STDOUT_FILENO) > 0;
    const generate::Generation generation = answer([&](std::string_view piece) {
      write_to_stdout(wrapping ? wrap.feed(piece, terminal_columns(STDOUT_FILENO)) : std::string(piece));
      return !g_interrupt.requested() && !console_.stop_flag().requested();
    });
    write_to_stdout(wrap.finish(terminal_columns(STDOUT_FILENO)) + "\n");
    if (generation.finish == generate::FinishReason::kLength)
      say("(cut at max_new_tokens=" + std::to_string(sampling_.max_new_tokens) + ")");
    if (generation.finish == generate::FinishReason::kContextFull) say("(cut: the context is full)");
    g_interrupt.clear();
  }

  generate::ChatSession session_;
  generate::SamplingConfig sampling_;
  SavedChats saved_;
  bool keeping_failed_ = false;
  Console& console_;
  ChatCommands commands_;
};

// False once the dialogue is to end. What fails is one message; the dialogue goes on with the next.
bool take_or_report(Chat& chat, const JoinedMessage& message, bool& failed) {
  try {
    return chat.take(message);
  } catch (const OutputError&) {
    throw;
  } catch (const Error& error) {
    log_error(without_controls(error.what()));
    failed = true;
    return true;
  }
}

void talk_with_person(Chat& chat, const std::filesystem::path& history, const StopFlag& stop) {
  const InterruptGuard guard;
  LineEditor editor(
      LineHistory(history), [&](const std::string& line) { return chat.complete(line); },
      [&] { return g_interrupt.requested() || stop.requested(); });
  MessageJoiner joiner;
  bool warned = false;  // the line before was an empty one left by Ctrl-C
  while (!stop.requested()) {
    std::string line;
    const LineEditor::Result result = editor.read(joiner.pending() ? ". " : "> ", line);
    if (result == LineEditor::Result::kLine) {
      warned = false;
      const auto message = joiner.add(line);
      if (!message) continue;
      editor.remember(message->typed);
      bool failed = false;
      const bool go_on = take_or_report(chat, *message, failed);
      chat.keep();
      if (!go_on) break;
      continue;
    }
    write_to_stdout("\n");
    const bool empty = line.empty() && !joiner.pending();
    const bool leave = result == LineEditor::Result::kEnd || (warned && empty);
    if (leave) break;
    joiner.clear();
    g_interrupt.clear();
    warned = empty;
    if (warned && !stop.requested()) std::fputs("(Ctrl-C again, Ctrl-D or /quit leaves)\n", stderr);
  }
}

// The next line of standard input; false at its end. A line that is no UTF-8 is said and passed over, but not within a
// message, which would be another without it.
bool next_line(LineReader& lines, std::string& line, bool within_message, bool& failed) {
  while (true) {
    const std::string before = lines.where();
    try {
      const LineReader::Got got = lines.next(line);
      if (got != LineReader::Got::kNothingYet) return got == LineReader::Got::kLine;
    } catch (const Error& error) {
      const bool read_nothing = lines.where() == before;
      if (read_nothing || within_message) throw;
      log_error(error.what());
      failed = true;
    }
  }
}

// False where a message failed.
bool talk_with_pipe(Chat& chat, const StopFlag& stop) {
  bool failed = false;
  try {
    Input input("-", stop);
    LineReader lines(input);
    MessageJoiner joiner;
    for (std::string line; next_line(lines, line, joiner.pending(), failed);) {
      const auto message = joiner.add(line);
      if (message && !take_or_report(chat, *message, failed)) return !failed;
    }
    const auto last = joiner.finish();
    if (last) take_or_report(chat, *last, failed);
  } catch (const Stopped&) {
    // The exit code tells.
  }
  return !failed;
}

}  // namespace

int run_chat(const ChatArguments& arguments, Console& console, const OpenTalker& open) {
  if (!text::is_valid_utf8(arguments.system)) throw ConfigError("--system: is no UTF-8; convert the text first");
  const Talker talker = open(console);
  ChatArguments seeded = arguments;
  seeded.sampling.seed = static_cast<int64_t>(generate::resolve_seed(arguments.sampling));

  const std::string model_words =
      talker.directory.string() + ", " + format_count(static_cast<double>(talker.model->config().num_parameters())) +
      " parameters, " + talker.places + " in " + talker.dtype + ", seed " + std::to_string(seeded.sampling.seed);
  console.note(in_lines(model_words + "; /help lists the commands"));
  Chat chat(talker, seeded, model_words, console);
  bool all_well = true;
  if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
    talk_with_person(chat, arguments.no_history ? "" : state_path("chat_history"), console.stop_flag());
  } else {
    all_well = talk_with_pipe(chat, console.stop_flag());
  }
  return console.stop_flag().requested() || all_well ? console.exit_code() : 1;
}

int run_chat_on_cpu(const ChatArguments& arguments, Console& console) {
  return run_chat(arguments, console,
                  [&](Console&) { return open_own_model(arguments.model_dir, arguments.dtype, arguments.threads); });
}

}  // namespace ktlm::cli
