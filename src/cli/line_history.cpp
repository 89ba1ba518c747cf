#include "line_history.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"

namespace ktlm::cli {

namespace {

// Held while the file is added to or replaced: without it a line that another program adds in between would be lost.
// The file itself can't be locked, for it is replaced. A file system without locks goes without.
class HistoryLock {
 public:
  explicit HistoryLock(const std::filesystem::path& file)
      : descriptor_(::open((file.string() + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~HistoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  HistoryLock(const HistoryLock&) = delete;
  HistoryLock& operator=(const HistoryLock&) = delete;

 private:
  int descriptor_;
};

// An entry is a line of the file: its line ends are written "\n", its backslashes "\\".
std::string escaped(std::string_view entry) {
  std::string line;
  for (const char c : entry) line += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  return line;
}

std::string unescaped(std::string_view line) {
  std::string entry;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool escape = line[i] == '\\' && i + 1 < line.size() && (line[i + 1] == 'n' || line[i + 1] == '\\');
    entry += !escape ? line[i] : line[++i] == 'n' ? '\n' : '\\';
  }
  return entry;
}

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void drop_oldest(std::vector<std::string>& lines) {
  const size_t surplus = lines.size() - std::min(lines.size(), LineHistory::kMostEntries);
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(surplus));
}

}  // namespace

std::vector<std::string> LineHistory::load() const {
  std::error_code ignored;
  if (file_.empty() || !std::filesystem::exists(file_, ignored)) return {};
  const HistoryLock lock(file_);
  std::vector<std::string> lines = read_lines(file_);
  if (lines.size() >= 2 * kMostEntries) {
    drop_oldest(lines);
    std::string content;
    for (const std::string& line : lines) content += line + "\n";
    try {
      write_file_atomically(file_, content);
      std::filesystem::permissions(file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                   ignored);
    } catch (const Error&) {
      // It stays as long as it is.
    }
  }
  drop_oldest(lines);
  for (std::string& line : lines) line = unescaped(line);
  return lines;
}

void LineHistory::add(const std::string& entry) const {
  if (file_.empty()) return;
  try {
    make_private_directories(file_.parent_path());
  } catch (const Error&) {
    return;
  }
  const HistoryLock lock(file_);
  const int descriptor = ::open(file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  const std::string line = escaped(entry) + "\n";
  const ssize_t count = ::write(descriptor, line.data(), line.size());
  static_cast<void>(count);
  ::close(descriptor);
}

}  // namespace ktlm::cli
