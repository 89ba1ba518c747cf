// A regular expression in PCRE2's syntax, item by item: what is an escape or opens a group, and what merely looks so in
// a class, a quotation (\Q..\E) or a comment. PCRE2 itself tells this of no expression near its largest size.
#pragma once

#include <string_view>
#include <vector>

namespace ktlm::generate {

struct RegexItem {
  enum class Kind {
    kCharacter,   // which stands for itself, or an escape that stands for it (\x{AC00}); of a class also the ends of a
                  // range
    kEscape,      // any other: "\K", "\p{Hangul}"
    kMeta,        // ".", "^", "$", "|"
    kGroup,       // what opens it: "(", "(?:", "(?<name>", "(?=", "(*PRUNE", "(?(1)"; or is whole: "(?1)", "(?i)"
    kGroupEnd,    // ")"
    kQuantifier,  // with what makes it lazy or possessive: "*", "{2,3}+"
  };
  Kind kind = Kind::kCharacter;
  std::string_view text;   // of the expression
  char32_t character = 0;  // of kCharacter
  bool is_in_class = false;

  bool is_possessive() const { return kind == Kind::kQuantifier && text.size() > 1 && text.back() == '+'; }
};

/// Of an expression that PCRE2 has compiled with PCRE2_UTF; the items refer to it. A class is the items in it.
std::vector<RegexItem> regex_items(std::string_view regex);

}  // namespace ktlm::generate
