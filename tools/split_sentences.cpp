// Cuts each line of standard input into sentences, one a line, with an empty line behind each line's. What
// sentence_scores.py measures; it has no verb of its own, as `prepare` cuts text by itself.
#include <iostream>
#include <string>

#include "ktlm/text/sentence_split.h"

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    for (const std::string_view sentence : ktlm::text::split_sentences(line)) std::cout << sentence << '\n';
    std::cout << '\n';
  }
  return 0;
}
