#include "korean_cuts.h"

#include <algorithm>

#include "ktlm/text/hangul.h"
#include "ktlm/text/utf8.h"
#include "word_ends.h"

namespace ktlm::tokenizer {
namespace {

// The blocks that hold pictures, and what joins them; older signs that fonts draw as pictures are among them.
bool is_emoji(char32_t c) {
  return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2600 && c <= 0x27BF) || c == 0x200D || c == 0xFE0F;
}

std::string_view script_of(char32_t c) { return is_emoji(c) ? "emoji" : text::script_name(text::script_of(c)); }

bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// `word` begins at `offset`.
void find_boundary(std::string_view word, size_t offset, std::vector<TextLandmarks::Boundary>& boundaries) {
  // Without the punctuation behind it: what follows the last syllable.
  size_t end = 0;
  for (size_t position = 0; position < word.size();)
    if (text::is_hangul_syllable(text::decode_utf8(word, position))) end = position;
  if (end == 0) return;
  const WordEnd word_end = find_word_end(word.substr(0, end));
  if (word_end.kind != WordEndKind::kNone) boundaries.push_back({word_end.kind, offset + word_end.stem_bytes});
}

}  // namespace

TextLandmarks find_landmarks(std::string_view text) {
  TextLandmarks landmarks;
  for (size_t position = 0; position < text.size();) {
    const std::string_view script = script_of(text::decode_utf8(text, position));
    if (landmarks.runs.empty() || landmarks.runs.back().script != script) landmarks.runs.push_back({.script = script});
    landmarks.runs.back().end = position;
    ++landmarks.runs.back().characters;
  }
  for (size_t begin = 0; begin < text.size();) {
    if (is_white(text[begin])) {
      ++begin;
      continue;
    }
    const auto* const end = std::find_if(text.data() + begin, text.data() + text.size(), is_white);
    const std::string_view word = text.substr(begin, static_cast<size_t>(end - (text.data() + begin)));
    find_boundary(word, begin, landmarks.boundaries);
    begin += word.size();
  }
  return landmarks;
}

void KoreanCuts::add(const TextLandmarks& landmarks, std::span<const TokenId> ids, const Tokenizer& tokenizer) {
  add_scripts(landmarks.runs, ids, tokenizer);
  add_boundaries(landmarks.boundaries, ids, tokenizer);
}

// A token belongs to the script of its first character behind the space that opens it.
void KoreanCuts::add_scripts(std::span<const TextLandmarks::Run> runs, std::span<const TokenId> ids,
                             const Tokenizer& tokenizer) {
  size_t token = 0, token_begin = 0;
  for (const TextLandmarks::Run& run : runs) {
    ScriptUse& use = scripts_[run.script];
    use.characters += run.characters;
    for (; token < ids.size(); ++token) {
      const std::string& bytes = tokenizer.token_bytes(ids[token]);
      const size_t opening_space = bytes.size() > 1 && bytes.front() == ' ' ? 1 : 0;
      if (token_begin + opening_space >= run.end) break;
      token_begin += bytes.size();
      ++use.tokens;
      if (tokenizer.is_byte(ids[token])) ++use.byte_tokens;
    }
  }
}

void KoreanCuts::add_boundaries(std::span<const TextLandmarks::Boundary> boundaries, std::span<const TokenId> ids,
                                const Tokenizer& tokenizer) {
  size_t token = 0, token_begin = 0;
  for (const TextLandmarks::Boundary& boundary : boundaries) {
    for (; token < ids.size() && token_begin < boundary.position; ++token)
      token_begin += tokenizer.token_bytes(ids[token]).size();
    BoundaryUse& use = boundary.kind == WordEndKind::kParticle ? particles_ : endings_;
    ++use.words;
    if (token < ids.size() && token_begin == boundary.position) ++use.cut;
  }
}

std::vector<ScriptUse> KoreanCuts::scripts() const {
  std::vector<ScriptUse> result;
  for (const auto& [name, use] : scripts_) {
    result.push_back(use);
    result.back().script = name;
  }
  std::ranges::stable_sort(result, std::greater(), &ScriptUse::characters);
  return result;
}

}  // namespace ktlm::tokenizer
