#include "chat_commands.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/width.h"
#include "terminal_output.h"

namespace ktlm::cli {

namespace {

constexpr size_t kMostListed = 20;  // saved dialogues
constexpr size_t kTitleColumns = 30;

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::string speed(int64_t tokens, double seconds) {
  return std::to_string(tokens) + " tokens" +
         (seconds > 0 ? ", " + format_count(static_cast<double>(tokens) / seconds) + " tokens/s" : "");
}

std::string count_of(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string shown(const corpus::ChatMessage& message) {
  return (message.role == "user" ? "> " : message.role == "system" ? "system: " : "") + message.content;
}

const std::string& needed(const std::string& argument, const std::string& command, const std::string& what) {
  if (argument.empty()) throw ConfigError(command + " needs " + what);
  return argument;
}

// From here, where it is within this folder.
std::string shown(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path from_here = path.lexically_relative(std::filesystem::current_path(ignored));
  return from_here.empty() || *from_here.begin() == ".." ? path.string() : from_here.string();
}

// "~/talk.json" as a shell reads it.
std::string expanded(const std::string& path) {
  const char* const home = std::getenv("HOME");
  return path.starts_with("~/") && home != nullptr ? home + path.substr(1) : path;
}

}  // namespace

ChatCommands::ChatCommands(generate::ChatSession& session, generate::SamplingConfig& sampling, SavedChats& saved,
                           std::string model_words, std::function<void()> regenerate)
    : session_(session), sampling_(sampling), saved_(saved), model_words_(std::move(model_words)) {
  commands_ = {
      {"/help", "", "this list", [this](const std::string&) { return help(); }},
      {"/clear", "", "forget the dialogue; the system message stays",
       [this](const std::string&) -> std::string {
         session_.clear();
         saved_.begin_anew();
         file_.clear();
         return "the dialogue is forgotten";
       }},
      {"/undo", "", "take the last question and its answer back",
       [this](const std::string&) {
         session_.undo();
         return "taken back; " + count_of(session_.messages().size(), "message") + " left";
       }},
      {"/regen", "", "give the last answer again, another one",
       [regenerate = std::move(regenerate)](const std::string&) -> std::string {
         regenerate();
         return "";
       }},
      {"/system", "TEXT", "set the system message; without TEXT remove it",
       [this](const std::string& text) -> std::string {
         session_.set_system(text);
         return text.empty() ? "no system message" : "system message: " + text;
       }},
      {"/set", "KEY VALUE", "change a sampling setting, also as KEY=VALUE; without them show all",
       [this](const std::string& assignment) { return set(assignment); }},
      {"/show", "", "the model, the system message and the dialogue", [this](const std::string&) { return show(); }},
      {"/stats", "", "speed, and what is left of the context", [this](const std::string&) { return stats(); }},
      {"/save", "FILE", "write the dialogue as JSON; without FILE where it was saved or loaded last",
       [this](const std::string& file) { return save(expanded(file), false); }},
      {"/save!", "FILE", "the same, in the place of a file that is there",
       [this](const std::string& file) { return save(expanded(file), true); }},
      {"/load", "FILE", "go on with a dialogue that was saved",
       [this](const std::string& file) { return load(expanded(file)); }},
      {"/sessions", "", "the dialogues that were kept, and their models",
       [this](const std::string&) { return list_saved(); }},
      {"/resume", "NUMBER", "go on with one of them, the last unless given",
       [this](const std::string& number) { return resume(number); }},
      {"/quit", "", "leave; so do Ctrl-D and a second Ctrl-C on an empty line",
       [this](const std::string&) -> std::string {
         quit_ = true;
         return "";
       }},
  };
}

std::string ChatCommands::run(const std::string& line) {
  const size_t space = std::min(line.size(), line.find_first_of(" \t"));
  const std::string name = line.substr(0, space);
  std::vector<std::string> names;
  for (const Command& command : commands_) {
    if (command.name == name) return command.run(trimmed(line.substr(space)));
    names.push_back(command.name);
  }
  const std::string nearest = nearest_name(name, names);
  throw ConfigError("unknown command \"" + name + "\"; " +
                    (nearest.empty() ? "/help lists all, and a question that begins with / takes two: /" + name
                                     : "did you mean \"" + nearest + "\"?"));
}

std::vector<std::string> ChatCommands::complete(const std::string& line) const {
  std::vector<std::string> choices;
  const auto offer = [&](const std::string& choice) {
    if (choice.starts_with(line)) choices.push_back(choice);
  };
  if (!line.starts_with('/')) return choices;
  for (const Command& command : commands_) offer(command.name + (command.argument.empty() ? "" : " "));
  if (line.starts_with("/set "))
    for (const ConfigField& field : list_fields(sampling_)) offer("/set " + field.name + " ");
  for (const std::string command : {"/save ", "/save! ", "/load "}) {
    if (!line.starts_with(command)) continue;
    const std::string typed = line.substr(command.size());
    const std::string folder = typed.substr(0, typed.find_last_of('/') + 1);
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : expanded(folder), ignored))
      offer(command + folder + entry.path().filename().string() + (entry.is_directory(ignored) ? "/" : ""));
  }
  std::sort(choices.begin(), choices.end());
  return choices;
}

std::string ChatCommands::help() const {
  std::string text;
  for (const Command& command : commands_) {
    std::string usage = command.name + " " + command.argument;
    usage.resize(std::max<size_t>(usage.size(), 18), ' ');
    text += usage + command.help + "\n";
  }
  return text +
         "//...             ask what begins with a slash\n"
         "...\\              a backslash at the end joins the next line\n"
         "\"\"\"...\"\"\"         lines as they are, up to the closing quotes";
}

std::string ChatCommands::show() const {
  std::string text = model_words_;
  for (const corpus::ChatMessage& message : session_.messages()) text += "\n" + shown(message);
  return text;
}

std::string ChatCommands::set(const std::string& assignment) {
  const auto fields = list_fields(sampling_);
  std::string all;
  std::vector<std::string> names;
  for (const ConfigField& field : fields) {
    all += (all.empty() ? "" : "\n") + field.name + "=" + field.print();
    names.push_back(field.name);
  }
  if (assignment.empty()) return all;

  const size_t end = std::min(assignment.size(), assignment.find_first_of("= \t"));
  const std::string key = assignment.substr(0, end);
  std::string value = trimmed(assignment.substr(end));
  if (value.starts_with('=')) value = trimmed(value.substr(1));
  for (const ConfigField& field : fields) {
    if (field.name != key) continue;
    if (value.empty()) return key + "=" + field.print();
    field.parse({.scalars = {value}, .where = "/set"}, key);
    return key + "=" + field.print();
  }
  const std::string nearest = nearest_name(key, names);
  throw ConfigError("/set: unknown setting \"" + key + "\"; " +
                    (nearest.empty() ? "/set shows all" : "did you mean \"" + nearest + "\"?"));
}

std::string ChatCommands::save(const std::string& file, bool replace) {
  namespace fs = std::filesystem;
  const std::string target = needed(file.empty() ? file_ : file, replace ? "/save!" : "/save", "a file");
  if (session_.messages().empty()) throw Error("there is nothing to save yet");
  const fs::path folder = fs::path(target).parent_path();
  std::error_code ignored;
  if (!folder.empty() && !fs::is_directory(folder, ignored))
    throw Error(target + ": there is no folder " + folder.string() + "; make it first, or save elsewhere");
  if (fs::is_directory(target, ignored)) throw Error(target + ": is a folder; name a file in it");
  if (!replace && target != file_ && fs::exists(target, ignored))
    throw Error(target + ": is there already; choose another name, or /save! " + target + " to replace it");
  session_.save(target);
  file_ = target;
  return count_of(session_.messages().size(), "message") + " written to " + target;
}

std::string ChatCommands::load(const std::string& file) {
  session_.load(needed(file, "/load", "a file"));
  saved_.begin_anew();
  file_ = file;
  return count_of(session_.messages().size(), "message") + " read from " + file;
}

std::string ChatCommands::list_saved() const {
  std::string text;
  for (const SavedChats::Entry& entry : saved_.list(kMostListed)) {
    const size_t number = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    text += std::to_string(number) + "  " + entry.when + "  " + count_of(entry.num_messages, "message") + "  " +
            text::cut_to_width(on_one_line(entry.title), kTitleColumns) +
            (entry.model.empty() ? "" : "  " + on_one_line(shown(entry.model))) + "\n";
  }
  if (text.empty()) return "no dialogue was kept yet";
  text.pop_back();
  return text;
}

std::string ChatCommands::resume(const std::string& number) {
  const std::vector<SavedChats::Entry> entries = saved_.list(kMostListed);
  if (entries.empty()) throw Error("no dialogue was kept yet; those in a terminal are, without --no-history");
  size_t index = 0;
  if (!number.empty()) {
    const bool digits = number.size() < 4 && number.find_first_not_of("0123456789") == std::string::npos;
    index = digits ? static_cast<size_t>(std::stoi(number)) - 1 : entries.size();
    if (index >= entries.size())
      throw Error("/resume " + number + ": expected a number from 1 to " + std::to_string(entries.size()) +
                  "; /sessions lists them");
  }
  const SavedChats::Entry& entry = entries[index];
  saved_.resume(entry, session_);
  file_.clear();
  const bool with_another = !entry.model.empty() && entry.model != saved_.model();
  return "going on with the dialogue of " + entry.when + ", " + count_of(session_.messages().size(), "message") +
         (with_another ? "\nit was held with " + shown(entry.model) + "; going on with " + shown(saved_.model()) : "") +
         last_exchange();
}

// So that a person knows where they are.
std::string ChatCommands::last_exchange() const {
  const auto& messages = session_.messages();
  const auto question =
      std::find_if(messages.rbegin(), messages.rend(), [](const auto& message) { return message.role == "user"; });
  std::string text;
  if (question == messages.rend()) return text;
  for (auto message = question.base() - 1; message != messages.end(); ++message) text += "\n" + shown(*message);
  return text;
}

std::string ChatCommands::stats() const {
  const generate::ChatStats& stats = session_.stats();
  const auto line = [](const generate::GenerationStats& part) {
    return "prefill " + speed(part.prefill_tokens, part.prefill_seconds) + "; decode " +
           speed(part.decode_tokens, part.decode_seconds);
  };
  const int64_t room = session_.max_context_tokens();
  return count_of(session_.messages().size(), "message") + ", " + std::to_string(stats.dropped_messages) +
         " of them no longer in the context\ncontext: " + std::to_string(stats.context_tokens) + " of " +
         std::to_string(room) + " tokens, " + std::to_string(room - stats.context_tokens) + " left, " +
         std::to_string(stats.reused_tokens) + " reused in the last turn\nlast turn: " + line(stats.last) +
         "\nall turns: " + line(stats.total);
}

}  // namespace ktlm::cli
