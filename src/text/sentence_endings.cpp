#include "sentence_endings.h"

#include <algorithm>
#include <array>
#include <optional>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::text {
namespace {

// Final consonants by their index in Unicode's syllable blocks.
constexpr char32_t kNieun = 4;
constexpr char32_t kBieup = 17;
constexpr char32_t kSsangSios = 20;

char32_t final_of(char32_t syllable) { return is_hangul_syllable(syllable) ? (syllable - 0xAC00) % 28 : 0; }

constexpr bool contains(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }

/// The last three characters of a text, last one first; 0 where it has fewer or no Hangul stands there.
struct LastSyllables {
  char32_t last = 0;
  char32_t second = 0;
  char32_t third = 0;
};
LastSyllables last_syllables(std::string_view text) {
  std::array<char32_t, 3> found{};
  for (char32_t& syllable : found) {
    if (text.size() < 3) break;
    size_t position = 0;
    const std::string_view tail = text.substr(text.size() - 3);
    const char32_t c = decode_utf8(tail, position);
    if (position != 3 || !is_hangul_syllable(c)) break;
    syllable = c;
    text.remove_suffix(3);
  }
  return {found[0], found[1], found[2]};
}

constexpr auto kOpenersInYo = std::to_array<std::string_view>({"근데요", "그런데요", "있잖아요", "글쎄요"});

template <size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.starts_with(word); });
}

// 다 behind these is a verb's (먹는다, 간다); behind others in ㄴ it may be a name's (미란다, 르완다).
constexpr std::u32string_view kNieunBeforeDa = U"는한된린진킨인운온간본준둔낸난친긴민신편든른춘문분쓴센선뜬큰단산";

// 요 behind these is a predicate's (해요, 네요, 까요); behind others it may be a noun's (필요, 수요, 가요).
constexpr std::u32string_view kBeforeYo = U"어아여해세네에예군까려워와봐줘져쳐셔켜러돼죠지걸게께래라싸";

bool is_clear_in_yo(std::string_view text, const LastSyllables& end) {
  if (std::ranges::any_of(kOpenersInYo, [&](auto word) { return text.ends_with(word); })) return false;
  if (contains(kBeforeYo, end.second)) return true;
  if (end.third == 0) return false;
  switch (end.second) {
    case U'나':  // 있나요, 맛나요
    case U'구':  // 편리했구요
    case U'대':  // 좋대요
    case U'내':  // 네요, as many write it
      return true;
    case U'고':  // 했고요, 이고요, 더라고요; 고요 is calm
      return final_of(end.third) == kSsangSios || contains(U"이하라다냐자", end.third);
    case U'가':  // 인가요; 가요 is a song
    case U'데':  // 는데요
      return final_of(end.third) == kNieun;
    default:
      return false;
  }
}

bool is_clear_in_da(const LastSyllables& end) {
  if (final_of(end.second) == kSsangSios || contains(U"없싶같않많좋쉽렵겁섭럽답춥덥맙겹", end.second)) return true;
  if (end.second == U'니') return final_of(end.third) == kBieup || end.third == U'아';
  if (end.second == U'이') return end.third != 0;               // 것이다
  if (end.second == U'간' && end.third == U'우') return false;  // Uganda
  return contains(kNieunBeforeDa, end.second);
}

}  // namespace

Ending ending_of(std::string_view text) {
  const LastSyllables end = last_syllables(text);
  switch (end.last) {
    case U'다':
      return is_clear_in_da(end) ? Ending::kClear : Ending::kFinal;
    case U'요':
      return is_clear_in_yo(text, end) ? Ending::kClear : Ending::kFinal;
    case U'여':  // 네여, 어여, as many write 요
      return contains(U"네어아해", end.second) ? Ending::kClear : Ending::kOpen;
    case U'죠':
      return Ending::kClear;
    case U'까':
      return end.second == U'니' && final_of(end.third) == kBieup ? Ending::kClear : Ending::kFinal;
    case U'함':
    case U'됨':
      return end.second != 0 ? Ending::kFinal : Ending::kOpen;
    case U'음':
      if (final_of(end.second) == kSsangSios) return end.second == U'있' ? Ending::kFinal : Ending::kClear;
      return contains(U"없같않좋많", end.second) ? Ending::kFinal : Ending::kOpen;
    case U'오':
      return end.second == U'시' && end.third != 0 ? Ending::kClear : Ending::kOpen;
    case U'라':
      return contains(U"아어하해마말여", end.second) ? Ending::kFinal : Ending::kOpen;
    case U'자':
      return contains(U"보하가", end.second) ? Ending::kFinal : Ending::kOpen;
    case U'가':
      return final_of(end.second) == kNieun ? Ending::kFinal : Ending::kOpen;
    case U'니':
      return end.second == U'다' ? Ending::kFinal : Ending::kOpen;
    case U'어':
    case U'지':
    case U'네':
    case U'나':
    case U'군':
    case U'냐':
    case U'소':
      if (final_of(end.second) == kSsangSios) return Ending::kFinal;
      return end.last != U'어' && contains(U"없않좋되하", end.second) ? Ending::kFinal : Ending::kOpen;
    case U'야':
      return contains(U"거꺼이", end.second) ? Ending::kFinal : Ending::kOpen;
    default:
      return Ending::kOpen;
  }
}

bool carries_on(std::string_view text, bool is_quotation) {
  constexpr auto kAlways = std::to_array<std::string_view>(
      {"라고", "이라고", "라는 ", "이라는", "라며", "이라며", "라면서", "이라면서", "란 ", "이란 ", "고 말", "고 했"});
  constexpr auto kBehindQuotation = std::to_array<std::string_view>(
      {"하고", "하며", "하는 ", "하면서", "고 ", "며 ", "면서 ", "는 ", "은 ", "이라", "라", "을 ", "를 "});
  return starts_with_any(text, kAlways) || (is_quotation && starts_with_any(text, kBehindQuotation));
}

bool follows_plain_form(std::string_view text) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"하더", "하면", "하고", "하며", "하여", "하니", "하자", "하는",  "해도",   "해서",  "했",
       "할 ",  "한 ",  "한들", "싶",   "보니", "보면", "보는", "보여",  "보고",   "봅니",  "봐",
       "치더", "치고", "가 ",  "와 ",  "오 ",  "오는", "말",   "생각",  "고 ",    "며 ",   "면 ",
       "는 ",  "든 ",  "등 ",  "등의", "손 ",  "안 ",  "못 ",  "이런 ", "이렇게", "그런 ", "그렇게"});
  // "왔다 갔다", "있다 없다": verbs in a row.
  return starts_with_any(text, kWords) || text.substr(0, text.find_first_of(" \t\n")).ends_with("다");
}

}  // namespace ktlm::text
