// Where the stem of a Korean word (어절) ends and its particle (조사: 책|을, 서울|에서는) or verbal ending (어미:
// 읽|습니다) begins, by rules alone: a list of the common ones, and the final consonant (받침) that each asks of the
// stem. Held against the analyses of the UD_Korean-GSD treebank (dev and test; tools/word_end_scores.py), the rules
// find 96 % of the particles and a third of the endings; 95 % of the particles and 94 % of the endings that they see
// are such.
#pragma once

#include <cstddef>
#include <string_view>

namespace ktlm::tokenizer {

enum class WordEndKind { kNone, kParticle, kEnding };

struct WordEnd {
  WordEndKind kind = WordEndKind::kNone;
  size_t stem_bytes = 0;  // the particle or ending begins here
};

/// `word` is normalised and ends in its last syllable, without punctuation behind it. A stem's last character is a
/// Hangul syllable: PDF|를 is not looked for, since every tokenizer cuts between scripts. An ending whose first
/// consonant closes the stem's last syllable (합니다: 하 + ㅂ니다) is none here, as no token can begin there.
WordEnd find_word_end(std::string_view word);

}  // namespace ktlm::tokenizer
