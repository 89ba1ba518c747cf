#include "saved_chats.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"

namespace ktlm::cli {

namespace fs = std::filesystem;

namespace {

std::string local_time(std::time_t time, const char* format) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  std::ostringstream text;
  text << std::put_time(&parts, format);
  return text.str();
}

// A name that sorts by time and that no file has. Two programs that begin in the same second differ by their number.
fs::path new_file(const fs::path& folder) {
  const std::string name = local_time(std::time(nullptr), "%Y-%m-%d_%H%M%S") + "_" + std::to_string(::getpid());
  fs::path file = folder / (name + ".json");
  std::error_code ignored;
  for (int i = 2; fs::exists(file, ignored); ++i) file = folder / (name + "_" + std::to_string(i) + ".json");
  return file;
}

fs::path model_in(const Json& document) {
  const bool has_one = document.contains("model") && document.at("model").is_string();
  return has_one ? document.at("model").get<std::string>() : std::string();
}

fs::file_time_type time_of(const fs::path& file) {
  std::error_code ignored;
  return fs::last_write_time(file, ignored);
}

}  // namespace

SavedChats::SavedChats(fs::path folder, const fs::path& model) : folder_(std::move(folder)) {
  std::error_code ignored;
  model_ = fs::weakly_canonical(model, ignored);
}

std::vector<SavedChats::Entry> SavedChats::list(size_t most) const {
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  std::error_code ignored;
  if (!folder_.empty())
    for (const auto& entry : fs::directory_iterator(folder_, ignored))
      if (entry.path().extension() == ".json") files.emplace_back(time_of(entry.path()), entry.path());
  std::sort(files.rbegin(), files.rend());
  std::vector<Entry> entries;
  for (const auto& [time, file] : files) {
    if (entries.size() == most) break;
    try {
      const Json document = read_json_file(file.string());
      const auto messages = generate::parse_messages(document, file.string());
      const auto question =
          std::find_if(messages.begin(), messages.end(), [](const auto& message) { return message.role == "user"; });
      if (question == messages.end()) continue;
      struct stat status {};
      ::stat(file.c_str(), &status);
      entries.push_back({file, local_time(status.st_mtime, "%Y-%m-%d %H:%M"), question->content, messages.size(),
                         model_in(document)});
    } catch (const Error&) {
      continue;
    }
  }
  return entries;
}

void SavedChats::keep(const generate::ChatSession& session) {
  const auto& messages = session.messages();
  const bool talked =
      std::any_of(messages.begin(), messages.end(), [](const auto& message) { return message.role != "system"; });
  const bool changed = !std::equal(messages.begin(), messages.end(), kept_.begin(), kept_.end(),
                                   [](auto& a, auto& b) { return a.role == b.role && a.content == b.content; });
  if (folder_.empty() || !changed || (!talked && file_.empty())) return;
  std::error_code ignored;
  const bool is_ours = !file_.empty() && fs::exists(file_, ignored) && time_of(file_) == written_;
  if (!talked) {  // all of it was taken back
    if (is_ours) fs::remove(file_, ignored);
    return begin_anew();
  }
  make_private_directories(folder_);
  if (!is_ours) file_ = new_file(folder_);
  session.save(file_.string(), model_.string());
  written_ = time_of(file_);
  kept_ = messages;
}

void SavedChats::resume(const Entry& entry, generate::ChatSession& session) {
  session.load(entry.file.string());
  file_ = entry.file;
  written_ = time_of(file_);
  kept_ = session.messages();
}

}  // namespace ktlm::cli
