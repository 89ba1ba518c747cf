#include "encoding.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cp949_table.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

using text::kReplacementCharacter;

constexpr unsigned char byte_at(std::string_view bytes, size_t i) { return static_cast<unsigned char>(bytes[i]); }

// --- CP949: KS X 1001, and around it the 8,822 syllables that it lacks, in their alphabetical order ---

constexpr unsigned kFirstLead = 0x81, kFirstTrail = 0x41, kTrails = 0xFF - kFirstTrail;

constexpr bool is_ks(unsigned lead, unsigned trail) { return lead >= 0xA1 && trail >= 0xA1; }

// Second bytes of the extension are A-Z, a-z and what is above 0x80.
constexpr bool is_extension(unsigned lead, unsigned trail) {
  const bool is_trail = (trail >= 0x41 && trail <= 0x5A) || (trail >= 0x61 && trail <= 0x7A) || trail >= 0x81;
  return is_trail && lead <= 0xC6 && !is_ks(lead, trail);
}

using Table = std::array<char16_t, (0xFF - kFirstLead) * size_t{kTrails}>;

constexpr size_t index_of(unsigned lead, unsigned trail) {
  return (lead - kFirstLead) * size_t{kTrails} + (trail - kFirstTrail);
}

Table make_table() {
  Table table{};
  std::vector<bool> in_ks(0x10000);
  for (unsigned row = 0; row < 94; ++row) {
    for (unsigned column = 0; column < kKsX1001[row].size(); ++column) {
      const char16_t character = kKsX1001[row][column];
      if (character == kReplacementCharacter) continue;
      table[index_of(0xA1 + row, 0xA1 + column)] = character;
      in_ks[character] = true;
    }
  }
  char16_t syllable = u'가';
  for (unsigned lead = kFirstLead; lead <= 0xC6; ++lead) {
    for (unsigned trail = kFirstTrail; trail < 0xFF; ++trail) {
      if (!is_extension(lead, trail)) continue;
      while (syllable <= u'힣' && in_ks[syllable]) ++syllable;
      if (syllable <= u'힣') table[index_of(lead, trail)] = syllable++;
    }
  }
  return table;
}

// The character of two bytes, 0 where there is none.
char16_t cp949_character(unsigned lead, unsigned trail) {
  static const Table table = make_table();
  if (lead < kFirstLead || lead == 0xFF || trail < kFirstTrail || trail == 0xFF) return 0;
  return table[index_of(lead, trail)];
}

size_t decode_cp949(std::string_view bytes, bool is_last, std::string& out, int64_t& num_malformed) {
  size_t i = 0;
  while (i < bytes.size()) {
    size_t ascii_end = i;
    while (ascii_end < bytes.size() && byte_at(bytes, ascii_end) < 0x80) ++ascii_end;
    out.append(bytes, i, ascii_end - i);
    i = ascii_end;
    if (i == bytes.size() || (i + 1 == bytes.size() && !is_last)) break;
    const unsigned trail = i + 1 < bytes.size() ? byte_at(bytes, i + 1) : 0;
    const char16_t character = cp949_character(byte_at(bytes, i), trail);
    if (character != 0) {
      text::append_utf8(out, character);
      i += 2;
    } else {  // the second byte may be a character of its own, such as a line's end
      text::append_utf8(out, kReplacementCharacter);
      ++num_malformed;
      ++i;
    }
  }
  return i;
}

// --- UTF-16 ---

char16_t unit_at(std::string_view bytes, size_t i, bool big_endian) {
  const unsigned first = byte_at(bytes, i), second = byte_at(bytes, i + 1);
  return static_cast<char16_t>(big_endian ? first << 8 | second : second << 8 | first);
}

constexpr bool is_high_surrogate(char16_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low_surrogate(char16_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

size_t decode_utf16(std::string_view bytes, bool big_endian, bool is_last, std::string& out, int64_t& num_malformed) {
  size_t i = 0;
  while (i + 1 < bytes.size()) {
    const char16_t unit = unit_at(bytes, i, big_endian);
    char32_t character = unit;
    size_t taken = 2;
    if (is_high_surrogate(unit)) {
      if (i + 3 >= bytes.size() && !is_last) return i;
      const char16_t next = i + 3 < bytes.size() ? unit_at(bytes, i + 2, big_endian) : 0;
      if (is_low_surrogate(next)) {
        character = 0x10000 + (static_cast<char32_t>(unit - 0xD800) << 10) + static_cast<char32_t>(next - 0xDC00);
        taken = 4;
      }
    }
    if (character >= 0xD800 && character < 0xE000) {  // half of a pair
      character = kReplacementCharacter;
      ++num_malformed;
    }
    text::append_utf8(out, character);
    i += taken;
  }
  if (!is_last || i == bytes.size()) return i;
  text::append_utf8(out, kReplacementCharacter);
  ++num_malformed;
  return bytes.size();
}

bool is_ascii_text(char16_t c) { return (c >= 0x20 && c <= 0x7E) || c == '\n' || c == '\r' || c == '\t'; }

// U+2000 is a space in the wrong byte order.
bool is_usual_character(char16_t c) {
  const auto within = [c](unsigned first, unsigned last) { return c >= first && c <= last; };
  return is_ascii_text(c) || within(0xA0, 0x451) || within(0x1100, 0x11FF) || within(0x2001, 0x2BFF) ||
         within(0x3000, 0x33FF) || within(0x4E00, 0x9FFF) || within(0xAC00, 0xD7A3) || within(0xD800, 0xDFFF) ||
         within(0xF900, 0xFAFF) || within(0xFE00, 0xFFEF);
}

// --- which one it is ---

struct Utf8Evidence {
  size_t good = 0, bad = 0;  // characters of several bytes, malformed sequences
};

Utf8Evidence look_for_utf8(std::string_view sample) {
  Utf8Evidence found;
  for (size_t i = 0; i < sample.size();) {
    if (byte_at(sample, i) < 0x80) {
      ++i;
      continue;
    }
    const size_t begin = i;
    const char32_t character = text::decode_utf8(sample, i);
    const bool is_good = character != kReplacementCharacter || sample.substr(begin, i - begin) == "\xEF\xBF\xBD";
    ++(is_good ? found.good : found.bad);
  }
  return found;
}

struct Cp949Evidence {
  size_t good = 0, bad = 0;  // characters of two bytes, malformed bytes
  size_t hangul = 0;         // of the good ones: among the 2,350 syllables of KS X 1001
  size_t frequent = 0;       // of those: among the most frequent of any Korean text
};

Cp949Evidence look_for_cp949(std::string_view sample) {
  // Some 30 of 100 syllables of news, novels and encyclopedias are among these.
  constexpr std::u16string_view kFrequent = u"이다는의에을가고지하한로은기를도사인대어있으자리시";
  Cp949Evidence found;
  for (size_t i = 0; i < sample.size(); ++i) {
    const unsigned lead = byte_at(sample, i);
    if (lead < 0x80) continue;
    if (i + 1 == sample.size()) break;  // cut off
    const unsigned trail = byte_at(sample, i + 1);
    const char16_t character = cp949_character(lead, trail);
    if (character == 0) {
      ++found.bad;
      continue;
    }
    ++i;
    ++found.good;
    if (!is_ks(lead, trail) || lead < 0xB0 || lead > 0xC8) continue;
    ++found.hangul;
    if (kFrequent.find(character) != std::u16string_view::npos) ++found.frequent;
  }
  return found;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

}  // namespace

const char* encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kCp949:
      return "CP949";
    case Encoding::kUtf16Le:
      return "UTF-16LE";
    case Encoding::kUtf16Be:
      return "UTF-16BE";
    case Encoding::kUtf8:
      break;
  }
  return "UTF-8";
}

ByteOrderMark find_byte_order_mark(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.substr(0, 3) == "\xEF\xBB\xBF") return {Encoding::kUtf8, 3};
  if (head.substr(0, 4) == "\xFF\xFE\0\0"sv) return {};  // UTF-32, which nobody writes
  if (head.substr(0, 2) == "\xFF\xFE") return {Encoding::kUtf16Le, 2};
  if (head.substr(0, 2) == "\xFE\xFF") return {Encoding::kUtf16Be, 2};
  return {};
}

Encoding find_utf16(std::string_view head) {
  const size_t num_units = head.size() / 2;
  size_t num_ascii[2] = {0, 0}, num_usual[2] = {0, 0};  // little-endian, big-endian
  for (const bool big_endian : {false, true}) {
    for (size_t i = 0; i < num_units; ++i) {
      const char16_t unit = unit_at(head, 2 * i, big_endian);
      num_ascii[big_endian] += is_ascii_text(unit) ? 1 : 0;
      num_usual[big_endian] += is_usual_character(unit) ? 1 : 0;
    }
  }
  const bool big_endian = num_ascii[1] > num_ascii[0];
  // A space or line end stands behind every few syllables; 1 in 20 is less than any text has.
  const bool is_text = num_ascii[big_endian] > 0 && num_ascii[big_endian] * 20 >= num_units &&
                       num_usual[big_endian] * 20 >= num_units * 19;
  if (!is_text) return Encoding::kUtf8;
  return big_endian ? Encoding::kUtf16Be : Encoding::kUtf16Le;
}

Encoding find_utf8_or_cp949(std::string_view sample, bool declared_cp949) {
  const Utf8Evidence utf8 = look_for_utf8(sample.substr(0, sample.size() - text::incomplete_utf8_suffix(sample)));
  if (utf8.bad * 2 <= utf8.good) return Encoding::kUtf8;  // of CP949 a tenth is good by chance
  const Cp949Evidence cp949 = look_for_cp949(sample);
  if (cp949.bad * 50 > cp949.good) return Encoding::kUtf8;
  // Chinese in GB 2312 has as many characters in the place of Hangul, but others; in a short text that says nothing.
  const bool is_korean = cp949.hangul * 2 > cp949.good && (cp949.hangul < 50 || cp949.frequent * 10 >= cp949.hangul);
  return cp949.good >= 2 && (is_korean || declared_cp949) ? Encoding::kCp949 : Encoding::kUtf8;
}

bool declares_cp949(std::string_view head) {
  const std::string lower = lower_case(head.substr(0, 4096));
  for (const std::string_view key : {"charset=", "encoding="}) {
    const size_t found = lower.find(key);
    if (found == std::string::npos) continue;
    size_t begin = found + key.size();
    while (begin < lower.size() && (lower[begin] == '"' || lower[begin] == '\'' || lower[begin] == ' ')) ++begin;
    const std::string_view value = std::string_view(lower).substr(begin);
    for (const std::string_view name : {"euc-kr", "euc_kr", "cp949", "ms949", "windows-949", "ks_c_5601", "ksc5601"}) {
      if (value.substr(0, name.size()) == name) return true;
    }
  }
  return false;
}

size_t decode(Encoding encoding, std::string_view bytes, bool is_last, std::string& out, int64_t& num_malformed) {
  if (encoding == Encoding::kCp949) return decode_cp949(bytes, is_last, out, num_malformed);
  if (encoding != Encoding::kUtf8)
    return decode_utf16(bytes, encoding == Encoding::kUtf16Be, is_last, out, num_malformed);
  bytes.remove_suffix(is_last ? 0 : text::incomplete_utf8_suffix(bytes));
  out.append(bytes);
  if (!text::is_valid_utf8(bytes)) {
    size_t num_replaced = 0;
    text::repair_utf8(bytes, &num_replaced);
    num_malformed += static_cast<int64_t>(num_replaced);
  }
  return bytes.size();
}

void DecodingEvidence::add(Encoding encoding, std::string_view bytes) {
  const auto size = static_cast<int64_t>(bytes.size());
  const auto is_foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const bool is_utf16 = encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
  num_bytes += size;
  num_foreign += is_utf16 ? size / 2 : std::count_if(bytes.begin(), bytes.end(), is_foreign);
  num_zeros += std::count(bytes.begin(), bytes.end(), '\0');
}

std::string find_wrong_encoding(Encoding encoding, const DecodingEvidence& evidence) {
  constexpr int64_t kMinMalformed = 10, kMinUtf16Bytes = 200;
  const bool is_utf16 = encoding == Encoding::kUtf16Le || encoding == Encoding::kUtf16Be;
  if (is_utf16 && evidence.num_zeros == 0 && evidence.num_bytes >= kMinUtf16Bytes) return "no space, digit or line end";
  const int64_t num_zeros = is_utf16 ? 0 : evidence.num_zeros;
  const int64_t num_malformed = evidence.num_malformed + num_zeros, num_foreign = evidence.num_foreign + num_zeros;
  // Of Korean in UTF-8 read as CP949 a third is malformed, the other way round nearly all. Among much ASCII that is
  // little of a file, but more than damage is.
  const bool is_wrong =
      num_malformed >= kMinMalformed && num_malformed * 10 > num_foreign && num_malformed * 500 > evidence.num_bytes;
  return is_wrong ? std::to_string(num_malformed) + " malformed characters" : std::string();
}

}  // namespace ktlm::corpus
