// ktlm eval of questions with choices: accuracy and F1 of each task, and of all.
#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "console.h"
#include "eval_runs.h"
#include "eval_table.h"
#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/corpus/jsonl_texts.h"
#include "ktlm/eval/kobest.h"
#include "ktlm/eval/multiple_choice.h"

namespace ktlm::cli {

namespace {

constexpr const char* kAllOfKobest = "kobest";

struct Task {
  std::string name;
  std::vector<eval::Question> questions;
};

void check_task(const std::string& name) {
  if (name == kAllOfKobest || eval::is_kobest_task(name)) return;
  std::vector<std::string> names(eval::kobest_tasks().begin(), eval::kobest_tasks().end());
  names.emplace_back(kAllOfKobest);
  const auto without_kobest = std::find(names.begin(), names.end(), "kobest_" + name);
  const std::string meant = without_kobest != names.end() ? *without_kobest : nearest_name(name, names);
  std::string all;
  for (const std::string& known : names) all += (all.empty() ? "" : ", ") + known;
  throw ConfigError("--task \"" + name + "\" is unknown; " +
                    (meant.empty() ? "expected one of " + all : "did you mean \"" + meant + "\"?"));
}

std::string task_of_line(const Json& line, const std::string& where) {
  const std::string name = json_get<std::string>(line, "task", where);
  if (!eval::is_kobest_task(name))
    throw Error(where + ": key \"task\" names none of KoBEST's tasks, but \"" + name + "\"");
  return name;
}

std::vector<Task> read_tasks(const EvalArguments& arguments, const WarningCallback& warn) {
  const bool lines_name_tasks = arguments.task == kAllOfKobest;
  const std::string expected = lines_name_tasks
                                   ? "; expected lines of JSON with a \"task\", such as kobest_copa, and its question"
                                   : "; expected lines of JSON with the questions of " + arguments.task;
  std::map<std::string, std::vector<eval::Question>> by_name;
  for (const std::string& file : arguments.files) {
    int64_t num_lines = 0;
    corpus::read_json_lines(file, expected, warn, [&](const Json& line, const std::string& where) {
      const std::string task = lines_name_tasks ? task_of_line(line, where) : arguments.task;
      by_name[task].push_back(eval::kobest_question(task, line, where));
      return ++num_lines != arguments.max_documents;
    });
    if (num_lines == 0) throw Error((file == "-" ? "standard input" : file) + ": holds no question");
  }
  std::vector<Task> tasks;
  for (auto& [name, questions] : by_name) tasks.push_back({name, std::move(questions)});
  return tasks;
}

// A model's answers to the questions of each task.
using Answers = std::vector<std::vector<eval::Answer>>;

std::vector<eval::ChoiceFigures> figures_of(const std::vector<Task>& tasks, const Answers& answers) {
  std::vector<eval::ChoiceFigures> figures;
  for (size_t i = 0; i < tasks.size(); ++i) figures.push_back(eval::figures_of(tasks[i].questions, answers[i]));
  return figures;
}

std::string figure_cells(const eval::ChoiceFigures& figures) {
  constexpr double kNormal95 = 1.96;  // standard errors that the middle 95 % reach to each side
  char line[256];
  std::snprintf(line, sizeof line, " %9lld %8.4f %8.4f %9.4f %8.4f %8.4f",
                static_cast<long long>(figures.num_questions), figures.acc.value,
                kNormal95 * figures.acc.standard_error, figures.acc_norm.value,
                kNormal95 * figures.acc_norm.standard_error, figures.f1);
  return line;
}

std::string table(const std::vector<Task>& tasks, const Answers& answers) {
  const auto figures = figures_of(tasks, answers);
  const NameColumn in_name_column({});  // the tasks' names are short
  std::string table = in_name_column("task") + " questions      acc    95% ±  acc_norm    95% ±       f1";
  for (size_t i = 0; i < tasks.size(); ++i) table += "\n" + in_name_column(tasks[i].name) + figure_cells(figures[i]);
  if (tasks.size() > 1) table += "\n" + in_name_column("total") + figure_cells(eval::pooled(figures));
  return table;
}

using ChosenChoice = int64_t eval::Answer::*;

// Of the share of right answers that `other` has more than `first`, over the questions of all these tasks.
std::optional<eval::Interval> difference_interval(const std::vector<Task>& tasks, size_t begin, size_t end,
                                                  const Answers& first, const Answers& other, ChosenChoice choice) {
  std::vector<double> differences;
  for (size_t task = begin; task < end; ++task)
    for (size_t i = 0; i < tasks[task].questions.size(); ++i) {
      const int64_t label = tasks[task].questions[i].label;
      differences.push_back((other[task][i].*choice == label ? 1.0 : 0.0) -
                            (first[task][i].*choice == label ? 1.0 : 0.0));
    }
  return eval::bootstrap_interval(differences, std::vector<double>(differences.size(), 1.0));
}

// Compares each figure of the tasks begin .. end - 1 taken as one.
void add_rows(const std::vector<Task>& tasks, size_t begin, size_t end, const std::vector<Answers>& answers,
              std::vector<ComparedRow>& rows) {
  std::vector<eval::ChoiceFigures> figures;
  for (const Answers& of_model : answers) {
    const auto all = figures_of(tasks, of_model);
    figures.push_back(eval::pooled({all.begin() + static_cast<std::ptrdiff_t>(begin), end - begin}));
  }
  const std::string name = end - begin > 1 ? "total" : tasks[begin].name.substr(std::string("kobest_").size());
  const auto add = [&](const char* figure, const auto& value_of, ChosenChoice choice) {
    ComparedRow row{name + " " + figure, figures.front().num_questions, {}, {}};
    for (const auto& of_model : figures) row.values.push_back(value_of(of_model));
    for (size_t i = 1; i < answers.size(); ++i)
      row.intervals.push_back(choice == nullptr
                                  ? std::nullopt
                                  : difference_interval(tasks, begin, end, answers.front(), answers[i], choice));
    rows.push_back(std::move(row));
  };
  add(
      "acc", [](const auto& f) { return f.acc.value; }, &eval::Answer::likeliest);
  add(
      "acc_norm", [](const auto& f) { return f.acc_norm.value; }, &eval::Answer::likeliest_per_character);
  add(
      "f1", [](const auto& f) { return f.f1; }, nullptr);
}

std::vector<ComparedRow> compared_rows(const std::vector<Task>& tasks, const std::vector<Answers>& answers) {
  std::vector<ComparedRow> rows;
  for (size_t i = 0; i < tasks.size(); ++i) add_rows(tasks, i, i + 1, answers, rows);
  if (tasks.size() > 1) add_rows(tasks, 0, tasks.size(), answers, rows);
  return rows;
}

Json to_json(const eval::ChoiceFigures& figures) {
  return {{"questions", figures.num_questions},
          {"acc", figures.acc.value},
          {"acc_stderr", figures.acc.standard_error},
          {"acc_norm", figures.acc_norm.value},
          {"acc_norm_stderr", figures.acc_norm.standard_error},
          {"f1", figures.f1}};
}

Json to_json(const std::vector<Task>& tasks, const Answers& answers, Json description) {
  const auto figures = figures_of(tasks, answers);
  Json list = Json::array();
  for (size_t i = 0; i < tasks.size(); ++i) {
    Json object = {{"task", tasks[i].name}};
    object.update(to_json(figures[i]));
    list.push_back(std::move(object));
  }
  description["tasks"] = list;
  description["total"] = to_json(eval::pooled(figures));
  return description;
}

Json differences_of(const std::vector<Task>& tasks, const std::vector<std::string>& models,
                    const std::vector<Answers>& answers) {
  Json list = Json::array();
  for (size_t i = 1; i < answers.size(); ++i) {
    const auto figures = [&](size_t begin, size_t end) -> Json {
      std::vector<ComparedRow> rows;
      add_rows(tasks, begin, end, {answers.front(), answers[i]}, rows);
      Json object;
      for (size_t row = 0; const char* name : {"acc", "acc_norm", "f1"}) {
        object[name] = figure_json(difference_of(rows[row].values[1], rows[row].values[0]));
        if (rows[row].intervals[0]) object[std::string(name) + "_interval"] = interval_json(rows[row].intervals[0]);
        ++row;
      }
      return object;
    };
    Json of_tasks = Json::array();
    for (size_t task = 0; task < tasks.size(); ++task) {
      Json object = {{"task", tasks[task].name}};
      object.update(figures(task, task + 1));
      of_tasks.push_back(std::move(object));
    }
    list.push_back(
        {{"model", models[i]}, {"against", models.front()}, {"tasks", of_tasks}, {"total", figures(0, tasks.size())}});
  }
  return list;
}

}  // namespace

int run_eval_of_tasks(const EvalArguments& arguments, Console& console, const OpenEvalModel& open) {
  check_task(arguments.task);
  if (arguments.files.empty())
    throw ConfigError("--task needs the files that hold its questions; see ktlm eval --help");
  if (!arguments.by.empty()) throw ConfigError("--by sorts texts; a --task's figures are by task");
  const std::vector<Task> tasks = read_tasks(arguments, console.warnings());
  std::vector<std::string> models;
  std::vector<Json> descriptions;
  std::vector<Answers> answers;
  measure_models(arguments, console, open, [&](EvalModel& model) {
    answers.emplace_back();
    for (const Task& task : tasks)
      answers.back().push_back(eval::answer_questions(*model.scorer, model.tokenizer, task.questions,
                                                      console.progress(), console.stop_flag()));
    models.push_back(model.directory.string());
    descriptions.push_back(description_of(model));
  });
  if (console.stop_flag().requested()) return console.exit_code();
  if (arguments.json) {
    std::vector<Json> objects;
    for (size_t i = 0; i < models.size(); ++i) objects.push_back(to_json(tasks, answers[i], descriptions[i]));
    console.print(to_json_line(joined(objects, differences_of(tasks, models, answers))));
  } else {
    console.print(models.size() == 1 ? table(tasks, answers.front())
                                     : comparison_table(models, "task", "questions", compared_rows(tasks, answers)));
  }
  return 0;
}

}  // namespace ktlm::cli
