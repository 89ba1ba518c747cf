// Questions with choices, answered by the choice that the model finds likeliest behind the question: what EleutherAI's
// lm-evaluation-harness (0.4.13) calls output_type multiple_choice, without examples in front, to the same figures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/eval/scorer.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::eval {

struct Question {
  std::string context;
  std::vector<std::string> choices;  // none empty
  int64_t label = 0;                 // the right one's number
  std::string where;                 // "copa.jsonl:12", for errors
};

/// The choice with the greatest probability, and the one with the greatest logarithm of it per character of the choice
/// (code points); the first of equal ones.
struct Answer {
  int64_t likeliest = 0, likeliest_per_character = 0;
};

/// Asks for each choice, behind a space, what its tokens' probability is. Spaces at the context's end go to the choice,
/// both are encoded as one text, behind BOS where the tokenizer has one, and the choice's tokens are those beyond as
/// many as the context has alone. What is longer than the model's context loses its beginning. Empty when `stop` is
/// requested. Throws Error, naming the question, where a choice has no token of its own or more than fit.
std::vector<Answer> answer_questions(Scorer& scorer, const tokenizer::Tokenizer& tokenizer,
                                     std::span<const Question> questions, const ProgressCallback& progress,
                                     const StopFlag& stop);

/// A share of right answers, and the standard error of a mean of so many.
struct Accuracy {
  double value = 0;
  double standard_error = 0;  // 0 for a single question
};

struct ChoiceFigures {
  int64_t num_questions = 0;
  Accuracy acc, acc_norm;  // by likeliest and likeliest_per_character
  double f1 = 0;           // of acc's answers: the mean of each label's F1, over the labels given or right
};

/// `answers` are those of `questions`, at least one.
ChoiceFigures figures_of(std::span<const Question> questions, std::span<const Answer> answers);

/// Of several tasks, each as heavy as its number of questions; the standard error is pooled, within tasks.
ChoiceFigures pooled(std::span<const ChoiceFigures> tasks);

}  // namespace ktlm::eval
