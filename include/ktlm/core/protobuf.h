// Protocol buffers' wire format (protobuf.dev/programming-guides/encoding), in which SentencePiece's models and ONNX
// files are kept: a key (field number and wire type), then a varint, four bytes, eight bytes, or a length and bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "ktlm/core/error.h"

namespace ktlm {

class ProtobufWriter {
 public:
  void varint(int field, uint64_t value) {
    key(field, 0);
    append_varint(value);
  }
  void number(int field, float value) {
    key(field, 5);
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>(bits >> shift));
  }
  /// Text, bytes or a whole message.
  void text(int field, std::string_view value) {
    begin_text(field, value.size());
    bytes_ += value;
  }
  /// The same up to its bytes, `size_bytes` of them, for whoever writes them elsewhere.
  void begin_text(int field, uint64_t size_bytes) {
    key(field, 2);
    append_varint(size_bytes);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void key(int field, uint64_t wire_type) { append_varint(static_cast<uint64_t>(field) << 3 | wire_type); }
  void append_varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  std::string bytes_;
};

/// Goes through a message field by field. Throws Error "not a protocol buffer" where the bytes end within one.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : rest_(bytes) {}

  /// Steps to the next field; false at the end.
  bool next() {
    if (rest_.empty()) return false;
    const uint64_t key = take_varint();
    field_ = static_cast<int>(key >> 3);
    text_ = {};
    integer_ = 0;
    switch (key & 7) {
      case 0:
        integer_ = take_varint();
        break;
      case 1:
        text_ = take(8);
        break;
      case 2:
        text_ = take(take_varint());
        break;
      case 5:
        text_ = take(4);
        break;
      default:
        fail();
    }
    return true;
  }

  int field() const { return field_; }
  uint64_t integer() const { return integer_; }
  std::string_view text() const { return text_; }
  float number() const {
    if (text_.size() != 4) fail();
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; ++i) bits |= static_cast<uint32_t>(static_cast<unsigned char>(text_[i])) << (8 * i);
    return std::bit_cast<float>(bits);
  }

 private:
  [[noreturn]] static void fail() { throw Error("not a protocol buffer"); }

  std::string_view take(uint64_t size) {
    if (size > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint64_t take_varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view rest_, text_;
  uint64_t integer_ = 0;
  int field_ = 0;
};

}  // namespace ktlm
