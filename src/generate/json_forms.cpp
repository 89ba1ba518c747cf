#include "json_forms.h"

#include <algorithm>

namespace ktlm::generate {

namespace {

// A character of a string: itself, or escaped. (\u is left out: all that needs it is control characters.)
constexpr const char* kPlainCharacter = R"([^"\\\x00-\x1F])";
constexpr const char* kStringCharacter = R"((?:[^"\\\x00-\x1F]|\\["\\/bfnrt]))";

// The comma, unless nothing stands behind the opening bracket yet. One place then serves whatever comes first and what
// follows it, so that an expression doesn't grow with the ways to begin. (It is asked before the comma: "{, " must not
// be begun.)
std::string comma_unless_first(const std::string& opening) { return "(?:(?<!" + opening + "), |(?<=" + opening + "))"; }

std::string behind_others(std::span<const Member> members) {
  std::string regex;
  for (const Member& member : members)
    regex += member.is_required ? ", " + member.pair : group(", " + member.pair) + "?";
  return regex;
}

// At least one of them, none of which is required. Halves hold each member about log2(n) / 2 times, and a place behind
// one then leads to a comma for each that may follow, which is quicker than to as many questions whether it is the
// first: PCRE2's DFA matcher compares all places that it stands at with each other.
std::string some_of(std::span<const Member> members) {
  if (members.size() == 1) return members.front().pair;
  const size_t half = members.size() / 2;
  return any_of({some_of(members.first(half)) + behind_others(members.subspan(half)), some_of(members.subspan(half))});
}

std::string members_by_halves(std::span<const Member> members) {
  const auto required = std::ranges::find_if(members, &Member::is_required);
  const auto num_free = static_cast<size_t>(required - members.begin());
  const auto first_ones = members.first(num_free), others = members.subspan(num_free);
  if (others.empty()) return first_ones.empty() ? "" : group(some_of(first_ones)) + "?";
  return (first_ones.empty() ? "" : group(some_of(first_ones) + ", ") + "?") + others.front().pair +
         behind_others(others.subspan(1));
}

std::string members_in_a_row(std::span<const Member> members) {
  std::string regex, comma;
  for (const auto& [pair, is_required] : members) {
    regex += is_required ? comma + pair : group(comma + pair) + "?";
    if (comma != ", ") comma = is_required ? ", " : comma_unless_first("\\{");
  }
  return regex;
}

}  // namespace

std::string group(const std::string& regex) { return "(?:" + regex + ")"; }

std::string any_of(const std::vector<std::string>& branches) {
  std::string regex;
  for (const std::string& branch : branches) regex += (regex.empty() ? "" : "|") + branch;
  return group(regex);
}

std::string literal(std::string_view text) {
  std::string regex;
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' ||
                          static_cast<unsigned char>(c) >= 0x80;
    if (!is_plain) regex += '\\';
    regex += c;
  }
  return regex;
}

std::string json_text(const Json& value) {
  if (!value.is_structured()) return value.dump();
  std::string text;
  for (const auto& [key, member] : value.items())
    text += (text.empty() ? "" : ", ") + (value.is_object() ? Json(key).dump() + ": " : "") + json_text(member);
  return value.is_object() ? "{" + text + "}" : "[" + text + "]";
}

std::string repeated(const std::string& item, int64_t least, std::optional<int64_t> most, const std::string& opening) {
  if (most == 0) return "";
  if (!most && least < 2) return group(comma_unless_first(opening) + item) + (least == 0 ? "*" : "+");
  const std::string rest = "(?:, " + item + "){" + std::to_string(std::max<int64_t>(least - 1, 0)) + "," +
                           (most ? std::to_string(*most - 1) : std::string()) + "}";
  return least > 0 ? item + rest : group(item + rest) + "?";
}

std::string members_in_order(std::span<const Member> members, bool is_fast) {
  size_t bytes = 0;
  for (const Member& member : members) bytes += member.pair.size();
  if (is_fast && bytes < kMostFastBytes)
    if (std::string regex = members_by_halves(members); regex.size() < kMostFastBytes) return regex;
  return members_in_a_row(members);
}

std::string string_of_length(int64_t least, std::optional<int64_t> most) {
  // PCRE2 keeps a counted group once for each time, a counted class once.
  const std::string counted = kPlainCharacter + ("{" + std::to_string(least) + ",");
  if (most) return "\"" + counted + std::to_string(*most) + "}\"";
  return "\"" + (least > 0 ? counted + std::to_string(least) + "}" : std::string()) + kStringCharacter + "*\"";
}

std::string any_key() { return std::string("\"") + kStringCharacter + "*\": "; }

std::string anything(int levels) {
  std::vector<std::string> regexes = {std::string("\"") + kStringCharacter + "*\"", kNumber, "true", "false", "null"};
  if (levels > 0) {
    const std::string inner = anything(levels - 1);
    regexes.push_back("\\[" + repeated(inner, 0, {}, "\\[") + "\\]");
    regexes.push_back("\\{" + repeated(any_key() + inner, 0, {}, "\\{") + "\\}");
  }
  return any_of(regexes);
}

}  // namespace ktlm::generate
