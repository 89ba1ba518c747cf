// The encodings that Korean files come in besides UTF-8: CP949, which holds EUC-KR, and UTF-16. Told apart by what the
// bytes can be, and decoded by tables of our own: iconv may lack CP949 (containers without glibc's modules), differs
// between glibc and macOS, and could not tell what a detector needs to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ktlm::corpus {

enum class Encoding { kUtf8, kCp949, kUtf16Le, kUtf16Be };

/// "UTF-8", "CP949", "UTF-16LE", "UTF-16BE".
const char* encoding_name(Encoding encoding);

/// The encoding that a byte order mark at the start of `head` shows, and its length; length 0 where there is none.
struct ByteOrderMark {
  Encoding encoding = Encoding::kUtf8;
  size_t length = 0;
};
ByteOrderMark find_byte_order_mark(std::string_view head);

/// Whether `head`, a file's start, is UTF-16 without a byte order mark: read so it has spaces, line ends, Latin letters
/// or digits, and nearly all its characters are of the kinds that Korean text has. Encoding::kUtf8 where it isn't.
Encoding find_utf16(std::string_view head);

/// UTF-8 or CP949, whatever `sample` can be at all. It begins with a file's first byte that isn't ASCII, or with any
/// character. Valid UTF-8 is UTF-8, and so is UTF-8 with some damage; CP949 must decode nearly without fault and yield
/// what Korean text is made of, unless the file itself says that it is CP949 (`declared`).
Encoding find_utf8_or_cp949(std::string_view sample, bool declared_cp949);

/// Whether markup that begins with `head` declares CP949 or EUC-KR: <meta charset=euc-kr>, <?xml encoding="ks_c_5601">.
bool declares_cp949(std::string_view head);

/// Appends `bytes` to `out` as UTF-8, U+FFFD for what is malformed, whose number is added to `num_malformed`; UTF-8 is
/// counted too, but left as it is. Returns how many bytes were taken: a character that is cut off at the end is left
/// for the next call, unless it `is_last`.
size_t decode(Encoding encoding, std::string_view bytes, bool is_last, std::string& out, int64_t& num_malformed);

/// What the bytes of a file, read in one encoding, said about its being the right one.
struct DecodingEvidence {
  int64_t num_bytes = 0;
  int64_t num_foreign = 0;  // of them, those that tell encodings apart: not ASCII; of UTF-16, one of two
  int64_t num_zeros = 0;    // every letter, space and line end of UTF-16 has one, and no other text
  int64_t num_malformed = 0;

  void add(Encoding encoding, std::string_view bytes);
};

/// How one sees that the file is of another encoding: "31000 malformed characters", where it has them all over. Empty
/// where it is not, but perhaps damaged here and there.
std::string find_wrong_encoding(Encoding encoding, const DecodingEvidence& evidence);

}  // namespace ktlm::corpus
