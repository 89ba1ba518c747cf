// A byte source that gives UTF-8 without a byte order mark, whatever its upstream holds. The encoding is decided once,
// by a file's first text that isn't ASCII: never line by line, where a few syllables can be many things.
#pragma once

#include <cstdint>
#include <string>

#include "byte_source.h"
#include "encoding.h"

namespace ktlm::corpus {

class DecodingSource : public ByteSource {
 public:
  /// `choice` is "auto", "utf-8", "cp949" or "utf-16" (its byte order found, little-endian in doubt). `upstream` must
  /// outlive the source.
  DecodingSource(ByteSource& upstream, const std::string& choice);

  /// As far as it has been read. Malformed bytes of UTF-8 are passed on and not counted.
  Encoding encoding() const { return encoding_; }
  int64_t num_malformed() const { return num_malformed_; }
  int64_t num_decoded() const { return num_decoded_; }  // bytes of another encoding than UTF-8, taken

 protected:
  size_t read_some(char* buffer, size_t capacity) override;

 private:
  void open(const std::string& choice);
  size_t read_undecided(char* buffer, size_t capacity);
  size_t read_decoded(char* buffer, size_t capacity);

  ByteSource& upstream_;
  Encoding encoding_ = Encoding::kUtf8;
  bool undecided_ = false;  // all was ASCII so far
  bool declared_cp949_ = false;
  size_t ascii_left_ = 0;  // bytes upstream that are known to be ASCII
  std::string input_, output_;
  size_t input_kept_ = 0, output_taken_ = 0;
  int64_t num_malformed_ = 0, num_decoded_ = 0;
};

}  // namespace ktlm::corpus
