#include "json_reader.h"

#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kMaxDocumentBytes = size_t{64} << 20;
constexpr int kMaxNestedArrays = 64;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class JsonSplitter {
 public:
  JsonSplitter(ByteSource& source, const std::string& name, const std::vector<std::string>& keys,
               const EmitDocument& emit)
      : source_(source), name_(name), keys_(keys), emit_(emit) {}

  int64_t run() {
    while (next_token() != '\0') split(0, 0);
    if (num_documents_ == 0 && !keys_.empty()) emit_document({}, DropReason::kNoText);
    return position();
  }

 private:
  // The value that comes next lies behind keys_[0 .. num_keys). Deeper than the keys are many, it does not recurse.
  void split(size_t num_keys, int num_arrays) {
    const char first = next_token();
    if (first == '[') {
      if (num_arrays == kMaxNestedArrays) throw_at("arrays nested more than 64 deep");
      ++begin_;
      for_each_until(']', [&] { split(num_keys, num_arrays + 1); });
    } else if (num_keys == keys_.size()) {
      emit_document(take_value(true), DropReason::kNone);
    } else if (first == '{') {
      ++begin_;
      for_each_until('}', [&] {
        const bool is_key = take_key() == keys_[num_keys];
        if (is_key)
          split(num_keys + 1, num_arrays);
        else
          take_value(false);
      });
    } else {
      take_value(false);
    }
  }

  template <class Take>
  void for_each_until(char closing, const Take& take) {
    if (next_token() == closing) {
      ++begin_;
      return;
    }
    while (true) {
      take();
      const char after = next_token();
      if (after != ',' && after != closing) throw_at(std::string("expected , or ") + closing);
      ++begin_;
      if (after == closing) return;
    }
  }

  std::string take_key() {
    if (next_token() != '"') throw_at("expected a key in quotes");
    const std::string quoted = take_value(true);
    if (next_token() != ':') throw_at("expected : behind the key " + quoted);
    ++begin_;
    if (quoted.find('\\') == std::string::npos) return quoted.substr(1, quoted.size() - 2);
    return parse_json(quoted, name_).get<std::string>();
  }

  // The bytes of the next value, or none where it isn't kept.
  std::string take_value(bool keep) {
    std::string value;
    const char first = next_token();
    if (first != '{' && first != '[' && first != '"') return take_scalar();
    JsonValueEnd value_end;
    while (true) {
      const std::string_view piece = std::string_view(buffer_).substr(begin_);
      const size_t end = value_end.find(piece);
      const size_t taken = end == std::string_view::npos ? piece.size() : end;
      if (keep) value.append(piece.substr(0, taken));
      if (value.size() > kMaxDocumentBytes) throw_too_long();
      begin_ += taken;
      if (end != std::string_view::npos) return value;
      if (!refill()) throw_truncated();
    }
  }

  // A number, true, false, null: or whatever else stands there, which the parser will name.
  std::string take_scalar() {
    std::string value;
    while (begin_ < buffer_.size() || refill()) {
      const char c = buffer_[begin_];
      if (is_space(c) || c == ',' || c == ']' || c == '}') break;
      if (value.size() > 1000) throw_at("expected a JSON value");
      value += c;
      ++begin_;
    }
    if (value.empty()) throw_at("expected a JSON value");
    return value;
  }

  // The next byte that is no space, '\0' at the end of the file.
  char next_token() {
    while (true) {
      while (begin_ < buffer_.size() && is_space(buffer_[begin_])) ++begin_;
      if (begin_ < buffer_.size() && buffer_[begin_] == '\0') throw_at("a zero byte");
      if (begin_ < buffer_.size()) return buffer_[begin_];
      if (!refill()) return '\0';
    }
  }

  bool refill() {
    constexpr size_t kReadBytes = size_t{1} << 18;
    bytes_before_ += static_cast<int64_t>(buffer_.size());
    buffer_.resize(kReadBytes);
    buffer_.resize(source_.read(buffer_.data(), buffer_.size()));
    begin_ = 0;
    return !buffer_.empty();
  }

  int64_t position() const { return bytes_before_ + static_cast<int64_t>(begin_); }

  void emit_document(std::string body, DropReason dropped) {
    ++num_documents_;
    RawDocument document;
    document.form = RawForm::kJson;
    document.id = name_ + ":" + std::to_string(num_documents_);
    document.where = name_ + ": document " + std::to_string(num_documents_);
    document.body = std::move(body);
    document.dropped = dropped;
    emit_(std::move(document));
  }

  [[noreturn]] void throw_at(const std::string& problem) {
    if (begin_ == buffer_.size() && !refill()) throw_truncated();
    throw Error(name_ + ": not valid JSON at byte " + std::to_string(position() + 1) + ": " + problem);
  }
  [[noreturn]] void throw_truncated() const {
    throw Error(name_ + ": ends in the middle of its JSON after " + format_bytes(position()) +
                " (an unfinished download?); fetch the file again");
  }
  [[noreturn]] void throw_too_long() const {
    throw Error(name_ + ": document " + std::to_string(num_documents_ + 1) + " is longer than " +
                format_bytes(static_cast<int64_t>(kMaxDocumentBytes)) +
                "; mark in --text-field what is one document, as in document[].paragraph.form");
  }

  ByteSource& source_;
  const std::string& name_;
  const std::vector<std::string>& keys_;
  const EmitDocument& emit_;
  std::string buffer_;
  size_t begin_ = 0;  // of what has not been taken
  int64_t bytes_before_ = 0, num_documents_ = 0;
};

}  // namespace

size_t JsonValueEnd::find(std::string_view piece) {
  for (size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\')
        escaped_ = true;
      else if (c == '"')
        in_string_ = false;
      if (in_string_ || depth_ > 0) continue;
      return i + 1;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') {
      if (--depth_ == 0) return i + 1;
    }
  }
  return std::string_view::npos;
}

int64_t read_json(ByteSource& source, const std::string& name, const std::vector<std::string>& keys,
                  const EmitDocument& emit) {
  return JsonSplitter(source, name, keys, emit).run();
}

}  // namespace ktlm::corpus
