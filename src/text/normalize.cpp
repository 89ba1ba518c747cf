// Two steps: every code point is mapped by itself (widths, spaces, line ends, junk), then lines that hold anything NFC
// could change go through utf8proc. Nothing that NFC yields is mapped again, hence normalize() is idempotent. Korean
// text is nearly always normal already: long runs of it are recognised byte by byte and copied whole.
#include "ktlm/text/normalize.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "ktlm/text/utf8.h"

namespace ktlm::text {
namespace {

constexpr char32_t kRemoved = 0x110000;  // beyond the last code point
constexpr char32_t kZeroWidthJoiner = 0x200D;
// Old Hangul's vowel O-YAE, which stands where Unicode's formula for syllables has "no final consonant". utf8proc 2.8
// loses it behind a syllable; it joins with nothing before it, so that composition may begin anew in front of it.
constexpr char32_t kBeforeFinalConsonants = 0x11A7;

bool is_between(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// The compatibility jamo (U+3131 ..) of a half-width one, U+FFA0 .. U+FFDC; the vowels lie in groups of six.
char32_t widen_jamo(char32_t c) {
  if (c == 0xFFA0) return 0x3164;  // filler
  if (c <= 0xFFBE) return c - 0xFFA1 + 0x3131;
  if (is_between(c, 0xFFC2, 0xFFC7)) return c - 0xFFC2 + 0x314F;
  if (is_between(c, 0xFFCA, 0xFFCF)) return c - 0xFFCA + 0x3155;
  if (is_between(c, 0xFFD2, 0xFFD7)) return c - 0xFFD2 + 0x315B;
  if (is_between(c, 0xFFDA, 0xFFDC)) return c - 0xFFDA + 0x3161;
  return c;
}

// Invisible characters that say nothing: soft hyphen, byte order mark, zero-width spaces and joiners (the joiner of
// emoji is looked at separately), marks of direction, annotation marks, non-characters.
bool is_junk(char32_t c) {
  return c == 0xAD || c == 0x180E || is_between(c, 0x200B, 0x200F) || is_between(c, 0x202A, 0x202E) ||
         is_between(c, 0x2060, 0x206F) || c == 0xFEFF || is_between(c, 0xFFF9, 0xFFFB) ||
         is_between(c, 0xFDD0, 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

bool is_space_separator(char32_t c) {
  return c == 0xA0 || c == 0x1680 || is_between(c, 0x2000, 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

// What a code point becomes by itself. Vertical tab and form feed end a line (Unicode's UAX 14), so that the words
// around them stay apart; "\r\n" is the caller's.
char32_t map_code_point(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' ? c : c == '\r' || c == '\v' || c == '\f' ? U'\n' : kRemoved;
  if (c < 0x7F) return c;
  if (c < 0xA0) return c == 0x85 ? U'\n' : kRemoved;
  if (is_space_separator(c)) return ' ';
  if (c == 0x2028 || c == 0x2029) return '\n';
  if (is_junk(c)) return kRemoved;
  if (is_between(c, 0xFF01, 0xFF5E)) return c - 0xFF01 + '!';
  if (is_between(c, 0xFFA0, 0xFFDC)) return widen_jamo(c);
  return c;
}

// What may stand on either side of the joiner in an emoji sequence (Extended_Pictographic, roughly: the blocks it lies
// in, less the two brackets that NFC changes).
bool is_pictograph(char32_t c) {
  return is_between(c, 0x1F000, 0x1FAFF) || is_between(c, 0x2190, 0x21FF) || is_between(c, 0x2300, 0x2328) ||
         is_between(c, 0x232B, 0x23FF) || is_between(c, 0x25A0, 0x27BF) || is_between(c, 0x2B00, 0x2BFF);
}
bool may_precede_joiner(char32_t c) { return is_pictograph(c) || c == 0xFE0F; }

// True of all code points that NFC changes, or that may join with the one before; true of some others as well. The
// blocks named here are those of Korean text: what they hold is stable (NFC_Quick_Check=Yes, Unicode 15).
bool may_change_in_nfc(char32_t c) {
  if (c < 0x300 || is_between(c, 0xAC00, 0xD7A3)) return false;
  if (is_between(c, 0x2010, 0x20CF) || is_between(c, 0x2150, 0x2328) || is_between(c, 0x232B, 0x2ADB)) return false;
  if (is_between(c, 0x3001, 0x3029) || is_between(c, 0x3030, 0x3098) || is_between(c, 0x309B, 0xA66E)) return false;
  if (is_between(c, 0xE000, 0xF8FF) || is_between(c, 0xFE30, 0xFFFF) || is_between(c, 0x1F000, 0x1FAFF)) return false;
  return true;
}

// The end of the longest run from `position` on that is ASCII without control characters, or Hangul syllables.
size_t skip_normal(std::string_view text, size_t position) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const size_t size = text.size();
  while (position < size) {
    const unsigned char lead = bytes[position];
    if (is_between(lead, 0x20, 0x7E) || lead == '\n' || lead == '\t') {
      ++position;
      continue;
    }
    // U+AC00 .. U+D7A3 is EA B0 80 .. ED 9E A3; EB and EC have it all.
    if (lead < 0xEA || lead > 0xED || position + 3 > size) break;
    const unsigned char second = bytes[position + 1];
    const unsigned char third = bytes[position + 2];
    if ((second & 0xC0) != 0x80 || (third & 0xC0) != 0x80) break;
    if (lead == 0xEA && second < 0xB0) break;
    if (lead == 0xED && (second > 0x9E || (second == 0x9E && third > 0xA3))) break;
    position += 3;
  }
  return position;
}

std::string compose(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &composed, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  // The text is valid UTF-8 by now, so that only memory can be short.
  if (length < 0) throw std::bad_alloc();
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  return {reinterpret_cast<const char*>(composed), static_cast<size_t>(length)};
}

}  // namespace

std::string normalize(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  size_t line_begin = 0;  // in `out`
  bool line_is_suspect = false;
  const auto end_line = [&] {
    if (line_is_suspect) {
      const std::string composed = compose(std::string_view(out).substr(line_begin));
      out.resize(line_begin);
      out += composed;
    }
    line_is_suspect = false;
    line_begin = out.size();
  };
  const auto copy = [&](std::string_view run) {
    if (const size_t newline = run.find('\n'); newline != std::string_view::npos) {
      out.append(run, 0, newline + 1);
      end_line();
      const size_t last = run.rfind('\n');
      out.append(run, newline + 1, std::string_view::npos);
      line_begin = out.size() - (run.size() - last - 1);
    } else {
      out += run;
    }
  };

  char32_t previous = 0;  // the last code point written, where it was not part of a run
  for (size_t position = 0; position < text.size();) {
    if (const size_t end = skip_normal(text, position); end > position) {
      copy(text.substr(position, end - position));
      position = end;
      previous = 0;
      continue;
    }
    const char32_t c = decode_utf8(text, position);
    char32_t mapped = map_code_point(c);
    if (c == '\r' && position < text.size() && text[position] == '\n') continue;
    if (c == kZeroWidthJoiner && may_precede_joiner(previous) && position < text.size()) {
      size_t next = position;
      if (is_pictograph(decode_utf8(text, next))) mapped = c;
    }
    if (mapped == kRemoved) continue;
    if (mapped == kBeforeFinalConsonants) end_line();
    if (may_change_in_nfc(mapped) && mapped != '\n') line_is_suspect = true;
    append_utf8(out, mapped);
    previous = mapped;
    if (mapped == '\n') end_line();
  }
  end_line();
  return out;
}

}  // namespace ktlm::text
