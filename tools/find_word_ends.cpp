// For each word of standard input, a line each: where it ends by the tokenizer's rules (src/tokenizer/word_ends.h), and
// into which units the filters and tokenizer.split_particles cut it (text/word_units.h):
//
//   서울에서는    ->    particle <tab> 서울|에서는 <tab> 서울|에서|는
//
// What word_end_scores.py measures; it has no verb of its own.
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "ktlm/text/word_units.h"
#include "word_ends.h"

namespace {

using ktlm::tokenizer::WordEndKind;

std::string_view name_of(WordEndKind kind) {
  if (kind == WordEndKind::kNone) return "none";
  return kind == WordEndKind::kParticle ? "particle" : "ending";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::vector<std::string_view> units;
  for (std::string word; std::getline(std::cin, word);) {
    const ktlm::tokenizer::WordEnd end = ktlm::tokenizer::find_word_end(word);
    std::cout << name_of(end.kind) << '\t' << word.substr(0, end.stem_bytes)
              << (end.kind == WordEndKind::kNone ? "" : "|") << word.substr(end.stem_bytes) << '\t';
    units.clear();
    ktlm::text::split_word_units(word, units);
    for (size_t i = 0; i < units.size(); ++i) std::cout << (i == 0 ? "" : "|") << units[i];
    std::cout << '\n';
  }
  return 0;
}
