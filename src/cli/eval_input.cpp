#include "eval_input.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <system_error>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/dialogue.h"
#include "ktlm/corpus/jsonl_texts.h"
#include "ktlm/eval/documents.h"

namespace ktlm::cli {

namespace {

constexpr const char* kExpectedTexts =
    R"(; expected lines of JSON with a "text", such as {"text":"..."}, or dialogues)";
constexpr const char* kExpectedDialogues =
    R"(; expected lines of JSON with "messages", "conversations", or "instruction" and "output")";

// Sorts documents by the values of a key, as they come.
class Sorter {
 public:
  explicit Sorter(std::string key) : key_(std::move(key)) {}

  void add(const Json& line, size_t document, bool is_first_of_file) {
    const std::string name = name_of(line);
    if (is_first_of_file) first_of_file_ = name;
    varies_within_file_ = varies_within_file_ || name != first_of_file_;
    found_ = found_ || line.contains(key_);
    by_name_[name].push_back(document);
  }

  const std::string& key() const { return key_; }
  bool found() const { return found_; }
  bool varies_within_file() const { return varies_within_file_; }
  Grouping grouping() const {
    Grouping grouping{key_, {}};
    for (const auto& [name, documents] : by_name_) grouping.groups.push_back({name, documents});
    return grouping;
  }

 private:
  // A string itself; of other values, their JSON.
  std::string name_of(const Json& line) const {
    if (!line.contains(key_) || line.at(key_).is_null()) return "(none)";
    const Json& value = line.at(key_);
    return value.is_string() ? value.get<std::string>() : to_json_line(value);
  }

  std::string key_, first_of_file_;
  std::map<std::string, std::vector<size_t>> by_name_;
  bool found_ = false, varies_within_file_ = false;
};

Dialogue dialogue_of(const Json& line, corpus::DialogueForm form, const std::string& where) {
  Dialogue messages;
  const std::string problem = corpus::read_dialogue(line, form, messages);
  if (!problem.empty()) throw Error(where + ": " + problem);
  return messages;
}

// Of a dialogue the text that "prepare" makes of it.
std::string text_of(const Json& line, const std::string& where) {
  const bool has_text = line.is_object() && line.contains("text");
  const auto form = has_text ? corpus::DialogueForm::kNone : corpus::dialogue_form(line);
  if (form == corpus::DialogueForm::kNone) return json_get<std::string>(line, "text", where);
  return corpus::dialogue_text(dialogue_of(line, form, where));
}

Dialogue dialogue_of(const Json& line, const std::string& where) {
  const auto form = corpus::dialogue_form(line);
  if (form == corpus::DialogueForm::kNone) throw Error(where + ": is no dialogue, whose answers --answers measures");
  return dialogue_of(line, form, where);
}

Group read_file(const std::string& file, const EvalArguments& arguments, const WarningCallback& warn, Texts& all,
                std::vector<Sorter>& sorters) {
  Group group{file, {}};
  bool has_text = false;
  size_t number = std::max(all.texts.size(), all.dialogues.size());
  const char* const expected = arguments.answers ? kExpectedDialogues : kExpectedTexts;
  corpus::read_json_lines(file, expected, warn, [&](const Json& line, const std::string& where) {
    for (Sorter& sorter : sorters) sorter.add(line, number, group.documents.empty());
    group.documents.push_back(number++);
    if (arguments.answers) {
      all.dialogues.push_back(dialogue_of(line, where));
      has_text = has_text || std::ranges::any_of(all.dialogues.back(), eval::is_answer);
    } else {
      all.texts.push_back(text_of(line, where));
      has_text = has_text || !all.texts.back().empty();
    }
    return static_cast<int64_t>(group.documents.size()) != arguments.max_documents;
  });
  if (!has_text)
    throw Error((file == "-" ? "standard input" : file) + ": holds no " + (arguments.answers ? "answer" : "text") +
                " to evaluate");
  return group;
}

}  // namespace

Texts read_texts(const EvalArguments& arguments, const WarningCallback& warn) {
  const std::vector<std::string> default_files = {"data/prepared/val.jsonl.zst"};
  std::error_code unknown;
  if (arguments.files.empty() && !std::filesystem::exists(default_files.front(), unknown))
    throw ConfigError("no FILE named, and " + default_files.front() +
                      " is not there; name JSONL texts, or run ktlm prepare first");
  std::vector<Sorter> sorters;
  for (const std::string& key : arguments.by) sorters.emplace_back(key);
  if (sorters.empty()) sorters.emplace_back("source");
  Texts all;
  for (const std::string& file : arguments.files.empty() ? default_files : arguments.files)
    all.files.push_back(read_file(file, arguments, warn, all, sorters));
  for (const Sorter& sorter : sorters) {
    if (!arguments.by.empty() && !sorter.found()) throw Error("no line has a key \"" + sorter.key() + "\" to sort by");
    if (!arguments.by.empty() || sorter.varies_within_file()) all.groupings.push_back(sorter.grouping());
  }
  all.total.documents.resize(std::max(all.texts.size(), all.dialogues.size()));
  std::iota(all.total.documents.begin(), all.total.documents.end(), size_t{0});
  return all;
}

}  // namespace ktlm::cli
