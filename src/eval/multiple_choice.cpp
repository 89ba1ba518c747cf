#include "ktlm/eval/multiple_choice.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::eval {

namespace {

// Where the spaces begin that end the text: what Python's str.rstrip takes away.
size_t end_without_spaces(std::string_view text) {
  const auto is_space = [](char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
  };
  size_t end = 0;
  for (size_t position = 0; position < text.size();)
    if (!is_space(text::decode_utf8(text, position))) end = position;
  return end;
}

Ids encode_from_start(const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  Ids ids = tokenizer.encode(text);
  if (tokenizer.begin_id() >= 0) ids.insert(ids.begin(), tokenizer.begin_id());
  return ids;
}

Ids last_tokens(const Ids& ids, size_t most) {
  return Ids(ids.end() - static_cast<std::ptrdiff_t>(std::min(most, ids.size())), ids.end());
}

// The prompts of the questions; a question has several where its choices' lengths leave the context unequal room.
class PromptList {
 public:
  PromptList(const tokenizer::Tokenizer& tokenizer, int64_t max_seq_len)
      : tokenizer_(tokenizer), max_tokens_(static_cast<size_t>(max_seq_len) + 1) {}

  void add(const Question& question) {
    const size_t first_prompt = prompts_.size();
    const std::string_view whole(question.context);
    const std::string context(whole.substr(0, end_without_spaces(whole)));
    const std::string spaces(whole.substr(context.size()));
    const Ids context_ids = encode_from_start(tokenizer_, context);
    for (const std::string& choice : question.choices) {
      const Ids ids = encode_from_start(tokenizer_, context + spaces + " " + choice);
      const std::ptrdiff_t begin = static_cast<std::ptrdiff_t>(std::min(context_ids.size(), ids.size()));
      const Ids continuation(ids.begin() + begin, ids.end());
      if (continuation.empty())
        throw Error(question.where + ": choice \"" + choice + "\" adds no token to its question with this tokenizer");
      if (continuation.size() >= max_tokens_)
        throw Error(question.where + ": choice \"" + choice + "\" has " + std::to_string(continuation.size()) +
                    " tokens, the model's context only " + std::to_string(max_tokens_ - 1));
      const Ids before = last_tokens(context_ids, max_tokens_ - continuation.size());
      if (prompts_.size() == first_prompt || prompts_.back().context != before) prompts_.push_back({before, {}});
      prompts_.back().continuations.push_back(continuation);
    }
  }

  const std::vector<Prompt>& prompts() const { return prompts_; }

 private:
  const tokenizer::Tokenizer& tokenizer_;
  size_t max_tokens_;
  std::vector<Prompt> prompts_;
};

int64_t greatest(const std::vector<double>& values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

Answer answer_of(const Question& question, const std::vector<double>& log_likelihoods) {
  std::vector<double> per_character;
  for (size_t i = 0; i < log_likelihoods.size(); ++i)
    per_character.push_back(log_likelihoods[i] / static_cast<double>(text::count_code_points(question.choices[i])));
  return {greatest(log_likelihoods), greatest(per_character)};
}

Accuracy accuracy_of(int64_t num_right, int64_t num_questions) {
  const auto n = static_cast<double>(num_questions), right = static_cast<double>(num_right);
  const double mean = right / n;
  if (num_questions < 2) return {mean, 0};
  const double squares = right * (1 - mean) * (1 - mean) + (n - right) * mean * mean;
  return {mean, std::sqrt(squares / (n - 1)) / std::sqrt(n)};
}

double macro_f1(std::span<const Question> questions, std::span<const Answer> answers) {
  std::set<int64_t> labels;
  for (const Question& question : questions) labels.insert(question.label);
  for (const Answer& answer : answers) labels.insert(answer.likeliest);
  double sum = 0;
  for (const int64_t label : labels) {
    int64_t both = 0, either = 0;  // once for each time that it was right, and that it was given
    for (size_t i = 0; i < questions.size(); ++i) {
      const bool right = questions[i].label == label, given = answers[i].likeliest == label;
      both += right && given;
      either += (right ? 1 : 0) + (given ? 1 : 0);
    }
    sum += 2 * static_cast<double>(both) / static_cast<double>(either);
  }
  return sum / static_cast<double>(labels.size());
}

}  // namespace

std::vector<Answer> answer_questions(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                     std::span<const Question> questions, const ProgressCallback& progress,
                                     const StopFlag& stop) {
  PromptList list(tokenizer, scorer.config().max_seq_len);
  for (const Question& question : questions) list.add(question);
  const auto log_likelihoods = scorer.log_likelihoods(list.prompts(), progress, stop);
  if (stop.requested()) return {};
  std::vector<Answer> answers;
  auto next = log_likelihoods.begin();
  for (const Question& question : questions) {
    std::vector<double> of_question;
    for (; of_question.size() < question.choices.size(); ++next)
      of_question.insert(of_question.end(), next->begin(), next->end());
    answers.push_back(answer_of(question, of_question));
  }
  return answers;
}

ChoiceFigures figures_of(std::span<const Question> questions, std::span<const Answer> answers) {
  int64_t right = 0, right_per_character = 0;
  for (size_t i = 0; i < questions.size(); ++i) {
    right += answers[i].likeliest == questions[i].label;
    right_per_character += answers[i].likeliest_per_character == questions[i].label;
  }
  const auto count = static_cast<int64_t>(questions.size());
  return {count, accuracy_of(right, count), accuracy_of(right_per_character, count), macro_f1(questions, answers)};
}

ChoiceFigures pooled(std::span<const ChoiceFigures> tasks) {
  ChoiceFigures all;
  double squares = 0, squares_norm = 0;
  const auto add = [](const Accuracy& of_task, double n, Accuracy& sum, double& sum_squares) {
    sum.value += of_task.value * n;
    sum_squares += (n - 1) * n * of_task.standard_error * of_task.standard_error;
  };
  for (const ChoiceFigures& task : tasks) {
    const auto n = static_cast<double>(task.num_questions);
    add(task.acc, n, all.acc, squares);
    add(task.acc_norm, n, all.acc_norm, squares_norm);
    all.f1 += task.f1 * n;
    all.num_questions += task.num_questions;
  }
  const auto n = static_cast<double>(all.num_questions);
  const double freedom = n - static_cast<double>(tasks.size());
  const auto standard_error = [&](double sum) { return freedom > 0 ? std::sqrt(sum / freedom / n) : 0; };
  all.acc = {all.acc.value / n, standard_error(squares)};
  all.acc_norm = {all.acc_norm.value / n, standard_error(squares_norm)};
  all.f1 /= n;
  return all;
}

}  // namespace ktlm::eval
