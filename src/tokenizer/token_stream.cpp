#include "ktlm/tokenizer/token_stream.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/ordered_pipeline.h"
#include "ktlm/text/utf8.h"

namespace ktlm::tokenizer {
namespace {

// Enough work at a time for the threads not to meet often: some milliseconds.
constexpr size_t kReadBytes = 1 << 18;

struct Block {
  std::string bytes;
  int64_t first_line = 1;
};

struct Converted {
  std::string bytes;
  StreamCounts counts;
};

// "가\r\n나" is "가" and "나". `visit` gets each line and whether it had an end.
template <class Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t newline = text.find('\n', begin);
    const bool has_end = newline != std::string_view::npos;
    const size_t end = has_end ? newline : text.size();
    std::string_view line = text.substr(begin, end - begin);
    if (has_end && line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
    begin = end + 1;
  }
}

int64_t count_lines(std::string_view text) {
  const auto ends = std::ranges::count(text, '\n');
  return text.empty() || text.back() == '\n' ? ends : ends + 1;
}

StreamCounts count_text(std::string_view text) {
  return {.tokens = 0,
          .bytes = static_cast<int64_t>(text.size()),
          .characters = static_cast<int64_t>(text::count_code_points(text)),
          .lines = count_lines(text)};
}

class Converter {
 public:
  Converter(const Tokenizer& tokenizer, const StreamFormat& format, const std::string& name, bool writes)
      : tokenizer_(tokenizer), format_(format), name_(name), writes_(writes) {}

  Converted convert(const Block& block) const { return format_.decode ? decode(block) : encode(block); }

 private:
  Converted encode(const Block& block) const {
    const std::string_view text = block.bytes;
    Converted result{.bytes = {}, .counts = count_text(text)};
    if (!text::is_valid_utf8(text)) result.counts.repaired_lines = count_malformed_lines(block);
    if (writes_) result.bytes.reserve(2 * text.size());
    const auto add = [&](std::string_view document) {
      const std::vector<TokenId> ids = tokenizer_.encode(document);
      result.counts.tokens += static_cast<int64_t>(ids.size());
      if (writes_) append(ids, result.bytes);
    };
    if (format_.whole) {
      add(text);
    } else {
      for_each_line(text, [&](std::string_view line) {
        add(line);
        if (writes_) result.bytes += '\n';
      });
    }
    return result;
  }

  // Throws Error for a block in another encoding, of which every other character is malformed as UTF-8; damaged UTF-8
  // has a few such, though a line of it may hold little else.
  int64_t count_malformed_lines(const Block& block) const {
    constexpr size_t kMinBytesPerRepair = 10;
    size_t num_replaced = 0;
    int64_t num_lines = 0, line_number = block.first_line, first_line = 0;
    for_each_line(block.bytes, [&](std::string_view line) {
      if (!text::is_valid_utf8(line)) {
        size_t num_in_line = 0;
        text::repair_utf8(line, &num_in_line);
        num_replaced += num_in_line;
        if (num_lines++ == 0) first_line = line_number;
      }
      ++line_number;
    });
    if (num_replaced >= 2 && num_replaced * kMinBytesPerRepair > block.bytes.size()) {
      throw Error(name_ + ":" + std::to_string(first_line) +
                  ": is no UTF-8 (as is much behind it); ktlm prepare finds " +
                  "the encoding and converts it, or, where it is CP949: iconv -f cp949 -t utf-8");
    }
    return num_lines;
  }

  void append(const std::vector<TokenId>& ids, std::string& out) const {
    char digits[12];
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) out += format_.pieces ? '\t' : ' ';
      if (format_.pieces)
        out += tokenizer_.piece(ids[i]);
      else
        out.append(digits, std::to_chars(digits, digits + sizeof digits, ids[i]).ptr);
    }
  }

  Converted decode(const Block& block) const {
    Converted result;
    std::vector<TokenId> ids;
    int64_t line_number = block.first_line;
    for_each_line(block.bytes, [&](std::string_view line) {
      if (!format_.whole) ids.clear();
      parse(line, line_number++, ids);
      if (format_.whole) return;
      result.bytes += tokenizer_.decode(ids);
      result.bytes += '\n';
    });
    if (format_.whole) result.bytes = tokenizer_.decode(ids);
    return result;
  }

  void parse(std::string_view line, int64_t line_number, std::vector<TokenId>& ids) const {
    const std::string_view separators = format_.pieces ? "\t" : " \t";
    for (size_t begin = 0; (begin = line.find_first_not_of(separators, begin)) != std::string_view::npos;) {
      const size_t end = std::min(line.find_first_of(separators, begin), line.size());
      ids.push_back(token_of(line.substr(begin, end - begin), line_number));
      begin = end;
    }
  }

  TokenId token_of(std::string_view word, int64_t line_number) const {
    TokenId id = -1;
    if (format_.pieces) {
      id = tokenizer_.id_of(word);
    } else {
      const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), id);
      if (error != std::errc() || stop != word.data() + word.size()) id = -1;
    }
    if (id >= 0 && id < tokenizer_.vocab_size()) return id;
    throw Error(name_ + ":" + std::to_string(line_number) + ": \"" +
                text::repair_utf8(word.substr(0, kMaxQuotedBytes)) + "\" is no " +
                (format_.pieces ? "piece" : "token id") + " of " + tokenizer_.directory().string() + " (" +
                std::to_string(tokenizer_.vocab_size()) + " pieces); " +
                (format_.pieces ? "--decode --pieces reads pieces with tabs between them"
                                : "--decode reads ids with spaces between them"));
  }

  static constexpr size_t kMaxQuotedBytes = 40;

  const Tokenizer& tokenizer_;
  const StreamFormat& format_;
  const std::string& name_;
  bool writes_;
};

// Behind which bytes a block may end; empty: at the end of the stream alone.
std::string_view block_ends(const Tokenizer& tokenizer, const StreamFormat& format) {
  if (!format.whole) return "\n";
  if (!tokenizer.encodes_lines_alone()) return "";
  return format.decode ? (format.pieces ? "\n\t" : "\n \t") : "\n";
}

void read_blocks(const ReadBytes& read, std::string_view ends, const std::function<void(Block&&)>& emit,
                 const std::function<void()>& check) {
  std::string pending;
  int64_t first_line = 1;
  while (true) {
    const size_t before = pending.size();
    pending.resize(before + kReadBytes);
    const std::optional<size_t> count = read(pending.data() + before, kReadBytes);
    pending.resize(before + count.value_or(0));
    if (!count) {
      check();
      continue;
    }
    const bool at_end = *count == 0;
    // Only what is new is searched: a line of a gigabyte is looked at once.
    const size_t last = std::string_view(pending).substr(before).find_last_of(ends);
    if (!at_end && last == std::string_view::npos) continue;
    const size_t size = at_end ? pending.size() : before + last + 1;
    Block block{.bytes = pending.substr(0, size), .first_line = first_line};
    pending.erase(0, size);
    first_line += std::ranges::count(block.bytes, '\n');
    if (!block.bytes.empty()) emit(std::move(block));
    if (at_end) return;
  }
}

}  // namespace

StreamCounts& StreamCounts::operator+=(const StreamCounts& other) {
  tokens += other.tokens;
  bytes += other.bytes;
  characters += other.characters;
  lines += other.lines;
  repaired_lines += other.repaired_lines;
  return *this;
}

StreamCounts convert_stream(const Tokenizer& tokenizer, const StreamFormat& format, const std::string& name,
                            const ReadBytes& read, const WriteBytes& write, size_t num_threads) {
  const Converter converter(tokenizer, format, name, write != nullptr);
  const bool one_line = format.whole && !format.decode;
  StreamCounts total;
  OrderedPipeline<Block, Converted> pipeline(num_threads);
  pipeline.run(
      [&] {
        read_blocks(
            read, block_ends(tokenizer, format), [&](Block&& block) { pipeline.emit(std::move(block)); },
            [&] { pipeline.check(); });
      },
      [&](Block&& block) { return converter.convert(block); },
      [&](Converted&& converted) {
        if (write && one_line && total.tokens > 0 && converted.counts.tokens > 0) write(format.pieces ? "\t" : " ");
        if (write) write(converted.bytes);
        total += converted.counts;
      });
  if (write && one_line) write("\n");
  return total;
}

}  // namespace ktlm::tokenizer
