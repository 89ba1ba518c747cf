#include "line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/text/utf8.h"

namespace ktlm::cli {

namespace {

constexpr int kMaxHistoryLines = 1000;
constexpr int kPollMilliseconds = 200;

// wchar_t holds a code point on Linux and macOS.
std::wstring to_wide(const std::string& utf8) {
  std::wstring wide;
  for (size_t position = 0; position < utf8.size();) wide += static_cast<wchar_t>(text::decode_utf8(utf8, position));
  return wide;
}

std::string to_utf8(const wchar_t* begin, const wchar_t* end) {
  std::string utf8;
  for (; begin != end; ++begin) text::append_utf8(utf8, static_cast<char32_t>(*begin));
  return utf8;
}

// libedit writes and measures characters by the locale. Where the environment's is no UTF-8 one, some that are.
void set_utf8_locale() {
  for (const char* name : {"", "C.UTF-8", "en_US.UTF-8", "UTF-8"})
    if (std::setlocale(LC_CTYPE, name) != nullptr && MB_CUR_MAX > 1) return;
}

}  // namespace

struct LineEditor::Impl {
  std::wstring prompt;
  std::filesystem::path history_file;
  std::function<bool()> interrupted;
  HistoryW* history = nullptr;
  EditLine* editor = nullptr;
  bool gave_up = false;  // the last read was interrupted

  static Impl& of(EditLine* editor) {
    void* self = nullptr;
    el_wget(editor, EL_CLIENTDATA, &self);
    return *static_cast<Impl*>(self);
  }

  static wchar_t* prompt_of(EditLine* editor) { return of(editor).prompt.data(); }

  // One byte, or 0 at the end of the input or an interruption. libedit's own reading would not come back from a signal.
  int read_byte(unsigned char& byte) {
    while (true) {
      pollfd terminal{STDIN_FILENO, POLLIN, 0};
      const int ready = ::poll(&terminal, 1, kPollMilliseconds);
      if (interrupted()) {
        gave_up = true;
        return 0;
      }
      if (ready > 0) return ::read(STDIN_FILENO, &byte, 1) == 1 ? 1 : 0;
    }
  }

  // libedit asks for the next character: 1 and the character, or 0 at the end.
  static int read_character(EditLine* editor, wchar_t* character) {
    std::string bytes;
    do {
      unsigned char byte = 0;
      if (of(editor).read_byte(byte) == 0) return 0;
      bytes += static_cast<char>(byte);
    } while (text::incomplete_utf8_suffix(bytes) > 0);
    size_t position = 0;
    *character = static_cast<wchar_t>(text::decode_utf8(bytes, position));
    return 1;
  }

  void enter(const std::string& line) {
    HistEventW event;
    history_w(history, &event, H_ENTER, to_wide(line).c_str());
  }

  void load_history() {
    if (history_file.empty() || !std::filesystem::exists(history_file)) return;
    std::vector<std::string> lines;
    std::ifstream file(history_file);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    const size_t surplus = lines.size() - std::min(lines.size(), static_cast<size_t>(kMaxHistoryLines));
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(surplus));
    for (const std::string& line : lines) enter(line);
    if (surplus < static_cast<size_t>(kMaxHistoryLines)) return;
    std::string content;
    for (const std::string& line : lines) content += line + "\n";
    try {
      write_file_atomically(history_file, content);
    } catch (const Error&) {
      // The history is a convenience; remember() goes on without it too.
    }
  }
};

LineEditor::LineEditor(std::string prompt, std::filesystem::path history_file, std::function<bool()> interrupted)
    : impl_(std::make_unique<Impl>()) {
  set_utf8_locale();
  impl_->prompt = to_wide(prompt);
  impl_->history_file = std::move(history_file);
  impl_->interrupted = std::move(interrupted);
  impl_->history = history_winit();
  impl_->editor = el_init("ktlm", stdin, stdout, stderr);
  if (impl_->history == nullptr || impl_->editor == nullptr)
    throw Error("the terminal can't be set up for editing; pipe the messages in instead");
  HistEventW event;
  history_w(impl_->history, &event, H_SETSIZE, kMaxHistoryLines);
  history_w(impl_->history, &event, H_SETUNIQUE, 1);
  el_wset(impl_->editor, EL_CLIENTDATA, impl_.get());
  el_wset(impl_->editor, EL_PROMPT, &Impl::prompt_of);
  el_wset(impl_->editor, EL_EDITOR, L"emacs");
  el_wset(impl_->editor, EL_HIST, history_w, impl_->history);
  el_wset(impl_->editor, EL_GETCFN, &Impl::read_character);
  // libedit 3.1 counts cells wrongly where it asks the terminal to insert or delete characters before wide ones;
  // without these capabilities (termcap names) it writes the rest of the line again.
  for (const wchar_t* capability : {L"ic", L"IC", L"im", L"ei", L"dc", L"DC", L"dm", L"ed"})
    el_wset(impl_->editor, EL_SETTC, capability, L"", nullptr);
  el_source(impl_->editor, nullptr);  // ~/.editrc
  impl_->load_history();
}

LineEditor::~LineEditor() {
  if (impl_->editor != nullptr) el_end(impl_->editor);
  if (impl_->history != nullptr) history_wend(impl_->history);
}

LineEditor::Result LineEditor::read(std::string& line) {
  impl_->gave_up = false;
  int length = 0;
  const wchar_t* const wide = el_wgets(impl_->editor, &length);
  if (impl_->gave_up) {
    const LineInfoW* const rest = el_wline(impl_->editor);
    line = to_utf8(rest->buffer, rest->lastchar);
    return Result::kInterrupted;
  }
  if (wide == nullptr || length <= 0) return Result::kEnd;
  line = to_utf8(wide, wide + length);
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return Result::kLine;
}

void LineEditor::remember(const std::string& line) {
  if (line.empty()) return;
  impl_->enter(line);
  if (impl_->history_file.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(impl_->history_file.parent_path(), ignored);
  std::ofstream(impl_->history_file, std::ios::app) << line << "\n";
}

std::filesystem::path state_file(const std::string& name) {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    return std::filesystem::path(state) / "ktlm" / name;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return std::filesystem::path(home) / ".local" / "state" / "ktlm" / name;
  return {};
}

}  // namespace ktlm::cli
