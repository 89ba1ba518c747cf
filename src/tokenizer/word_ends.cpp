#include "word_ends.h"

#include <algorithm>
#include <array>
#include <optional>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {
namespace {

constexpr size_t kSyllableBytes = 3;

enum class Needs { kAnything, kConsonant, kVowel, kVowelOrRieul, kConsonantButRieul };

struct Suffix {
  std::string_view text;
  Needs needs = Needs::kAnything;
};

using enum Needs;

// Longer before shorter, so that the first that fits is the longest.
constexpr auto kParticles = std::to_array<Suffix>({
    {"으로서", kConsonantButRieul},
    {"으로써", kConsonantButRieul},
    {"에게서"},
    {"한테서"},
    {"이라도", kConsonant},
    {"이라고", kConsonant},
    {"이라는", kConsonant},
    {"으로", kConsonantButRieul},
    {"이나", kConsonant},
    {"이란", kConsonant},
    {"로서", kVowelOrRieul},
    {"로써", kVowelOrRieul},
    {"에서"},
    {"에게"},
    {"까지"},
    {"부터"},
    {"보다"},
    {"처럼"},
    {"마다"},
    {"조차"},
    {"마저"},
    {"밖에"},
    {"께서"},
    {"한테"},
    {"만큼"},
    {"커녕"},
    {"은", kConsonant},
    {"이", kConsonant},
    {"을", kConsonant},
    {"과", kConsonant},
    {"는", kVowel},
    {"가", kVowel},
    {"를", kVowel},
    {"와", kVowel},
    {"로", kVowelOrRieul},
    {"의"},
    {"에"},
    {"도"},
    {"만"},
});

// What may stand before a second particle: 서울|에서는, 학교|까지만.
constexpr auto kInnerParticles = std::to_array<Suffix>({
    {"으로서", kConsonantButRieul},
    {"으로", kConsonantButRieul},
    {"로서", kVowelOrRieul},
    {"에서"},
    {"에게"},
    {"까지"},
    {"부터"},
    {"께서"},
    {"한테"},
    {"밖에"},
    {"보다"},
    {"처럼"},
    {"마다"},
    {"에"},
    {"만"},
});

constexpr auto kEndings = std::to_array<Suffix>({
    {"었습니다"}, {"았습니다"}, {"겠습니다"}, {"으면서"}, {"었지만"}, {"았지만"}, {"겠지만"}, {"더라도"}, {"습니다"},
    {"습니까"},   {"면서"},     {"도록"},     {"거나"},   {"네요"},   {"는다"},   {"었다"},   {"았다"},   {"겠다"},
    {"었던"},     {"았던"},     {"었고"},     {"았고"},   {"지만"},   {"어서"},   {"아서"},   {"어요"},   {"아요"},
    {"으며"},     {"으면"},     {"는데"},     {"은데"},   {"려고"},   {"고"},     {"며"},
});

// Words that only look like stem and particle or ending, of those that are frequent.
constexpr auto kWhole = std::to_array<std::string_view>(
    {"바로", "주로",   "서로",   "별로", "따로", "새로", "스스로", "그대로", "제대로", "대체로", "때때로", "실제로",
     "다만", "하지만", "그러나", "또는", "혹은", "많이", "같이",   "높이",   "깊이",   "굳이",   "거의",   "결과",
     "효과", "성과",   "국가",   "추가", "증가", "평가", "참가",   "작가",   "정도",   "제도",   "속도",   "온도",
     "태도", "지도",   "의도",   "강도", "각도", "회의", "정의",   "강의",   "주의",   "논의",   "합의",   "동의",
     "의의", "혐의",   "아이",   "사이", "나이", "차이", "종이",   "놀이",   "먹이",   "그리고", "최고",   "광고",
     "사고", "창고",   "보고",   "신고", "권고", "으로", "에서는", "에서도", "으로는"});

// Stems of verbs and adjectives: 좋|은, 먹|을 are theirs, no particles.
constexpr std::string_view kVerbsInConsonant =
    "없같높깊넓낮작늦먹받싶얻찾맞입좋많않있였했갔왔됐었았졌겠쉽짧젊밝굵얇잃옳싫끊앉읽걷믿묻닫쌓놓넣낳찮잊붉뽑짓";
constexpr std::string_view kVerbsInVowel = "하되다가라시오르려드히주끼";
constexpr std::string_view kBeforeDo = "어아해여라";  // 해도, 있어도

char32_t last_character(std::string_view word) {
  size_t position = word.size() - kSyllableBytes;
  return text::decode_utf8(word, position);
}

bool holds(std::string_view list, std::string_view syllable) {
  const size_t at = list.find(syllable);
  return at != std::string_view::npos && at % kSyllableBytes == 0;
}

bool fits(Needs needs, char32_t syllable) {
  constexpr char32_t kRieul = 8;  // ㄹ among the 27 final consonants
  const bool closed = text::has_final_consonant(syllable), rieul = (syllable - 0xAC00) % 28 == kRieul;
  switch (needs) {
    case kConsonant:
      return closed;
    case kConsonantButRieul:
      return closed && !rieul;
    case kVowel:
      return !closed;
    case kVowelOrRieul:
      return !closed || rieul;
    case kAnything:
      break;
  }
  return true;
}

// The bytes before the first of `suffixes` that fits at the end of `word`.
template <class Suffixes>
std::optional<size_t> stem_before(std::string_view word, const Suffixes& suffixes) {
  for (const Suffix& suffix : suffixes) {
    if (word.size() < suffix.text.size() + kSyllableBytes || !word.ends_with(suffix.text)) continue;
    const std::string_view stem = word.substr(0, word.size() - suffix.text.size());
    const char32_t last = last_character(stem);
    if (text::is_hangul_syllable(last) && fits(suffix.needs, last)) return stem.size();
  }
  return std::nullopt;
}

bool belongs_to_verb(std::string_view stem, std::string_view particle) {
  const std::string_view last = stem.substr(stem.size() - kSyllableBytes);
  if (particle == "은" || particle == "이" || particle == "을") return holds(kVerbsInConsonant, last);
  if (particle == "는") return holds(kVerbsInVowel, last);
  if (particle == "도") return holds(kBeforeDo, last);
  if (particle == "만") return last == "지" && !stem.ends_with("까지");  // 하지만
  return particle == "가" && last == "다";                               // 하다가
}

}  // namespace

WordEnd find_word_end(std::string_view word) {
  if (std::ranges::find(kWhole, word) != kWhole.end()) return {};
  const auto stem = stem_before(word, kParticles);
  if (stem && !belongs_to_verb(word.substr(0, *stem), word.substr(*stem)))
    return {WordEndKind::kParticle, stem_before(word.substr(0, *stem), kInnerParticles).value_or(*stem)};
  const auto verb = stem_before(word, kEndings);
  if (verb && word.substr(*verb) == "고" && word.substr(0, *verb).ends_with("라")) return {};  // (이)라고
  return verb ? WordEnd{WordEndKind::kEnding, *verb} : WordEnd{};
}

}  // namespace ktlm::tokenizer
