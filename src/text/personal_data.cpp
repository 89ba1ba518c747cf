// Masking, and e-mail addresses, which grow to both sides of an @. Numbers are found in personal_numbers.cpp.
#include "ktlm/text/personal_data.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "personal_numbers.h"

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

// Copies `text` with every match replaced; find(text, from) gives the next at or behind `from`.
template <class Find>
void replace_matches(std::string& text, PersonalDataCounts& counts, Find&& find) {
  std::string out;
  size_t copied = 0;
  while (const std::optional<PersonalMatch> match = find(std::string_view(text), copied)) {
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

std::optional<PersonalMatch> find_email(std::string_view text, size_t from) {
  for (size_t at = text.find('@', from); at != std::string_view::npos; at = text.find('@', at + 1)) {
    size_t begin = at;
    while (begin > from && at - begin < kMaxLocalPart && is_local_part(text[begin - 1])) --begin;
    while (begin < at && !is_alphanumeric(text[begin])) ++begin;
    const size_t end = begin < at ? domain_end(text, at + 1) : at + 1;
    if (end > at + 1 && !is_reserved(text.substr(at + 1, end - at - 1)))
      return PersonalMatch{PersonalData::kEmail, begin, end};
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
  replace_matches(text, counts, find_personal_number);
}

}  // namespace ktlm::text
