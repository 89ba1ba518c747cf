// ktlm eval of texts: loss, perplexity and bits per byte of each file, of each source or other group, and of all.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numbers>
#include <numeric>
#include <optional>
#include <utility>

#include "console.h"
#include "eval_runs.h"
#include "eval_table.h"
#include "ktlm/core/error.h"
#include "ktlm/corpus/jsonl_texts.h"
#include "ktlm/eval/documents.h"

namespace ktlm::cli {

namespace {

struct Group {
  std::string name;
  std::vector<size_t> documents;  // numbers
};

// The documents by a key of their lines, such as their source.
struct Grouping {
  std::string key;
  std::vector<Group> groups;  // in the order of their names
};

struct Texts {
  std::vector<std::string> texts;
  std::vector<Group> files;
  std::vector<Grouping> groupings;
  Group total{"total", {}};
};

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

// "prepare" is what makes one text of a dialogue, whatever its form.
std::string text_of(const Json& line, const std::string& where) {
  const bool has_text = line.is_object() && line.contains("text");
  for (const char* key : {"messages", "conversations"})
    if (!has_text && line.is_object() && line.contains(key))
      throw Error(where + ": holds a dialogue (\"" + key +
                  "\"), no text; ktlm prepare makes a text of each, so name the val.jsonl.zst that it writes");
  return json_get<std::string>(line, "text", where);
}

Group read_file_of_texts(const std::string& file, int64_t max_documents, const WarningCallback& warn,
                         std::vector<std::string>& texts, std::vector<Sorter>& sorters) {
  Group group{file, {}};
  bool has_text = false;
  corpus::read_json_lines(file, corpus::kExpectedTexts, warn, [&](const Json& line, const std::string& where) {
    for (Sorter& sorter : sorters) sorter.add(line, texts.size(), group.documents.empty());
    group.documents.push_back(texts.size());
    texts.push_back(text_of(line, where));
    has_text = has_text || !texts.back().empty();
    return static_cast<int64_t>(group.documents.size()) != max_documents;
  });
  if (!has_text) throw Error((file == "-" ? "standard input" : file) + ": holds no text to evaluate");
  return group;
}

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
    all.files.push_back(read_file_of_texts(file, arguments.max_documents, warn, all.texts, sorters));
  for (const Sorter& sorter : sorters) {
    if (!arguments.by.empty() && !sorter.found()) throw Error("no line has a key \"" + sorter.key() + "\" to sort by");
    if (!arguments.by.empty() || sorter.varies_within_file()) all.groupings.push_back(sorter.grouping());
  }
  all.total.documents.resize(all.texts.size());
  std::iota(all.total.documents.begin(), all.total.documents.end(), size_t{0});
  return all;
}

using Scores = std::vector<eval::DocumentScore>;  // of each document

Scores scores_of(const Group& group, const Scores& all) {
  Scores scores;
  for (const size_t document : group.documents) scores.push_back(all[document]);
  return scores;
}

std::vector<double> bits_of(const Group& group, const Scores& all) {
  std::vector<double> bits;
  for (const size_t document : group.documents) bits.push_back(all[document].nats / std::numbers::ln2);
  return bits;
}

std::vector<double> bytes_of(const Group& group, const Scores& all) {
  std::vector<double> bytes;
  for (const size_t document : group.documents) bytes.push_back(static_cast<double>(all[document].num_bytes));
  return bytes;
}

// Of bits per byte.
std::optional<eval::Interval> interval_of(const Group& group, const Scores& all) {
  return eval::bootstrap_interval(bits_of(group, all), bytes_of(group, all));
}

std::optional<eval::Interval> difference_interval(const Group& group, const Scores& first, const Scores& other) {
  std::vector<double> differences = bits_of(group, other);
  const std::vector<double> bits = bits_of(group, first);
  for (size_t i = 0; i < bits.size(); ++i) differences[i] -= bits[i];
  return eval::bootstrap_interval(differences, bytes_of(group, first));
}

std::optional<double> if_any(const eval::Evaluation& evaluation, double figure) {
  return evaluation.num_tokens > 0 ? std::optional(figure) : std::nullopt;
}

std::optional<double> bits_per_byte(const Group& group, const Scores& scores) {
  const auto evaluation = eval::evaluation_of(scores_of(group, scores));
  return if_any(evaluation, evaluation.bits_per_byte);
}

std::string figure_cells(const Group& group, const Scores& scores) {
  const auto evaluation = eval::evaluation_of(scores_of(group, scores));
  char line[256];
  const auto cell = [&](double figure, int digits) { return figure_text(if_any(evaluation, figure), digits); };
  std::snprintf(line, sizeof line, " %9lld %9lld %7s %10s %9s %8s", static_cast<long long>(group.documents.size()),
                static_cast<long long>(evaluation.num_tokens), cell(evaluation.loss, 4).c_str(),
                cell(evaluation.perplexity, 2).c_str(), cell(evaluation.bits_per_byte, 4).c_str(),
                half_width(interval_of(group, scores)).c_str());
  return line;
}

std::string table(const Texts& texts, const Scores& scores) {
  std::vector<std::string> names;
  for (const Group& file : texts.files) names.push_back(file.name);
  for (const Grouping& grouping : texts.groupings)
    for (const Group& group : grouping.groups) names.push_back("  " + group.name);
  const NameColumn in_name_column(names);
  std::string table = in_name_column("file") + " documents    tokens    loss perplexity bits/byte    95% ±";
  const auto add_line = [&](const std::string& name, const Group& group) {
    table += "\n" + in_name_column(name) + figure_cells(group, scores);
  };
  for (const Group& file : texts.files) add_line(file.name, file);
  for (const Grouping& grouping : texts.groupings) {
    table += "\n" + grouping.key;
    for (const Group& group : grouping.groups) add_line("  " + group.name, group);
  }
  if (texts.files.size() > 1) add_line(texts.total.name, texts.total);
  return table;
}

std::string table_of_models(const Texts& texts, const std::vector<std::string>& models,
                            const std::vector<Scores>& scores) {
  std::vector<ComparedRow> rows;
  const auto add = [&](const std::string& name, const Group& group) {
    ComparedRow row{name, static_cast<int64_t>(group.documents.size()), {}, {}};
    for (const Scores& of_model : scores) row.values.push_back(bits_per_byte(group, of_model));
    for (size_t i = 1; i < scores.size(); ++i)
      row.intervals.push_back(difference_interval(group, scores.front(), scores[i]));
    rows.push_back(std::move(row));
  };
  for (const Group& file : texts.files) add(file.name, file);
  for (const Grouping& grouping : texts.groupings)
    for (const Group& group : grouping.groups) add(grouping.key + " " + group.name, group);
  if (texts.files.size() > 1) add(texts.total.name, texts.total);
  return comparison_table(models, "bits/byte", "documents", rows);
}

// An object for each group, made by `figures`, under the names by which they are found in all of eval's JSON.
template <class Figures>
void add_groups(const Texts& texts, const Figures& figures, Json& json) {
  const auto named = [&](const char* key, const std::vector<Group>& groups) {
    Json list = Json::array();
    for (const Group& group : groups) {
      Json object = {{key, group.name}};
      object.update(figures(group));
      list.push_back(std::move(object));
    }
    return list;
  };
  json["files"] = named("file", texts.files);
  for (const Grouping& grouping : texts.groupings) json["by"][grouping.key] = named("value", grouping.groups);
  json["total"] = figures(texts.total);
}

Json to_json(const Texts& texts, const Scores& scores, Json description) {
  const auto figures = [&](const Group& group) -> Json {
    const auto evaluation = eval::evaluation_of(scores_of(group, scores));
    return {{"documents", group.documents.size()},
            {"tokens", evaluation.num_tokens},
            {"bytes", evaluation.num_bytes},
            {"loss", figure_json(if_any(evaluation, evaluation.loss))},
            {"perplexity", figure_json(if_any(evaluation, evaluation.perplexity))},
            {"bits_per_byte", figure_json(if_any(evaluation, evaluation.bits_per_byte))},
            {"bits_per_byte_interval", interval_json(interval_of(group, scores))}};
  };
  add_groups(texts, figures, description);
  return description;
}

Json differences_of(const Texts& texts, const std::vector<std::string>& models, const std::vector<Scores>& scores) {
  Json list = Json::array();
  for (size_t i = 1; i < scores.size(); ++i) {
    const auto figures = [&](const Group& group) -> Json {
      const auto difference = difference_of(bits_per_byte(group, scores[i]), bits_per_byte(group, scores.front()));
      return {{"bits_per_byte", figure_json(difference)},
              {"bits_per_byte_interval", interval_json(difference_interval(group, scores.front(), scores[i]))}};
    };
    Json difference = {{"model", models[i]}, {"against", models.front()}};
    add_groups(texts, figures, difference);
    list.push_back(std::move(difference));
  }
  return list;
}

}  // namespace

int run_eval_of_texts(const EvalArguments& arguments, Console& console, const OpenEvalModel& open) {
  const Texts texts = read_texts(arguments, console.warnings());
  std::vector<std::string> models;
  std::vector<Json> descriptions;
  std::vector<Scores> scores;
  measure_models(arguments, console, open, [&](EvalModel& model) {
    scores.push_back(
        eval::score_documents(*model.scorer, model.tokenizer, texts.texts, console.progress(), console.stop_flag()));
    models.push_back(model.directory.string());
    descriptions.push_back(description_of(model));
  });
  if (console.stop_flag().requested()) return console.exit_code();
  if (arguments.json) {
    std::vector<Json> objects;
    for (size_t i = 0; i < models.size(); ++i) objects.push_back(to_json(texts, scores[i], descriptions[i]));
    console.print(to_json_line(joined(objects, differences_of(texts, models, scores))));
  } else {
    console.print(models.size() == 1 ? table(texts, scores.front()) : table_of_models(texts, models, scores));
  }
  return 0;
}

}  // namespace ktlm::cli
