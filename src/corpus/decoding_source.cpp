#include "decoding_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kHeadBytes = 4096;               // where declarations and byte order show
constexpr size_t kSampleBytes = size_t{1} << 18;  // what decides between UTF-8 and CP949
constexpr size_t kChunkBytes = size_t{1} << 16;
constexpr int64_t kJudgedBytes = 1'000'000;  // after which a choice can be called wrong

size_t ascii_prefix(std::string_view bytes) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  return static_cast<size_t>(std::find_if_not(bytes.begin(), bytes.end(), is_ascii) - bytes.begin());
}

bool has_encoding(std::string_view sample, Encoding encoding) {
  std::string text;
  DecodingEvidence evidence;
  evidence.add(encoding, sample);
  decode(encoding, sample, false, text, evidence.num_malformed);
  return find_wrong_encoding(encoding, evidence).empty();
}

void skip(ByteSource& source, size_t count) {
  char buffer[4];
  while (count > 0) count -= source.read(buffer, count);
}

}  // namespace

DecodingSource::DecodingSource(ByteSource& upstream, const std::string& choice, std::string name)
    : upstream_(upstream), name_(std::move(name)), is_chosen_(choice != "auto") {
  open(choice);
}

void DecodingSource::open(const std::string& choice) {
  const std::string_view head = upstream_.peek(kHeadBytes);
  const ByteOrderMark mark = find_byte_order_mark(head);
  const Encoding utf16 = mark.length > 0 ? mark.encoding : find_utf16(head);
  if (is_chosen_) {
    choose(choice, mark, utf16);
  } else {
    encoding_ = utf16;
    undecided_ = mark.length == 0 && utf16 == Encoding::kUtf8;
    declared_cp949_ = undecided_ && declares_cp949(head);
  }
  const bool is_of_choice = mark.length == 3 ? encoding_ == Encoding::kUtf8 : encoding_ == mark.encoding;
  if (mark.length == 0 || !is_of_choice) return;
  skip(upstream_, mark.length);
  is_chosen_ = false;  // the file says the same
}

void DecodingSource::choose(const std::string& choice, const ByteOrderMark& mark, Encoding utf16) {
  if (choice == "utf-16") encoding_ = utf16 == Encoding::kUtf8 ? Encoding::kUtf16Le : utf16;
  if (choice == "cp949") encoding_ = Encoding::kCp949;
  const std::string_view sample = upstream_.peek(kSampleBytes);
  const size_t text_begin = ascii_prefix(sample);
  const bool is_utf16 = mark.length > 0 || utf16 != Encoding::kUtf8;
  if (text_begin == sample.size() && !is_utf16) return;
  const Encoding likely = is_utf16 ? utf16 : find_utf8_or_cp949(sample.substr(text_begin), false);
  if (likely != encoding_ && has_encoding(sample, likely)) likely_ = likely;
}

void DecodingSource::check_choice() const {
  const std::string problem = find_wrong_encoding(encoding_, evidence_);
  if (problem.empty()) return;
  const std::string message = name_ + ": --encoding says " + encoding_name(encoding_) + ", but as that it has " +
                              problem + " in its first " + format_bytes(evidence_.num_bytes) + "; ";
  if (!likely_) throw Error(message + "choose another --encoding, or auto");
  const char* choice = *likely_ == Encoding::kUtf8 ? "utf-8" : *likely_ == Encoding::kCp949 ? "cp949" : "utf-16";
  throw Error(message + "it reads as " + encoding_name(*likely_) + ": choose --encoding " + choice + ", or auto");
}

size_t DecodingSource::read_some(char* buffer, size_t capacity) {
  if (undecided_) return read_undecided(buffer, capacity);
  const bool passes_by = encoding_ == Encoding::kUtf8 && !is_chosen_;
  return passes_by ? upstream_.read(buffer, capacity) : read_decoded(buffer, capacity);
}

size_t DecodingSource::read_undecided(char* buffer, size_t capacity) {
  if (ascii_left_ == 0) {
    const std::string_view chunk = upstream_.peek(kChunkBytes);
    ascii_left_ = ascii_prefix(chunk);
    if (ascii_left_ == 0) {
      undecided_ = false;
      encoding_ = find_utf8_or_cp949(upstream_.peek(kSampleBytes), declared_cp949_);
      return read_some(buffer, capacity);
    }
  }
  const size_t count = upstream_.read(buffer, std::min(capacity, ascii_left_));
  ascii_left_ -= count;
  return count;
}

size_t DecodingSource::read_decoded(char* buffer, size_t capacity) {
  while (output_taken_ == output_.size()) {
    output_.clear();
    output_taken_ = 0;
    input_.resize(input_kept_ + kChunkBytes);
    const size_t count = upstream_.read(input_.data() + input_kept_, kChunkBytes);
    const std::string_view bytes = std::string_view(input_).substr(0, input_kept_ + count);
    evidence_.add(encoding_, bytes.substr(input_kept_));
    const size_t taken = decode(encoding_, bytes, count == 0, output_, evidence_.num_malformed);
    const bool is_enough = count == 0 || evidence_.num_bytes >= kJudgedBytes;
    if (is_chosen_ && is_enough) check_choice();
    input_kept_ = bytes.size() - taken;
    std::memmove(input_.data(), input_.data() + taken, input_kept_);
    if (count == 0 && output_.empty()) return 0;
  }
  const size_t count = output_.copy(buffer, capacity, output_taken_);
  output_taken_ += count;
  return count;
}

}  // namespace ktlm::corpus
