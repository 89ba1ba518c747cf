// A number grows to the right of a digit that no other number or word precedes. What kind it may be follows from the
// length of its first run of digits.
#include "personal_numbers.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace ktlm::text {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

size_t digits_end(std::string_view text, size_t begin) {
  while (begin < text.size() && is_digit(text[begin])) ++begin;
  return begin;
}

// The first digit at or behind `from`, eight bytes at a time.
size_t find_digit(std::string_view text, size_t from) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  for (; from + 8 <= text.size(); from += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + from, 8);
    const uint64_t zero_to_nine = bytes ^ (kOnes * '0');
    if ((zero_to_nine - kOnes * 10) & ~zero_to_nine & (kOnes * 0x80)) {
      for (size_t i = from; i < from + 8; ++i) {
        if (is_digit(text[i])) return i;
      }
    }
  }
  while (from < text.size() && !is_digit(text[from])) ++from;
  return from;
}

// The size of the dash at `position`, 0 where there is none. Besides the hyphen people write the hyphens U+2010 and
// U+2011, the dashes up to U+2015, the minus sign, the full-width hyphen, and the vowel ㅡ, which keyboards have.
size_t dash_size(std::string_view text, size_t position) {
  const std::string_view rest = text.substr(std::min(position, text.size()), 3);
  if (rest.starts_with('-')) return 1;
  const bool is_general = rest.size() == 3 && rest.starts_with("\xE2\x80") && rest[2] >= '\x90' && rest[2] <= '\x95';
  return is_general || rest == "−" || rest == "－" || rest == "ㅡ" ? 3 : 0;
}

// Whether a dash ends where `text` ends; gives its size.
size_t dash_size_at_end(std::string_view text) {
  if (text.ends_with('-')) return 1;
  return text.size() >= 3 && dash_size(text, text.size() - 3) == 3 ? 3 : 0;
}

// Reads groups of digits with one separator between each two.
class Groups {
 public:
  Groups(std::string_view text, size_t begin) : text_(text), end_(begin) {}

  size_t end() const { return end_; }
  const std::string& digits() const { return digits_; }

  /// A whole run of digits, of `min_size` to `max_size`.
  bool take(size_t min_size, size_t max_size) {
    const size_t end = digits_end(text_, end_);
    if (end - end_ < min_size || end - end_ > max_size) return false;
    digits_.append(text_.substr(end_, end - end_));
    end_ = end;
    return true;
  }
  /// One of `marks`, with a space before it or behind, or a space alone, which gives ' '; any dash gives '-'. 0 where
  /// there is none.
  char take_separator(std::string_view marks) {
    size_t end = end_;
    char found = 0;
    if (end < text_.size() && text_[end] == ' ') found = text_[end++];
    const size_t dash = dash_size(text_, end);
    const char mark = dash > 0 ? '-' : end < text_.size() ? text_[end] : ' ';
    if (marks.find(mark) != std::string_view::npos) {
      found = mark;
      end += dash > 0 ? dash : 1;
      if (end < text_.size() && text_[end] == ' ') ++end;
    }
    if (found != 0) end_ = end;
    return found;
  }

 private:
  std::string_view text_;
  size_t end_;
  std::string digits_;
};

int digit(std::string_view digits, size_t i) { return digits[i] - '0'; }

bool is_date(std::string_view yymmdd) {
  const int month = digit(yymmdd, 2) * 10 + digit(yymmdd, 3), day = digit(yymmdd, 4) * 10 + digit(yymmdd, 5);
  constexpr std::array<int, 13> kDays = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month >= 1 && month <= 12 && day >= 1 && day <= kDays[static_cast<size_t>(month)];
}

// 주민등록법 시행규칙: weights 2 to 9, then 2 to 5, modulo 11; foreigners' numbers (5 to 8) are two more.
bool has_resident_check_digit(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < 12; ++i) sum += digit(digits, i) * static_cast<int>(i % 8 + 2);
  const bool foreigner = digit(digits, 6) >= 5;
  return (11 - sum % 11 + (foreigner ? 2 : 0)) % 10 == digit(digits, 12);
}

size_t resident_number_end(std::string_view text, size_t begin, size_t run) {
  Groups groups(text, begin);
  char separator = 0;
  if (run == 6) {
    groups.take(6, 6);
    separator = groups.take_separator("-");
    if (separator == 0 || !groups.take(7, 7)) return 0;
  } else if (!groups.take(13, 13)) {
    return 0;
  }
  const std::string& digits = groups.digits();
  if (!is_date(digits) || digits[6] < '1' || digits[6] > '8') return 0;
  // Two numbers of a table may stand side by side, hence foreigners', which are fewer, need more than a space.
  const bool is_plain = separator == '-' || (separator == ' ' && digits[6] <= '4');
  return is_plain || has_resident_check_digit(digits) ? groups.end() : 0;
}

// Luhn (ISO/IEC 7812-1): every second digit from the right counts twice.
bool has_luhn_check_digit(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const int value = digit(digits, digits.size() - 1 - i) * (i % 2 == 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

// Visa, Mastercard, JCB, UnionPay, and Korea's own 9; American Express and Diners have 15 digits or 14.
bool has_issuer_prefix(std::string_view digits) {
  if (digits.size() == 15) return digits.starts_with("34") || digits.starts_with("37");
  const int first_two = digit(digits, 0) * 10 + digit(digits, 1);
  return digits[0] == '4' || digits[0] == '9' || (first_two >= 51 && first_two <= 55) || first_two == 35 ||
         first_two == 36 || first_two == 62 || first_two == 65 || (first_two >= 22 && first_two <= 27);
}

size_t card_end(std::string_view text, size_t begin, size_t run) {
  Groups groups(text, begin);
  if (run != 4) {
    groups.take(15, 16);
  } else {
    groups.take(4, 4);
    const char separator = groups.take_separator("-.");
    if (separator == 0) return 0;
    if (groups.take(6, 6)) {
      if (groups.take_separator("-.") != separator || !groups.take(5, 5)) return 0;
    } else {
      for (int i = 0; i < 3; ++i) {
        if ((i > 0 && groups.take_separator("-.") != separator) || !groups.take(4, 4)) return 0;
      }
    }
  }
  const std::string& digits = groups.digits();
  return has_issuer_prefix(digits) && has_luhn_check_digit(digits) ? groups.end() : 0;
}

enum class Prefix { kNone, kMobile, kArea };

// Of a number's first group, with the 0 that stands for "not from abroad".
Prefix prefix_of(std::string_view digits) {
  if (digits.size() == 3 && digits.starts_with("01") &&
      std::string_view("016789").find(digits[2]) != std::string_view::npos)
    return Prefix::kMobile;
  if (digits == "070" || (digits.size() == 4 && digits.starts_with("050"))) return Prefix::kMobile;
  if (digits == "02") return Prefix::kArea;
  if (digits.size() != 3 || digits[0] != '0') return Prefix::kNone;
  constexpr std::string_view kLast = "3454";  // by the second digit: 031-033, 041-044, 051-055, 061-064
  const auto second = static_cast<size_t>(digit(digits, 1));
  return second >= 3 && second <= 6 && digits[2] >= '1' && digits[2] <= kLast[second - 3] ? Prefix::kArea
                                                                                          : Prefix::kNone;
}

bool is_year(std::string_view group) { return group.size() == 4 && group >= "1800" && group <= "2099"; }

// Whether the subscriber's number, `groups` of an exchange and four digits, may be divided as it is. What may as well
// be two numbers of a table, years or decimals, is none.
bool is_divided(Prefix prefix, char first, char second, std::string_view exchange, std::string_view last) {
  if (second == '-') return true;
  if (second == ' ' && first != '-' && is_year(exchange) && is_year(last)) return false;  // 02 2020 2021
  if (second == first) return true;
  if (first == '-') return prefix == Prefix::kMobile || second == '.' || !is_year(last);
  return first == ')' && (prefix == Prefix::kMobile || second == ' ');
}

// The exchange and the subscriber's four digits, behind the prefix. Of mobile numbers they may be one group.
size_t subscriber_end(Groups& groups, Prefix prefix) {
  const char first = groups.take_separator("-.)");
  if (first == 0) return 0;
  const size_t exchange_begin = groups.digits().size();
  if (prefix == Prefix::kMobile && first != '.' && groups.take(8, 8)) {
    const std::string_view rest = std::string_view(groups.digits()).substr(exchange_begin);
    const bool may_be_date = first == ' ' && is_year(rest.substr(0, 4)) && is_date(rest.substr(2));
    return may_be_date ? 0 : groups.end();
  }
  if (!groups.take(3, 4)) return 0;
  const size_t last_begin = groups.digits().size();
  const char second = groups.take_separator("-.");
  if (second == 0 || !groups.take(4, 4)) return 0;
  const std::string_view digits = groups.digits();
  const std::string_view exchange = digits.substr(exchange_begin, last_begin - exchange_begin);
  if (!is_divided(prefix, first, second, exchange, digits.substr(last_begin))) return 0;
  // No exchange of an area begins with 0 or 1.
  if (prefix == Prefix::kArea && exchange[0] < '2') return 0;
  return groups.end();
}

size_t phone_end(std::string_view text, size_t begin, size_t run) {
  const std::string_view digits = text.substr(begin, run);
  if (run >= 10) {  // 01012345678
    const Prefix prefix = prefix_of(digits.substr(0, 3));
    const bool complete = run == 11 || (run == 10 && digits[2] != '0');
    return prefix == Prefix::kMobile && complete ? begin + run : 0;
  }
  const Prefix prefix = prefix_of(digits);
  Groups groups(text, begin);
  if (prefix == Prefix::kNone || !groups.take(run, run)) return 0;
  return subscriber_end(groups, prefix);
}

// Of +82 10-1234-5678, +82-2-2123-4567, +82 (0)10 1234 5678, +82(10)1234-5678, +821012345678; "82" stands at `begin`.
size_t phone_from_abroad_end(std::string_view text, size_t begin) {
  Groups country(text, begin);
  const bool is_apart = country.take(2, 2);
  if (is_apart) country.take_separator("-.)");
  size_t at = is_apart ? country.end() : begin + 2;
  if (text.substr(at).starts_with("(0)")) {
    at += 3;
    if (text.substr(at).starts_with(' ')) ++at;
  }
  const bool bracket = text.substr(at).starts_with('(');
  if (bracket) ++at;
  const size_t end = digits_end(text, at);
  if (end == at || end - at > 11) return 0;
  if (bracket && !text.substr(end).starts_with(')')) return 0;
  std::string national(text.substr(at, end - at));
  if (national[0] != '0') national.insert(0, 1, '0');
  if (national.size() >= 10) return !bracket && phone_end(national, 0, national.size()) != 0 ? end : 0;
  const Prefix prefix = prefix_of(national);
  Groups groups(text, at);
  if (prefix == Prefix::kNone || !groups.take(1, 4)) return 0;
  return subscriber_end(groups, prefix);
}

// "-10-", behind the 82 of a number from abroad.
bool is_mobile_behind_dash(std::string_view text, size_t position) {
  const size_t first = position + dash_size(text, position);
  return first > position && text.substr(first).starts_with("10") && dash_size(text, first + 2) > 0;
}

// Where the 82 of a number from abroad stands in the `run` digits at `begin`, behind a plus, behind 00, or before a
// mobile number's prefix between dashes; npos where there is none.
size_t country_code_at(std::string_view text, size_t begin, size_t run, bool plus) {
  const std::string_view digits = text.substr(begin, run);
  if (digits.starts_with("0082")) return begin + 2;
  if (!digits.starts_with("82")) return std::string_view::npos;
  return plus || (run == 2 && is_mobile_behind_dash(text, begin + 2)) ? begin : std::string_view::npos;
}

// Whether the group of digits that ends at `end` is tied to the next by a dash or a bracket, as in no decimal number.
bool is_tied(std::string_view text, size_t end) {
  return dash_size(text, end) > 0 || text.substr(end).starts_with(')');
}

// Whether the number that begins with the `run` digits at `begin` is the rest of another, or of a word. What stands
// before `from` belongs to the number found last and does not count.
bool continues_another(std::string_view text, size_t from, size_t begin, size_t run) {
  const std::string_view before = text.substr(from, begin - from);
  if (before.empty()) return false;
  const auto follows_digit = [&](size_t mark) {
    return before.size() > mark && is_digit(before[before.size() - mark - 1]);
  };
  if (const size_t dash = dash_size_at_end(before); dash > 0) return follows_digit(dash);
  if (before.back() == '.') return follows_digit(1) && !is_tied(text, begin + run);
  // "1,010" may be thousands; 010-1234-5678 in a list of numbers is none, nor are groups of other sizes.
  if (before.back() == ',') return follows_digit(1) && run == 3 && !is_tied(text, begin + run);
  return is_alphanumeric(before.back()) || before.back() == '_';
}

// Whether the number from `begin` to `end` is the start of a longer one, or of a word.
bool goes_on(std::string_view text, size_t begin, size_t end) {
  if (end == text.size()) return false;
  if (is_alphanumeric(text[end]) || text[end] == '_') return true;
  if (end + 1 == text.size() || !is_digit(text[end + 1])) return false;
  if (text[end] == '-') return true;
  if (text[end] != '.') return false;
  // Of digits and full stops alone; what follows may be decimals, or a next number.
  const bool is_plain = text.substr(begin, end - begin).find_first_not_of("0123456789.") == std::string_view::npos;
  return is_plain && !is_tied(text, digits_end(text, end + 1));
}

// The number that begins with the `run` digits at `begin`.
std::optional<PersonalMatch> match_number(std::string_view text, size_t from, size_t begin, size_t run) {
  const bool plus = begin > 0 && text[begin - 1] == '+';
  if (!plus && continues_another(text, from, begin, run)) return std::nullopt;
  const auto checked = [text](PersonalData kind, size_t first, size_t end) -> std::optional<PersonalMatch> {
    if (end == 0 || goes_on(text, first, end)) return std::nullopt;
    return PersonalMatch{kind, first, end};
  };
  if (const size_t country = country_code_at(text, begin, run, plus); country != std::string_view::npos) {
    size_t first = plus ? begin - 1 : begin;
    if (first > 0 && text[first - 1] == '(' && text.substr(country + 2).starts_with(')')) --first;  // (+82)
    if (const auto match = checked(PersonalData::kPhone, first, phone_from_abroad_end(text, country))) return match;
  }
  if (run == 6 || run == 13)
    return checked(PersonalData::kResidentNumber, begin, resident_number_end(text, begin, run));
  if (text[begin] == '0' && ((run >= 2 && run <= 4) || run == 10 || run == 11)) {
    // (02) 2123-4567
    const bool bracket = begin > 0 && text[begin - 1] == '(' && text.substr(begin + run).starts_with(")");
    return checked(PersonalData::kPhone, bracket ? begin - 1 : begin, phone_end(text, begin, run));
  }
  if (run == 4 || run == 15 || run == 16) return checked(PersonalData::kCard, begin, card_end(text, begin, run));
  return std::nullopt;
}

}  // namespace

std::optional<PersonalMatch> find_personal_number(std::string_view text, size_t from) {
  for (size_t begin = find_digit(text, from); begin < text.size(); begin = find_digit(text, begin)) {
    const size_t end = digits_end(text, begin);
    if (end - begin >= 2) {
      if (const auto match = match_number(text, from, begin, end - begin)) return match;
    }
    begin = end;
  }
  return std::nullopt;
}

}  // namespace ktlm::text
