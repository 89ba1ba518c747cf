#include "regex_items.h"

#include <algorithm>
#include <charconv>

#include "ktlm/text/utf8.h"

namespace ktlm::generate {

namespace {

using Kind = RegexItem::Kind;

bool is_one_of(char c, std::string_view characters) { return characters.find(c) != std::string_view::npos; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Reader {
 public:
  explicit Reader(std::string_view regex) : regex_(regex) {}

  std::vector<RegexItem> read() {
    while (position_ < regex_.size()) {
      if (is_extended_ && skip_layout()) continue;
      next();
    }
    return std::move(items_);
  }

 private:
  std::string_view rest() const { return regex_.substr(position_); }
  char ahead(size_t offset) const { return position_ + offset < regex_.size() ? regex_[position_ + offset] : '\0'; }

  // The item takes `size` bytes.
  void add(Kind kind, size_t size) {
    items_.push_back({.kind = kind, .text = rest().substr(0, size), .is_in_class = is_in_class_});
    position_ += items_.back().text.size();
  }
  void add_character(char32_t character, size_t size) {
    add(Kind::kCharacter, size);
    items_.back().character = character;
  }
  void add_literal() {
    size_t end = position_;
    const char32_t character = text::decode_utf8(regex_, end);
    add_character(character, end - position_);
  }

  // How many bytes from `offset` on are such.
  template <class Is>
  size_t count(size_t offset, Is is) const {
    size_t end = offset;
    while (position_ + end < regex_.size() && is(regex_[position_ + end])) ++end;
    return end - offset;
  }
  // Up to and with the next of these; all where there is none.
  size_t size_to(std::string_view ends, size_t offset) const {
    const size_t end = rest().find_first_of(ends, offset);
    return end == std::string_view::npos ? rest().size() : end + 1;
  }

  // White space and comments that (?x) allows.
  bool skip_layout() {
    if (ahead(0) == '#') return position_ += size_to("\n", 0), true;
    for (const std::string_view space :
         {" ", "\t", "\n", "\v", "\f", "\r", "\u0085", "\u200E", "\u200F", "\u2028", "\u2029"})
      if (rest().starts_with(space)) return position_ += space.size(), true;
    return false;
  }

  void next() {
    const char c = ahead(0);
    if (c == '\\') return escape();
    if (c == '[') return character_class();
    if (c == '(') return group();
    if (c == ')') {
      if (!outer_.empty()) is_extended_ = outer_.back(), outer_.pop_back();
      return add(Kind::kGroupEnd, 1);
    }
    if (is_one_of(c, ".^$|")) return add(Kind::kMeta, 1);
    if (is_one_of(c, "*+?")) return quantifier(1);
    if (c == '{') {
      const size_t size = 2 + count(1, [](char inner) { return is_digit(inner) || is_one_of(inner, ", "); });
      const std::string_view braces = rest().substr(0, size);
      if (braces.back() == '}' && std::any_of(braces.begin(), braces.end(), is_digit)) return quantifier(size);
    }
    add_literal();
  }

  void quantifier(size_t size) {
    const size_t begin = position_;
    position_ += size;
    while (is_extended_ && skip_layout()) {
    }
    const bool has_more = is_one_of(ahead(0), "+?");  // a 0 byte, which stands for the end, is none of them
    const size_t end = has_more ? position_ + 1 : begin + size;
    position_ = begin;
    add(Kind::kQuantifier, end - begin);
  }

  void escape() {
    const char c = ahead(1);
    if (c == 'Q') return quotation();
    if (c == 'E') return void(position_ += 2);
    if (c == 'x' && ahead(2) != '{') return number(2, std::min<size_t>(count(2, is_hexadecimal), 2), 16);
    if (c == 'x' || (c == 'o' && ahead(2) == '{')) return number(3, size_to("}", 3) - 3, c == 'x' ? 16 : 8);
    if (rest().starts_with("\\N{U+")) return number(5, size_to("}", 5) - 5, 16);
    // \1 to \9 may refer to a group as well, and so may what follows them; PCRE2 tells that.
    if (is_octal(c)) return number(1, std::min<size_t>(count(1, is_octal), 3), 8);
    if (is_one_of(c, "pP")) return add(Kind::kEscape, ahead(2) == '{' ? size_to("}", 3) : 3);
    if (c == 'c') return add(Kind::kEscape, 3);
    if (is_letter(c) || is_digit(c)) return add(Kind::kEscape, 2);
    const size_t begin = position_++;
    add_literal();
    items_.back().text = regex_.substr(begin, position_ - begin);
  }

  void number(size_t offset, size_t size, int base) {
    uint32_t character = 0;
    const char* const begin = regex_.data() + position_;
    const std::string_view digits = rest().substr(offset, size);
    const size_t spaces = std::min(digits.find_first_not_of(' '), digits.size());
    std::from_chars(begin + offset + spaces, begin + offset + digits.size(), character, base);
    add_character(character, offset + size);
  }

  void quotation() {
    position_ += 2;
    while (position_ < regex_.size() && !rest().starts_with("\\E")) add_literal();
    position_ = std::min(position_ + 2, regex_.size());
  }

  void character_class() {
    for (const std::string_view border_of_word : {"[[:<:]]", "[[:>:]]"})
      if (rest().starts_with(border_of_word)) return add(Kind::kGroup, border_of_word.size()), add(Kind::kGroupEnd, 0);
    ++position_;
    is_in_class_ = true;
    skip_empty_quotations();
    if (ahead(0) == '^') ++position_;
    skip_empty_quotations();
    for (bool is_first = true; position_ < regex_.size() && (is_first || ahead(0) != ']'); is_first = false) {
      const size_t name = ahead(1) == ':' ? count(2, [](char c) { return is_letter(c) || c == '^'; }) : 0;
      if (ahead(0) == '[' && ahead(1) == ':' && rest().substr(2 + name).starts_with(":]"))
        add(Kind::kEscape, name + 4);
      else if (ahead(0) == '\\')
        escape();
      else
        add_literal();
    }
    is_in_class_ = false;
    ++position_;
  }
  void skip_empty_quotations() {
    while (rest().starts_with("\\E") || rest().starts_with("\\Q\\E")) position_ += ahead(1) == 'E' ? 2 : 4;
  }

  void group() {
    if (rest().starts_with("(?#")) return void(position_ += size_to(")", 0));
    if (ahead(1) == '*') return open(2 + count(2, [](char c) { return is_letter(c) || c == '_'; }));
    if (ahead(1) != '?') return open(1);
    const char c = ahead(2);
    if (c == '(')  // an assertion that is the condition is an item of its own
      return open(is_one_of(ahead(3), "?*") ? 2 : size_to(")", 3));
    if (c == '<' && is_one_of(ahead(3), "=!*")) return open(4);
    if (c == '<' || rest().starts_with("(?P<")) return open(size_to(">", 3));
    if (c == '\'') return open(size_to("'", 3));
    if (is_one_of(c, "=!*:|>[")) return open(3);
    const size_t options = count(2, [](char letter) { return is_letter(letter) || is_one_of(letter, "^-"); });
    const char end = ahead(2 + options);
    if ((end == ')' || end == ':') && !is_one_of(c, "RC")) return set_options(options, end);
    // A subroutine; one with arguments opens a further group.
    const size_t size = size_to("()", 2);
    if (ahead(size - 1) == '(') return open(size);
    add(Kind::kGroup, size);
    items_.push_back({.kind = Kind::kGroupEnd, .text = items_.back().text.substr(size - 1)});
  }

  void open(size_t size) {
    outer_.push_back(is_extended_);
    add(Kind::kGroup, size);
  }

  // Of the group that this opens, or of the rest of the one around it.
  void set_options(size_t size, char end) {
    bool is_extended = is_extended_, to = true;
    for (const char letter : rest().substr(2, size)) {
      if (letter == '^') is_extended = false;
      if (letter == '-') to = false;
      if (letter == 'x') is_extended = to;
    }
    if (end == ':') {
      open(3 + size);
    } else {
      add(Kind::kGroup, 3 + size);
      items_.push_back({.kind = Kind::kGroupEnd, .text = items_.back().text.substr(2 + size)});
    }
    is_extended_ = is_extended;
  }

  std::string_view regex_;
  size_t position_ = 0;
  std::vector<RegexItem> items_;
  bool is_in_class_ = false;
  bool is_extended_ = false;  // by (?x)
  std::vector<bool> outer_;   // the same of the groups around
};

}  // namespace

std::vector<RegexItem> regex_items(std::string_view regex) { return Reader(regex).read(); }

}  // namespace ktlm::generate
