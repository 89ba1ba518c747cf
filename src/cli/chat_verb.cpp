#include "chat_verb.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <optional>

#include "chat_commands.h"
#include "console.h"
#include "ktlm/core/error.h"
#include "ktlm/core/log.h"
#include "ktlm/core/text_format.h"
#include "ktlm/generate/sampling.h"
#include "line_editor.h"

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

// Answers and commands, for lines from wherever they come.
class Chat {
 public:
  Chat(const Talker& talker, const generate::SamplingConfig& sampling, const StopFlag& stop)
      : session_(*talker.model, talker.tokenizer),
        sampling_(sampling),
        stop_(stop),
        commands_(session_, sampling_,
                  [this] { show([&](auto&& out) { return session_.regenerate(sampling_, out); }); }) {}

  void set_system(const std::string& text) { session_.set_system(text); }

  /// False once the dialogue is to end.
  bool take(const std::string& line) {
    if (line.starts_with('/')) {
      say(commands_.run(line));
    } else if (line.find_first_not_of(" \t") != std::string::npos) {
      show([&](auto&& out) { return session_.ask(line, sampling_, out); });
    }
    return !commands_.quit() && !stop_.requested();
  }

 private:
  static void say(const std::string& text) {
    if (!text.empty()) std::fprintf(stderr, "%s\n", text.c_str());
  }

  // Shows an answer on stdout while it comes.
  template <class Answer>
  void show(const Answer& answer) {
    const generate::Generation generation = answer([this](std::string_view piece) {
      write_to_stdout(piece);
      return !g_interrupt.requested() && !stop_.requested();
    });
    write_to_stdout("\n");
    if (generation.finish == generate::FinishReason::kLength)
      say("(cut at max_new_tokens=" + std::to_string(sampling_.max_new_tokens) + ")");
    if (generation.finish == generate::FinishReason::kContextFull) say("(cut: the context is full)");
    g_interrupt.clear();
  }

  generate::ChatSession session_;
  generate::SamplingConfig sampling_;
  const StopFlag& stop_;
  ChatCommands commands_;
};

void talk_with_person(Chat& chat, const StopFlag& stop) {
  const InterruptGuard guard;
  LineEditor editor("> ", state_file("chat_history"), [&] { return g_interrupt.requested() || stop.requested(); });
  bool warned = false;  // the line before was an empty one left by Ctrl-C
  while (!stop.requested()) {
    std::string line;
    const LineEditor::Result result = editor.read(line);
    if (result == LineEditor::Result::kLine) {
      warned = false;
      editor.remember(line);
      try {
        if (!chat.take(line)) break;
      } catch (const OutputError&) {
        throw;
      } catch (const Error& error) {
        log_error(error.what());
      }
      continue;
    }
    write_to_stdout("\n");
    const bool leave = result == LineEditor::Result::kEnd || (warned && line.empty());
    if (leave) break;
    g_interrupt.clear();
    warned = line.empty();
    if (warned && !stop.requested()) std::fputs("(Ctrl-C again, Ctrl-D or /quit leaves)\n", stderr);
  }
}

// False at the end and once a signal came.
bool read_line(const Console& console, std::string& line) {
  return !console.stop_flag().requested() && std::getline(std::cin, line) && !console.stop_flag().requested();
}

// False where a line failed; the dialogue goes on with the next.
bool talk_with_pipe(Chat& chat, const Console& console) {
  bool all_well = true;
  for (std::string line; read_line(console, line);) {
    if (line.ends_with('\r')) line.pop_back();
    try {
      if (!chat.take(line)) break;
    } catch (const OutputError&) {
      throw;
    } catch (const Error& error) {
      log_error(error.what());
      all_well = false;
    }
  }
  return all_well;
}

}  // namespace

int run_chat(const ChatArguments& arguments, Console& console, const OpenTalker& open) {
  const Talker talker = open(console);
  generate::SamplingConfig sampling = arguments.sampling;
  sampling.seed = static_cast<int64_t>(generate::resolve_seed(sampling));

  Chat chat(talker, sampling, console.stop_flag());
  chat.set_system(arguments.system);
  const auto& config = talker.model->config();
  console.note(talker.directory.string() + ", " + format_count(static_cast<double>(config.num_parameters())) +
               " parameters, " + talker.places + " in " + talker.dtype + ", seed " + std::to_string(sampling.seed) +
               "; /help lists the commands");
  bool all_well = true;
  if (::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
    talk_with_person(chat, console.stop_flag());
  } else {
    all_well = talk_with_pipe(chat, console);
  }
  return console.stop_flag().requested() || all_well ? console.exit_code() : 1;
}

int run_chat_on_cpu(const ChatArguments& arguments, Console& console) {
  return run_chat(arguments, console,
                  [&](Console&) { return open_own_model(arguments.model_dir, arguments.dtype, arguments.threads); });
}

}  // namespace ktlm::cli
