#include "chat_commands.h"

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::cli {

namespace {

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

std::string speed(int64_t tokens, double seconds) {
  return std::to_string(tokens) + " tokens" +
         (seconds > 0 ? ", " + format_count(static_cast<double>(tokens) / seconds) + " tokens/s" : "");
}

const std::string& needed(const std::string& argument, const std::string& command, const std::string& what) {
  if (argument.empty()) throw ConfigError(command + " needs " + what);
  return argument;
}

}  // namespace

ChatCommands::ChatCommands(generate::ChatSession& session, generate::SamplingConfig& sampling,
                           std::function<void()> regenerate)
    : session_(session), sampling_(sampling) {
  commands_ = {
      {"/help", "", "this list", [this](const std::string&) { return help(); }},
      {"/clear", "", "forget the dialogue; the system message stays",
       [this](const std::string&) -> std::string {
         session_.clear();
         return "the dialogue is forgotten";
       }},
      {"/system", "TEXT", "set the system message; without TEXT remove it",
       [this](const std::string& text) -> std::string {
         session_.set_system(text);
         return text.empty() ? "no system message" : "system message: " + text;
       }},
      {"/set", "KEY=VALUE", "change a sampling setting; without KEY=VALUE show all",
       [this](const std::string& assignment) { return set(assignment); }},
      {"/regen", "", "give the last answer again, another one",
       [regenerate = std::move(regenerate)](const std::string&) -> std::string {
         regenerate();
         return "";
       }},
      {"/save", "FILE", "write the dialogue as JSON",
       [this](const std::string& file) {
         session_.save(needed(file, "/save", "a file"));
         return std::to_string(session_.messages().size()) + " messages written to " + file;
       }},
      {"/load", "FILE", "go on with a dialogue that was saved",
       [this](const std::string& file) {
         session_.load(needed(file, "/load", "a file"));
         return std::to_string(session_.messages().size()) + " messages read from " + file;
       }},
      {"/stats", "", "speed and context", [this](const std::string&) { return stats(); }},
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
                    (nearest.empty() ? "/help lists all" : "did you mean \"" + nearest + "\"?"));
}

std::string ChatCommands::help() const {
  std::string text;
  for (const Command& command : commands_) {
    std::string usage = command.name + " " + command.argument;
    usage.resize(std::max<size_t>(usage.size(), 18), ' ');
    text += (text.empty() ? "" : "\n") + usage + command.help;
  }
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

  const size_t equals = assignment.find('=');
  if (equals == std::string::npos) throw ConfigError("/set " + assignment + ": expected KEY=VALUE");
  const std::string key = trimmed(assignment.substr(0, equals)), value = trimmed(assignment.substr(equals + 1));
  for (const ConfigField& field : fields) {
    if (field.name != key) continue;
    field.parse({.scalars = {value}, .where = "/set"}, key);
    return key + "=" + field.print();
  }
  const std::string nearest = nearest_name(key, names);
  throw ConfigError("/set: unknown setting \"" + key + "\"; " +
                    (nearest.empty() ? "/set shows all" : "did you mean \"" + nearest + "\"?"));
}

std::string ChatCommands::stats() const {
  const generate::ChatStats& stats = session_.stats();
  const auto line = [](const generate::GenerationStats& part) {
    return "prefill " + speed(part.prefill_tokens, part.prefill_seconds) + "; decode " +
           speed(part.decode_tokens, part.decode_seconds);
  };
  return std::to_string(session_.messages().size()) + " messages, " + std::to_string(stats.dropped_messages) +
         " of them no longer in the context\ncontext: " + std::to_string(stats.context_tokens) + " of " +
         std::to_string(session_.max_context_tokens()) + " tokens, " + std::to_string(stats.reused_tokens) +
         " reused in the last turn\nlast turn: " + line(stats.last) + "\nall turns: " + line(stats.total);
}

}  // namespace ktlm::cli
