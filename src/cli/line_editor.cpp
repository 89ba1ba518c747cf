#include "line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "history_search.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::cli {

namespace {

constexpr int kPollMilliseconds = 200;

// A terminal in "bracketed paste" mode puts these around what is pasted (XTerm Control Sequences, "Bracketed Paste").
constexpr std::string_view kPasteModeOn = "\033[?2004h", kPasteModeOff = "\033[?2004l";
constexpr const wchar_t* kPasteBegin = L"\033[200~";
constexpr std::string_view kPasteEnd = "\033[201~";

// Ctrl-R, Ctrl-G, and one that nobody types (Ctrl-_), by which libedit is told to show what a search has found.
constexpr wchar_t kSearchKey = L'\x12', kAbandonKey = L'\a', kShowSearchKey = L'\x1F';

// A handler reaches objects of static storage only.
std::atomic<bool> g_resized{false}, g_continued{false};

// libedit's own handling of signals passes them on to the whole group of processes; this tells of two alone.
class SignalGuard {
 public:
  SignalGuard() {
    struct sigaction action {};
    action.sa_handler = [](int signal_number) { (signal_number == SIGCONT ? g_continued : g_resized).store(true); };
    ::sigaction(SIGWINCH, &action, &former_resize_);
    ::sigaction(SIGCONT, &action, &former_continue_);
  }
  ~SignalGuard() {
    ::sigaction(SIGWINCH, &former_resize_, nullptr);
    ::sigaction(SIGCONT, &former_continue_, nullptr);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  struct sigaction former_resize_ {
  }, former_continue_{};
};

// wchar_t holds a code point on Linux and macOS.
std::wstring to_wide(std::string_view utf8) {
  std::wstring wide;
  for (size_t position = 0; position < utf8.size();) wide += static_cast<wchar_t>(text::decode_utf8(utf8, position));
  return wide;
}

std::string to_utf8(const wchar_t* begin, const wchar_t* end) {
  std::string utf8;
  for (; begin != end; ++begin) text::append_utf8(utf8, static_cast<char32_t>(*begin));
  return utf8;
}

// What is pasted has any line ends (terminals send \r), tabs and perhaps control characters, which are keys here.
std::wstring pasted_text(std::string_view bytes) {
  std::wstring text;
  for (const wchar_t c : to_wide(bytes)) {
    if (c == L'\n' && text.ends_with(L'\r')) text.pop_back();
    if (c >= 0x20 || c == L'\r' || c == L'\n') text += c;
    if (c == L'\t') text += L"    ";
  }
  std::replace(text.begin(), text.end(), L'\r', L'\n');
  while (text.ends_with(L'\n')) text.pop_back();
  return text;
}

bool is_full_terminal() {
  const char* const terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) != "dumb";
}

// libedit writes and measures characters by the locale. Where the environment's is no UTF-8 one, some that are.
void set_utf8_locale() {
  for (const char* name : {"", "C.UTF-8", "en_US.UTF-8", "UTF-8"})
    if (std::setlocale(LC_CTYPE, name) != nullptr && MB_CUR_MAX > 1) return;
}

void write_to_terminal(std::string_view bytes) {
  std::fflush(stdout);
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  std::fflush(stdout);
}

// What all of them begin with.
std::string common_beginning(const std::vector<std::string>& texts) {
  std::string common = texts.front();
  for (const std::string& text : texts) {
    const auto end = std::mismatch(common.begin(), common.end(), text.begin(), text.end()).first;
    common.erase(end, common.end());
  }
  common.resize(common.size() - text::incomplete_utf8_suffix(common));
  return common;
}

}  // namespace

struct LineEditor::Impl {
  LineHistory history_file;
  Complete complete;
  std::function<bool()> interrupted;
  SignalGuard signals;
  std::wstring line_prompt, prompt;  // of the line; what stands there now
  std::vector<std::string> entries;  // the history, the oldest first
  std::optional<HistorySearch> search;
  std::wstring found;               // what the search shows
  std::optional<wchar_t> next_key;  // the one that ended it
  HistoryW* history = nullptr;
  EditLine* editor = nullptr;
  const bool full_terminal = is_full_terminal();
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
      follow_terminal();
      if (ready > 0) return ::read(STDIN_FILENO, &byte, 1) == 1 ? 1 : 0;
    }
  }

  // Draws the line anew where the terminal has another size, or the program was stopped by Ctrl-Z and goes on.
  void follow_terminal() {
    const bool resized = g_resized.exchange(false), continued = g_continued.exchange(false);
    if (!resized && !continued) return;
    if (continued) {  // the shell has set the terminal to its own liking
      el_wset(editor, EL_PREP_TERM, 0);
      el_wset(editor, EL_PREP_TERM, 1);
      if (full_terminal) write_to_terminal(kPasteModeOn);
    }
    if (full_terminal) write_to_terminal("\r\033[J");
    el_resize(editor);
    el_wset(editor, EL_REFRESH);
  }

  // libedit asks for the next character: 1 and the character, or 0 at the end.
  static int read_character(EditLine* editor, wchar_t* character) {
    if (const auto key = std::exchange(of(editor).next_key, std::nullopt)) {
      *character = *key;
      return 1;
    }
    std::string bytes;
    do {
      unsigned char byte = 0;
      if (of(editor).read_byte(byte) == 0) return 0;
      bytes += static_cast<char>(byte);
    } while (text::incomplete_utf8_suffix(bytes) > 0);
    size_t position = 0;
    *character = static_cast<wchar_t>(text::decode_utf8(bytes, position));
    if (of(editor).search) *character = of(editor).search_key(*character, bytes);
    return 1;
  }

  // What a key does while Ctrl-R searches. libedit gets the key that shows it; one that ends the search comes next.
  wchar_t search_key(wchar_t key, const std::string& bytes) {
    bool ended = false;
    if (key == kSearchKey) {
      search->go_older();
    } else if (key == L'\x7F' || key == L'\b') {
      search->take_back();
    } else if (key >= L' ') {
      search->add(bytes);
    } else {
      ended = true;
      if (key == kAbandonKey)
        search->abandon();
      else
        next_key = key;
    }
    found = to_wide(search->shown());
    if (ended) search.reset();
    return kShowSearchKey;
  }

  // The keys' own functions.
  static unsigned char insert_paste(EditLine* editor, wint_t) {
    std::string bytes;
    while (!bytes.ends_with(kPasteEnd)) {
      unsigned char byte = 0;
      if (of(editor).read_byte(byte) == 0) return CC_EOF;
      bytes += static_cast<char>(byte);
    }
    bytes.resize(bytes.size() - kPasteEnd.size());
    return insert(editor, pasted_text(bytes));
  }

  static unsigned char insert_line_end(EditLine* editor, wint_t) { return insert(editor, L"\n"); }

  static unsigned char insert(EditLine* editor, const std::wstring& text) {
    return !text.empty() && el_winsertstr(editor, text.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  static unsigned char complete_line(EditLine* editor, wint_t) {
    const LineInfoW* const info = el_wline(editor);
    const std::string line = to_utf8(info->buffer, info->cursor);
    std::vector<std::string> choices;
    try {
      choices = of(editor).complete(line);
    } catch (const std::exception&) {
      return CC_ERROR;  // a folder that can't be read; libedit is no place for an exception to pass through
    }
    if (choices.empty()) return CC_ERROR;
    const std::string more = common_beginning(choices).substr(line.size());
    if (!more.empty()) return insert(editor, to_wide(more));
    std::string list = "\n";
    for (const std::string& choice : choices) list += choice + "\n";
    write_to_terminal(list);
    return CC_REDISPLAY;
  }

  static unsigned char begin_search(EditLine* editor, wint_t) {
    const LineInfoW* const line = el_wline(editor);
    of(editor).search.emplace(of(editor).entries, to_utf8(line->buffer, line->lastchar));
    of(editor).found.assign(line->buffer, line->lastchar);
    return show_search(editor, 0);
  }

  static unsigned char show_search(EditLine* editor, wint_t) {
    Impl& self = of(editor);
    self.prompt = self.line_prompt;
    if (self.search)
      self.prompt = to_wide((self.search->failed() ? "(not found: " : "(search: ") + self.search->pattern() + ") ");
    const LineInfoW* const line = el_wline(editor);
    el_cursor(editor, static_cast<int>(line->lastchar - line->cursor));
    el_wdeletestr(editor, static_cast<int>(line->lastchar - line->buffer));
    if (!self.found.empty()) el_winsertstr(editor, self.found.c_str());
    return CC_REFRESH;
  }

  void bind(const wchar_t* name, const wchar_t* help, unsigned char (*function)(EditLine*, wint_t),
            std::initializer_list<const wchar_t*> keys) {
    el_wset(editor, EL_ADDFN, name, help, function);
    for (const wchar_t* key : keys) el_wset(editor, EL_BIND, key, name, nullptr);
  }

  void enter(const std::string& entry) {
    entries.push_back(entry);
    HistEventW event;
    history_w(history, &event, H_ENTER, to_wide(entry).c_str());
  }
};

LineEditor::LineEditor(LineHistory history, Complete complete, std::function<bool()> interrupted)
    : impl_(std::make_unique<Impl>()) {
  impl_->history_file = std::move(history);
  impl_->complete = std::move(complete);
  impl_->interrupted = std::move(interrupted);
  set_utf8_locale();
  impl_->history = history_winit();
  impl_->editor = el_init("ktlm", stdin, stdout, stderr);
  if (impl_->history == nullptr || impl_->editor == nullptr)
    throw Error("the terminal can't be set up for editing; pipe the messages in instead");
  HistEventW event;
  history_w(impl_->history, &event, H_SETSIZE, static_cast<int>(LineHistory::kMostEntries));
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
  impl_->bind(L"ktlm-paste", L"Insert what is pasted", &Impl::insert_paste, {kPasteBegin});
  impl_->bind(L"ktlm-line-end", L"Begin another line", &Impl::insert_line_end, {L"\033\r", L"\033\n"});
  impl_->bind(L"ktlm-complete", L"Complete a command", &Impl::complete_line, {L"\t"});
  impl_->bind(L"ktlm-search", L"Search the history", &Impl::begin_search, {std::wstring(1, kSearchKey).c_str()});
  impl_->bind(L"ktlm-show-search", L"Show what was found", &Impl::show_search,
              {std::wstring(1, kShowSearchKey).c_str()});
  el_source(impl_->editor, nullptr);  // ~/.editrc
  for (const std::string& entry : impl_->history_file.load()) impl_->enter(entry);
}

LineEditor::~LineEditor() {
  if (impl_->editor != nullptr) el_end(impl_->editor);
  if (impl_->history != nullptr) history_wend(impl_->history);
}

LineEditor::Result LineEditor::read(const std::string& prompt, std::string& line) {
  impl_->prompt = impl_->line_prompt = to_wide(prompt);
  impl_->search.reset();
  impl_->next_key.reset();
  impl_->gave_up = false;
  int length = 0;
  if (impl_->full_terminal) write_to_terminal(kPasteModeOn);
  const wchar_t* const wide = el_wgets(impl_->editor, &length);
  if (impl_->full_terminal) write_to_terminal(kPasteModeOff);
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

void LineEditor::remember(const std::string& entry) {
  if (entry.empty()) return;
  impl_->enter(entry);
  impl_->history_file.add(entry);
}

}  // namespace ktlm::cli
