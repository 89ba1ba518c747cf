#include "console.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "ktlm/core/error.h"
#include "ktlm/core/log.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/width.h"
#include "terminal_output.h"

namespace ktlm::cli {

namespace {

// A handler reaches objects of static storage only.
StopFlag g_stop_flag;

// Without SA_RESTART: a read that waits for silent input ends, and the verb sees the flag.
void stop_at(int signal_number) {
  struct sigaction action {};
  action.sa_handler = [](int number) { g_stop_flag.request(number); };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one kills
  ::sigaction(signal_number, &action, nullptr);
}

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string amount(int64_t value, const std::string& unit) {
  return unit == "bytes" ? format_bytes(value) : format_count(static_cast<double>(value)) + " " + unit;
}

constexpr double kSecondsBetweenRedraws = 0.1, kSecondsBetweenLines = 10;

}  // namespace

void write_to_stdout(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count >= 0)
      bytes.remove_prefix(static_cast<size_t>(count));
    else if (errno != EINTR)
      throw OutputError("standard output: can't be written: " + system_error_text(errno));
  }
}

Console::Console(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {
  stop_at(SIGINT);
  stop_at(SIGTERM);
}

Console::~Console() { finish_progress(); }

const StopFlag& Console::stop_flag() const { return g_stop_flag; }

ProgressCallback Console::progress() {
  return [this](const Progress& progress) { draw(progress); };
}

WarningCallback Console::warnings() {
  return [this](const std::string& warning) {
    finish_progress();
    log_warning(without_controls(warning));
  };
}

void Console::print(std::string_view text) {
  finish_progress();
  write_to_stdout(text.ends_with('\n') ? std::string(text) : std::string(text) + "\n");
}

void Console::note(std::string_view text) {
  finish_progress();
  if (!quiet_) log_info(without_controls(text));
}

void Console::error(std::string_view text) {
  finish_progress();
  log_error(without_controls(text));
}

void Console::finish_progress() {
  if (line_drawn_) std::fputc('\n', stderr);
  line_drawn_ = false;
}

int Console::exit_code() const { return g_stop_flag.requested() ? 128 + g_stop_flag.signal_number() : 0; }

void Console::draw(const Progress& progress) {
  if (quiet_) return;
  const double now = now_seconds();
  if (progress.stage != stage_) {
    finish_progress();
    stage_ = progress.stage;
    stage_start_seconds_ = now;
    last_draw_seconds_ = -1;
  }
  const bool complete = progress.total > 0 && progress.done >= progress.total;
  const double pause = terminal_ ? kSecondsBetweenRedraws : kSecondsBetweenLines;
  // The first line in a log file waits too: short stages leave no trace there.
  if (!terminal_ && last_draw_seconds_ < 0) last_draw_seconds_ = now;
  if (now - last_draw_seconds_ < pause && !(terminal_ && complete)) return;
  last_draw_seconds_ = now;

  std::string line = progress.stage + "  ";
  if (progress.detail.empty() || progress.total == 0) line += amount(progress.done, progress.unit);
  if (progress.total > 0) {
    const double fraction = std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f %%", 100 * fraction);
    line += (line.back() == ' ' ? "" : "  ") + std::string(percent);
    const double elapsed = now - stage_start_seconds_;
    if (progress.detail.empty() && fraction > 0 && elapsed > 1)
      line += "  ETA " + format_seconds(elapsed / fraction - elapsed);
  }
  if (!progress.detail.empty()) line += "  " + progress.detail;
  line = on_one_line(line);  // names of files may hold anything

  if (terminal_) {
    const std::string shown = text::cut_to_width(line, terminal_columns(STDERR_FILENO) - 1);
    std::fprintf(stderr, "\r%s\033[K", shown.c_str());
    std::fflush(stderr);
    line_drawn_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

}  // namespace ktlm::cli
