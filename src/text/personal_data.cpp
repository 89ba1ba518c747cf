// E-mail addresses grow to both sides of an @, numbers to the right of a digit that no other number or word precedes.
// What kind of number it may be follows from the length of its first run of digits.
#include "ktlm/text/personal_data.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace ktlm::text {
namespace {

// A word in brackets, not an invented number: the model learns that such a thing stands there without learning one that
// may be somebody's, whoever reads its output sees what it is, and a word that occurs often costs few tokens.
constexpr std::array<std::string_view, kNumPersonalData> kPlaceholders = {"<이메일>", "<주민등록번호>", "<전화번호>",
                                                                          "<카드번호>"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
bool is_local_part(char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-' || c == '+' || c == '%'; }

struct Match {
  PersonalData kind = PersonalData::kEmail;
  size_t begin = 0, end = 0;
};

// Copies `text` with every match replaced; find(text, from) gives the next at or behind `from`.
template <class Find>
void replace_matches(std::string& text, PersonalDataCounts& counts, Find&& find) {
  std::string out;
  size_t copied = 0;
  while (const std::optional<Match> match = find(std::string_view(text), copied)) {
    const auto kind = static_cast<size_t>(match->kind);
    ++counts[kind];
    out.append(text, copied, match->begin - copied);
    out += kPlaceholders[kind];
    copied = match->end;
  }
  if (copied == 0) return;
  out.append(text, copied);
  text.swap(out);
}

// E-mail

constexpr size_t kMaxLocalPart = 64, kMaxDomain = 255;  // RFC 5321

// Where the domain that begins at `begin` ends; `begin` where there is none.
size_t domain_end(std::string_view text, size_t begin) {
  const size_t limit = std::min(text.size(), begin + kMaxDomain);
  size_t end = begin;
  while (end < limit && (is_alphanumeric(text[end]) || text[end] == '.' || text[end] == '-')) ++end;
  while (end > begin && !is_alphanumeric(text[end - 1])) --end;  // a sentence's full stop
  const std::string_view domain = text.substr(begin, end - begin);
  const size_t last_dot = domain.rfind('.');
  if (last_dot == std::string_view::npos || last_dot == 0 || domain.find("..") != std::string_view::npos) return begin;
  const std::string_view top_level = domain.substr(last_dot + 1);
  return top_level.size() >= 2 && std::ranges::all_of(top_level, is_letter) ? end : begin;
}

bool is_reserved(std::string_view domain) {
  return domain == "example.com" || domain == "example.org" || domain == "example.net";
}

std::optional<Match> find_email(std::string_view text, size_t from) {
  for (size_t at = text.find('@', from); at != std::string_view::npos; at = text.find('@', at + 1)) {
    size_t begin = at;
    while (begin > from && at - begin < kMaxLocalPart && is_local_part(text[begin - 1])) --begin;
    while (begin < at && !is_alphanumeric(text[begin])) ++begin;
    const size_t end = begin < at ? domain_end(text, at + 1) : at + 1;
    if (end > at + 1 && !is_reserved(text.substr(at + 1, end - at - 1))) return Match{PersonalData::kEmail, begin, end};
  }
  return std::nullopt;
}

// Numbers

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
  /// One of `marks`, with a space before it or behind; or a space alone, which gives ' '. 0 where there is none.
  char take_separator(std::string_view marks) {
    size_t end = end_;
    char found = 0;
    if (end < text_.size() && text_[end] == ' ') found = text_[end++];
    if (end < text_.size() && marks.find(text_[end]) != std::string_view::npos) {
      found = text_[end++];
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
  const bool with_hyphen = run == 6;
  if (with_hyphen ? !groups.take(6, 6) || groups.take_separator("-") != '-' || !groups.take(7, 7)
                  : !groups.take(13, 13))
    return 0;
  const std::string& digits = groups.digits();
  if (!is_date(digits) || digits[6] < '1' || digits[6] > '8') return 0;
  return with_hyphen || has_resident_check_digit(digits) ? groups.end() : 0;
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
    const char separator = groups.take_separator("-");
    if (separator == 0) return 0;
    if (groups.take(6, 6)) {
      if (groups.take_separator("-") != separator || !groups.take(5, 5)) return 0;
    } else {
      for (int i = 0; i < 3; ++i) {
        if ((i > 0 && groups.take_separator("-") != separator) || !groups.take(4, 4)) return 0;
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

// The exchange and the subscriber's four digits, behind the prefix.
size_t subscriber_end(Groups& groups, Prefix prefix) {
  const char first_separator = groups.take_separator("-.)");
  if (first_separator == 0) return 0;
  const size_t exchange = groups.digits().size();
  if (!groups.take(3, 4)) return 0;
  const char second_separator = groups.take_separator("-.");
  if (second_separator == 0 || !groups.take(4, 4)) return 0;
  if (second_separator != '-' && second_separator != first_separator) return 0;
  // No exchange of an area begins with 0 or 1; this keeps 02 1945 1950 and the like.
  if (prefix == Prefix::kArea && groups.digits()[exchange] < '2') return 0;
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

// Of +82 10-1234-5678, +82-2-123-4567, +82 (0)10 1234 5678, +821012345678; "82" stands at `begin`.
size_t phone_from_abroad_end(std::string_view text, size_t begin) {
  Groups country(text, begin);
  const bool is_apart = country.take(2, 2);
  if (is_apart) country.take_separator("-");
  size_t at = is_apart ? country.end() : begin + 2;
  if (text.substr(at).starts_with("(0)")) at += 3;
  const size_t end = digits_end(text, at);
  if (end == at || end - at > 11) return 0;
  std::string national(text.substr(at, end - at));
  if (national[0] != '0') national.insert(0, 1, '0');
  if (national.size() >= 10) return phone_end(national, 0, national.size()) != 0 ? end : 0;
  const Prefix prefix = prefix_of(national);
  Groups groups(text, at);
  if (prefix == Prefix::kNone || !groups.take(1, 4)) return 0;
  return subscriber_end(groups, prefix);
}

// Whether a number that begins here is the rest of another, or of a word.
bool continues_another(std::string_view text, size_t begin) {
  if (begin == 0) return false;
  const char before = text[begin - 1];
  if (before == '-' || before == '.' || before == ',') return begin >= 2 && is_digit(text[begin - 2]);
  return is_alphanumeric(before) || before == '_';
}

bool goes_on(std::string_view text, size_t end) {
  if (end == text.size()) return false;
  if (is_alphanumeric(text[end]) || text[end] == '_') return true;
  return (text[end] == '-' || text[end] == '.' || text[end] == ',') && end + 1 < text.size() && is_digit(text[end + 1]);
}

// The number that begins with the `run` digits at `begin`.
std::optional<Match> match_number(std::string_view text, size_t begin, size_t run) {
  const bool plus = begin > 0 && text[begin - 1] == '+';
  if (!plus && continues_another(text, begin)) return std::nullopt;
  const auto checked = [text](PersonalData kind, size_t from, size_t end) -> std::optional<Match> {
    if (end == 0 || goes_on(text, end)) return std::nullopt;
    return Match{kind, from, end};
  };
  if (run == 6 || run == 13)
    return checked(PersonalData::kResidentNumber, begin, resident_number_end(text, begin, run));
  const bool is_korea = text.substr(begin, 2) == "82" && (run == 2 || run == 11 || run == 12);
  if (is_korea && (plus || text.substr(begin + 2).starts_with("-10-")))
    return checked(PersonalData::kPhone, plus ? begin - 1 : begin, phone_from_abroad_end(text, begin));
  if (text[begin] == '0' && ((run >= 2 && run <= 4) || run == 10 || run == 11)) {
    // (02) 123-4567
    const bool bracket = begin > 0 && text[begin - 1] == '(' && text.substr(begin + run).starts_with(")");
    return checked(PersonalData::kPhone, bracket ? begin - 1 : begin, phone_end(text, begin, run));
  }
  if (run == 4 || run == 15 || run == 16) return checked(PersonalData::kCard, begin, card_end(text, begin, run));
  return std::nullopt;
}

std::optional<Match> find_number(std::string_view text, size_t from) {
  for (size_t begin = find_digit(text, from); begin < text.size(); begin = find_digit(text, begin)) {
    const size_t end = digits_end(text, begin);
    if (end - begin >= 2) {
      if (const auto match = match_number(text, begin, end - begin)) return match;
    }
    begin = end;
  }
  return std::nullopt;
}

}  // namespace

const char* personal_data_name(PersonalData kind) {
  switch (kind) {
    case PersonalData::kEmail:
      return "email";
    case PersonalData::kResidentNumber:
      return "resident_number";
    case PersonalData::kPhone:
      return "phone";
    case PersonalData::kCard:
      break;
  }
  return "card";
}

void mask_personal_data(std::string& text, PersonalDataCounts& counts) {
  // E-mail first: a telephone number may be the name in it.
  replace_matches(text, counts, find_email);
  replace_matches(text, counts, find_number);
}

}  // namespace ktlm::text
