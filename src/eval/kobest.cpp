#include "ktlm/eval/kobest.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"

namespace ktlm::eval {

namespace {

// Reads a line's fields by either of two names.
class Fields {
 public:
  Fields(const Json& line, const std::string& where) : line_(line), where_(where) {}

  std::string text(const char* name) const { return json_get<std::string>(line_, name, where_); }
  std::string text(const char* name, const char* other_name) const {
    return text(line_.is_object() && !line_.contains(name) && line_.contains(other_name) ? other_name : name);
  }

  // The list "choices", or one field a choice.
  std::vector<std::string> choices(const std::vector<const char*>& names) const {
    std::vector<std::string> choices;
    if (line_.is_object() && line_.contains("choices") && line_.at("choices").is_array()) {
      for (const Json& choice : line_.at("choices"))
        if (choice.is_string()) choices.push_back(choice.get<std::string>());
      if (choices.size() != names.size() || line_.at("choices").size() != names.size())
        throw Error(where_ + ": key \"choices\" should be a list of " + std::to_string(names.size()) + " strings, is " +
                    to_json_line(line_.at("choices")));
    } else {
      for (const char* name : names) choices.push_back(text(name));
    }
    return choices;
  }

 private:
  const Json& line_;
  const std::string& where_;
};

std::string copa_context(const Fields& fields, const std::string& where) {
  std::string asked = fields.text("question");
  asked.erase(0, asked.find_first_not_of(" \t\n"));
  asked.erase(asked.find_last_not_of(" \t\n") + 1);
  if (asked != "원인" && asked != "결과")
    throw Error(where + ": key \"question\" should be \"원인\" or \"결과\", is \"" + asked + "\"");
  return fields.text("premise") + (asked == "원인" ? "  왜냐하면" : "  그래서");  // two spaces, as the harness has it
}

std::pair<std::string, std::vector<std::string>> ask(std::string_view task, const Fields& fields,
                                                     const std::string& where) {
  if (task == "kobest_boolq")
    return {fields.text("paragraph", "passage") + " 질문: " + fields.text("question") + " 답변: ", {"아니오", "예"}};
  if (task == "kobest_copa") return {copa_context(fields, where), fields.choices({"alternative_1", "alternative_2"})};
  if (task == "kobest_hellaswag")
    return {"문장: " + fields.text("context"), fields.choices({"ending_1", "ending_2", "ending_3", "ending_4"})};
  if (task == "kobest_sentineg") return {"문장: " + fields.text("sentence") + " 긍부정:", {"부정", "긍정"}};
  return {"문장1: " + fields.text("context_1", "sentence1") + " 문장2: " + fields.text("context_2", "sentence2") +
              " 두 문장에서 " + fields.text("word") + "가 같은 뜻으로 쓰였나?",
          {"아니오", "예"}};
}

}  // namespace

std::span<const std::string_view> kobest_tasks() {
  static constexpr std::array<std::string_view, 5> kTasks = {"kobest_boolq", "kobest_copa", "kobest_hellaswag",
                                                             "kobest_sentineg", "kobest_wic"};
  return kTasks;
}

bool is_kobest_task(std::string_view name) {
  return std::find(kobest_tasks().begin(), kobest_tasks().end(), name) != kobest_tasks().end();
}

Question kobest_question(std::string_view task, const Json& line, const std::string& where) {
  auto [context, choices] = ask(task, Fields(line, where), where);
  Question question{std::move(context), std::move(choices), json_get<int64_t>(line, "label", where), where};
  if (question.label < 0 || question.label >= static_cast<int64_t>(question.choices.size()))
    throw Error(where + ": key \"label\" should be from 0 to " + std::to_string(question.choices.size() - 1) + ", is " +
                std::to_string(question.label));
  for (const std::string& choice : question.choices)
    if (choice.empty()) throw Error(where + ": a choice is empty");
  return question;
}

}  // namespace ktlm::eval
