// A program in a terminal (tmux) that a test types into and reads the screen of. It waits for what is to appear, not
// for time to pass.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ktlm/core/files.h"
#include "run_program.h"

namespace ktlm::test {

class Terminal {
 public:
  struct Size {
    int columns = 60, rows = 24;
  };

  static bool available() { return run_program({"/bin/sh", "-c", "command -v tmux"}).exit_code == 0; }

  /// Runs a shell command there; the screen stays when it has ended.
  Terminal(const std::string& command, const std::filesystem::path& directory, Size size)
      : socket_("ktlm-test-" + std::to_string(::getpid()) + "-" + std::to_string(num_made()++)) {
    tmux({"new-session", "-d", "-x", std::to_string(size.columns), "-y", std::to_string(size.rows), "-c",
          directory.string(), command + "; echo left with $?; exec sleep 600"});
  }
  ~Terminal() { tmux({"kill-server"}); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Text, character by character.
  void type(const std::string& text) { tmux({"send-keys", "-l", "--", text}); }
  /// Keys by tmux's names: Enter, BSpace, Left, C-c, M-Enter.
  void press(std::vector<std::string> keys) {
    keys.insert(keys.begin(), "send-keys");
    tmux(std::move(keys));
  }
  void type_line(const std::string& text) {
    type(text);
    press({"Enter"});
  }
  /// As the mouse does it, in brackets where the program asked for them.
  void paste(const std::string& text) {
    tmux({"set-buffer", "--", text});
    tmux({"paste-buffer", "-p"});
  }
  /// Comes back when the program could learn of it: tmux tells the program some time after it has changed the screen.
  testing::AssertionResult resize(Size size) {
    const std::string columns = std::to_string(size.columns), rows = std::to_string(size.rows);
    tmux({"resize-window", "-x", columns, "-y", rows});
    std::string device = tmux({"display-message", "-p", "#{pane_tty}"});
    device.resize(device.find('\n'));
    return wait([&](const auto&) {
      return run_program({"/bin/sh", "-c", "stty size < " + device}).out == rows + " " + columns + "\n";
    });
  }

  /// The lines of the screen without the empty ones at its end and without spaces at their ends.
  std::vector<std::string> lines() {
    std::istringstream stream(tmux({"capture-pane", "-p"}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
      line.erase(line.find_last_not_of(' ') + 1);
      lines.push_back(line);
    }
    while (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
  }
  /// "column,line" of the cursor, from 0 on.
  std::string cursor() {
    std::string place = tmux({"display-message", "-p", "#{cursor_x},#{cursor_y}"});
    return place.substr(0, place.find('\n'));
  }

  /// Whether the screen comes to end in these lines.
  testing::AssertionResult ends_in(const std::vector<std::string>& expected) {
    return wait([&](const std::vector<std::string>& lines) {
      return lines.size() >= expected.size() && std::equal(expected.rbegin(), expected.rend(), lines.rbegin());
    });
  }
  /// Whether a line comes to match the whole of `pattern`.
  testing::AssertionResult shows(const std::string& pattern) {
    const std::regex regex(pattern);
    return wait([&](const std::vector<std::string>& lines) {
      return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return std::regex_match(line, regex); });
    });
  }
  testing::AssertionResult has_cursor_at(const std::string& place) {
    return wait([&](const auto&) { return cursor() == place; });
  }

 private:
  // A server that is being killed still holds its name.
  static int& num_made() {
    static int count = 0;
    return count;
  }

  static constexpr double kMostSeconds = 30;

  std::string tmux(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"/usr/bin/env", "LC_ALL=C.UTF-8", "tmux", "-u", "-f", "/dev/null", "-L", socket_});
    return run_program(arguments).out;
  }

  template <class Condition>
  testing::AssertionResult wait(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(kMostSeconds);
    do {
      if (condition(lines())) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    } while (std::chrono::steady_clock::now() < deadline);
    auto failure = testing::AssertionFailure() << "the cursor is at " << cursor() << ", and the screen shows\n";
    for (const std::string& line : lines()) failure << "  |" << line << "\n";
    return failure;
  }

  std::string socket_;
};

}  // namespace ktlm::test
