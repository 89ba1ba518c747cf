// Prints the main text of the HTML page on standard input. What html_scores.py measures; it has no verb of its own, as
// `prepare` reads pages by itself.
#include <iostream>
#include <iterator>
#include <string>

#include "ktlm/text/html.h"

int main() {
  std::ios::sync_with_stdio(false);
  const std::string page{std::istreambuf_iterator<char>(std::cin), {}};
  std::cout << ktlm::text::html_to_text(page).text << '\n';
  return 0;
}
