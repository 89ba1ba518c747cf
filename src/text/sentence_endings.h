// What the last word of a Korean sentence looks like: the endings of predicates, and the words that carry on what stood
// before them although it looked finished ("있다 해도", "간다 라고"). By syllables and their final consonants alone, so
// that no dictionary is needed; rules for the common case, not a grammar.
#pragma once

#include <string_view>

namespace ktlm::text {

enum class Ending {
  kOpen,   // no predicate's, as far as can be seen
  kFinal,  // 다 요 죠 까 했어 없음: with a stop behind it the sentence is over, white space or not
  kClear,  // 합니다 해요 했다 한다: is over at white space, stop or not
};

/// The ending that `text` ends with.
Ending ending_of(std::string_view text);

/// Whether `text` starts with a particle of quotation or a verb that takes the clause before it as its own part.
/// `is_quotation`: a closing quotation mark stands before it, where more can follow ("하고", "며").
bool carries_on(std::string_view text, bool is_quotation);

/// Whether `text` starts with a word that follows a plain 다 without a stop in the same sentence: "왔다 갔다", "있다
/// 보니".
bool follows_plain_form(std::string_view text);

}  // namespace ktlm::text
