#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "archives.h"
#include "encoding.h"
#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kBlockBytes = 512;
constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 20;  // of a long name, or a pax header

// A field of digits in octal or, behind the byte 0x80, a number in base 256 (GNU). Nothing where it is neither.
std::optional<uint64_t> number_in(std::string_view field) {
  uint64_t number = 0;
  if (field[0] == '\x80') {
    for (size_t i = 1; i < field.size(); ++i) {
      if (number >> 54 != 0) return std::nullopt;
      number = number << 8 | static_cast<unsigned char>(field[i]);
    }
    return number;
  }
  for (const char c : field) {
    if (c == '\0' || c == ' ') {
      if (number == 0) continue;
      break;
    }
    if (c < '0' || c > '7') return std::nullopt;
    number = number << 3 | static_cast<uint64_t>(c - '0');
  }
  return number;
}

std::string text_in(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

bool is_header(std::string_view block) {
  if (block.size() < kBlockBytes || block.substr(257, 5) != "ustar") return false;
  uint64_t sum = 8 * uint64_t{' '};  // the checksum's own field counts as spaces
  for (size_t i = 0; i < kBlockBytes; ++i) sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(block[i]);
  return number_in(block.substr(148, 8)) == sum;
}

// What a pax header says that the header behind it has no room for, or says otherwise.
struct PaxRecords {
  std::string path;
  std::optional<uint64_t> size;
  bool is_sparse = false;
};

std::optional<uint64_t> decimal_in(std::string_view digits) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number >> 62 != 0) return std::nullopt;
  return number;
}

// Of the records "<length> <key>=<value>\n". Nothing where they are none, or the size is no number.
std::optional<PaxRecords> read_pax(std::string_view records) {
  PaxRecords pax;
  while (!records.empty() && records.front() != '\0') {
    const size_t space = records.find(' ');
    const auto length = decimal_in(records.substr(0, space));
    if (space == std::string_view::npos || !length || *length < space + 2 || *length > records.size())
      return std::nullopt;
    const std::string_view record = records.substr(space + 1, static_cast<size_t>(*length) - space - 2);
    const size_t equals = std::min(record.find('='), record.size());
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(std::min(equals + 1, record.size()));
    if (key == "path") pax.path = value;
    if (key.starts_with("GNU.sparse.")) pax.is_sparse = true;  // its pieces alone, perhaps behind a map of them
    if (key == "size" && !value.empty() && !(pax.size = decimal_in(value))) return std::nullopt;
    records.remove_prefix(static_cast<size_t>(*length));
  }
  return pax;
}

class TarReader {
 public:
  TarReader(ByteSource& source, const std::string& name) : source_(source), name_(name) {}

  void run(const VisitMember& visit) {
    PaxRecords next;  // of the member that follows, from headers of its own
    while (true) {
      const std::string header(source_.peek(kBlockBytes));
      // Two blocks of zeros are the end; without them, so is the end of the file.
      if (header.empty() || header.find_first_not_of('\0') == std::string::npos) return;
      if (header.size() < kBlockBytes) throw_truncated();
      if (!is_header(header)) throw_damaged();
      const auto size = number_in(std::string_view(header).substr(124, 12));
      if (!size) throw_damaged();
      skip(kBlockBytes);
      const char type = header[156];
      if (type == 'L' || type == 'x') {
        open(*size);
        take_header(type, next);
      } else if (type == 'K' || type == 'g') {  // a link's long target; what holds for all members, such as a comment
        open(*size);
      } else {
        if (type == 'S' && header[482] != 0) skip_map();
        open(next.size.value_or(*size));
        const std::string member = utf8_name(next.path.empty() ? name_in(header) : next.path);
        const bool is_sparse = type == 'S' || next.is_sparse;
        next = {};
        if (member.empty()) {
          // No one's file.
        } else if (is_sparse) {
          visit(member, nullptr);
        } else if (type == '0' || type == '\0' || type == '7') {
          visit(member, [this] { return std::make_unique<Member>(*this); });
        }
      }
      skip(left_ + padding_);
    }
  }

 private:
  class Member : public ByteSource {
   public:
    explicit Member(TarReader& reader) : reader_(reader) {}

   protected:
    size_t read_some(char* buffer, size_t capacity) override { return reader_.read(buffer, capacity); }

   private:
    TarReader& reader_;
  };

  static std::string name_in(std::string_view header) {
    const std::string name = text_in(header.substr(0, 100));
    const std::string prefix =
        header.substr(257, 6) == std::string_view("ustar\0", 6) ? text_in(header.substr(345, 155)) : "";
    return prefix.empty() ? name : prefix + "/" + name;
  }

  void open(uint64_t size) {
    left_ = size;
    padding_ = (kBlockBytes - size % kBlockBytes) % kBlockBytes;
  }

  // A long name (GNU), or a pax header: it is open, and speaks of the member that follows.
  void take_header(char type, PaxRecords& next) {
    if (left_ > kMaxHeaderBytes) throw_damaged();
    std::string content(static_cast<size_t>(left_), '\0');
    for (size_t taken = 0; taken < content.size();) taken += read(content.data() + taken, content.size() - taken);
    if (type == 'L') {
      next.path = text_in(content);
      return;
    }
    auto pax = read_pax(content);
    if (!pax) throw_damaged();
    if (!pax->path.empty()) next.path = std::move(pax->path);
    if (pax->size) next.size = pax->size;
    next.is_sparse |= pax->is_sparse;
  }

  // Of a sparse file (GNU): the blocks of its map that the header has no room for. A byte in each says whether another
  // follows.
  void skip_map() {
    for (bool is_more = true; is_more;) {
      const std::string_view block = source_.peek(kBlockBytes);
      if (block.size() < kBlockBytes) throw_truncated();
      is_more = block[504] != 0;
      skip(kBlockBytes);
    }
  }

  // Of the member that is open; 0 at its end.
  size_t read(char* buffer, size_t capacity) {
    if (left_ == 0) return 0;
    const size_t count = source_.read(buffer, static_cast<size_t>(std::min<uint64_t>(capacity, left_)));
    if (count == 0) throw_truncated();
    left_ -= count;
    return count;
  }

  void skip(uint64_t count) {
    char buffer[kBlockBytes * 16];
    while (count > 0) {
      const size_t skipped = source_.read(buffer, static_cast<size_t>(std::min<uint64_t>(count, sizeof buffer)));
      if (skipped == 0) throw_truncated();
      count -= skipped;
    }
  }

  [[noreturn]] void throw_truncated() const {
    throw Error(name_ + ": the tar archive ends within a file (an unfinished download?); fetch it again");
  }
  [[noreturn]] void throw_damaged() const { throw Error(name_ + ": the tar archive is damaged; fetch it again"); }

  ByteSource& source_;
  const std::string& name_;
  uint64_t left_ = 0, padding_ = 0;  // bytes of the open member, and behind it
};

}  // namespace

Archive archive_of(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.substr(0, 4) == "PK\3\4"sv || head.substr(0, 4) == "PK\5\6"sv) return Archive::kZip;
  return is_header(head.substr(0, kBlockBytes)) ? Archive::kTar : Archive::kNone;
}

std::string utf8_name(std::string_view bytes) {
  if (text::is_valid_utf8(bytes)) return std::string(bytes);
  std::string name;
  int64_t num_malformed = 0;
  decode(Encoding::kCp949, bytes, true, name, num_malformed);
  return name;
}

void read_tar(ByteSource& source, const std::string& name, const VisitMember& visit) {
  TarReader(source, name).run(visit);
}

}  // namespace ktlm::corpus
