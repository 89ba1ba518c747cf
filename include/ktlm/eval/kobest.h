// KoBEST (Kim et al. 2022, COLING): five tasks of Korean understanding, put to a model in the words of
// lm-evaluation-harness (lm_eval/tasks/kobest, version 1.0).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ktlm/core/json.h"
#include "ktlm/eval/multiple_choice.h"

namespace ktlm::eval {

/// kobest_boolq, kobest_copa, kobest_hellaswag, kobest_sentineg, kobest_wic.
std::span<const std::string_view> kobest_tasks();
bool is_kobest_task(std::string_view name);

/// The question that a line of the data set asks. Its fields are those of skt/kobest_v1 on the Hugging Face Hub;
/// `passage`, `sentence1` and `sentence2` will do for boolq's `paragraph` and wic's `context_1` and `context_2`, and a
/// list `choices` for copa's `alternative_1` ... and hellaswag's `ending_1` .... Throws Error where one is missing, and
/// for a label that is none of the choices'; `where` opens the message.
Question kobest_question(std::string_view task, const Json& line, const std::string& where);

}  // namespace ktlm::eval
