// ktlm eval of texts: loss, perplexity and bits per byte of each file, of each source or other group, and of all.
#include <algorithm>
#include <cstdio>
#include <numbers>
#include <optional>
#include <utility>

#include "console.h"
#include "eval_input.h"
#include "eval_runs.h"
#include "eval_table.h"
#include "ktlm/eval/documents.h"

namespace ktlm::cli {

namespace {

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
    scores.push_back(arguments.answers ? eval::score_answers(*model.scorer, model.tokenizer, texts.dialogues,
                                                             console.progress(), console.stop_flag())
                                       : eval::score_documents(*model.scorer, model.tokenizer, texts.texts,
                                                               console.progress(), console.stop_flag()));
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
