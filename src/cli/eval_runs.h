// The two kinds of evaluation that ktlm eval runs, each from its files to what is printed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval_verb.h"
#include "ktlm/core/json.h"

namespace ktlm::cli {

/// What is printed of a model in JSON in front of its figures.
Json description_of(const EvalModel& model);

/// Opens the models one after the other and measures each, for one at a time fits into memory. Says which it is where
/// none was named. Errors begin with the model's directory. Stops early where a signal asks for it.
void measure_models(const EvalArguments& arguments, Console& console, const OpenEvalModel& open,
                    const std::function<void(EvalModel&)>& measure);

int run_eval_of_texts(const EvalArguments& arguments, Console& console, const OpenEvalModel& open);
int run_eval_of_tasks(const EvalArguments& arguments, Console& console, const OpenEvalModel& open);

}  // namespace ktlm::cli
