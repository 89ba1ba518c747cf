#include "text_readers.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "ktlm/text/sentence_split.h"
#include "ktlm/text/utf8.h"
#include "line_reader.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kMaxPageBytes = size_t{64} << 20;

// How many bytes of `text`, which has more behind it, the next piece takes: to a blank line, else to a line's end, else
// to a sentence's.
size_t find_cut(std::string_view text) {
  for (size_t end = text.find('\n', kTextPieceBytes); end != std::string_view::npos; end = text.find('\n', end + 1)) {
    const std::string_view rest = text.substr(end + 1);
    const bool blank_follows = rest.substr(0, 1) == "\n" || rest.substr(0, 2) == "\r\n";
    if (blank_follows) return end + 1;
  }
  if (const size_t last_line = text.rfind('\n'); last_line != std::string_view::npos && last_line > 0)
    return last_line + 1;
  if (const auto sentences = text::split_sentences(text); sentences.size() > 1)
    return static_cast<size_t>(sentences.back().data() - text.data());
  return text.size() - text::incomplete_utf8_suffix(text);
}

// Fills `buffer` up to `capacity`. False once the source is at its end.
bool fill(ByteSource& source, std::string& buffer, size_t capacity, int64_t& bytes_read) {
  while (buffer.size() < capacity) {
    const size_t old_size = buffer.size();
    buffer.resize(capacity);
    const size_t count = source.read(buffer.data() + old_size, capacity - old_size);
    buffer.resize(old_size + count);
    bytes_read += static_cast<int64_t>(count);
    if (count == 0) return false;
  }
  return true;
}

}  // namespace

int64_t read_jsonl(ByteSource& source, const std::string& name, const EmitDocument& emit) {
  LineReader lines(source, name, kMaxPageBytes);
  std::string_view line;
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    RawDocument document;
    document.form = RawForm::kJson;
    document.where = name + ":" + std::to_string(lines.line_number());
    document.id = document.where;
    document.body = line;
    emit(std::move(document));
  }
  return lines.bytes_taken();
}

int64_t read_text(ByteSource& source, const std::string& name, const EmitDocument& emit) {
  std::string buffer;
  int64_t bytes_read = 0, num_pieces = 0;
  bool more = true;
  while (more) {
    more = fill(source, buffer, 2 * kTextPieceBytes, bytes_read);
    if (!more && buffer.empty() && num_pieces > 0) break;
    const size_t size = more ? find_cut(buffer) : buffer.size();
    ++num_pieces;
    RawDocument document;
    document.form = RawForm::kText;
    document.where = name;
    document.id = more || num_pieces > 1 ? name + ":" + std::to_string(num_pieces) : name;
    document.title = title_from_name(name);
    document.body = buffer.substr(0, size);
    buffer.erase(0, size);
    emit(std::move(document));
  }
  return bytes_read;
}

int64_t read_page(ByteSource& source, const std::string& name, RawForm form, const EmitDocument& emit) {
  RawDocument document;
  document.form = form;
  document.where = name;
  document.id = name;
  document.title = title_from_name(name);
  document.body = read_all(source, kMaxPageBytes, name);
  const auto bytes_read = static_cast<int64_t>(document.body.size());
  emit(std::move(document));
  return bytes_read;
}

std::string title_from_name(const std::string& name) {
  std::filesystem::path path = std::filesystem::path(name).filename();
  path = without_compression_suffix(path);
  std::string title = path.stem().string();
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

}  // namespace ktlm::corpus
