// A byte source that gives UTF-8 without a byte order mark, whatever its upstream holds. The encoding is decided once,
// by a file's first text that isn't ASCII: never line by line, where a few syllables can be many things.
#pragma once

#include <optional>
#include <string>

#include "byte_source.h"
#include "encoding.h"

namespace ktlm::corpus {

class DecodingSource : public ByteSource {
 public:
  /// `choice` is "auto", "utf-8", "cp949" or "utf-16" (its byte order found, little-endian in doubt). `upstream` must
  /// outlive the source. Where a choice turns out wrong, after 1 MB or at a shorter file's end, a read throws Error
  /// naming `name`.
  DecodingSource(ByteSource& upstream, const std::string& choice, std::string name);

  /// As far as it has been read. UTF-8 is passed on, malformed or not; where it was not chosen, it is not looked at.
  Encoding encoding() const { return encoding_; }
  const DecodingEvidence& evidence() const { return evidence_; }

 protected:
  size_t read_some(char* buffer, size_t capacity) override;

 private:
  void open(const std::string& choice);
  void choose(const std::string& choice, const ByteOrderMark& mark, Encoding utf16);
  size_t read_undecided(char* buffer, size_t capacity);
  size_t read_decoded(char* buffer, size_t capacity);
  void check_choice() const;

  ByteSource& upstream_;
  std::string name_;
  Encoding encoding_ = Encoding::kUtf8;
  bool is_chosen_ = false;          // by the user alone
  std::optional<Encoding> likely_;  // what the file's beginning shows, where another encoding was chosen
  bool undecided_ = false;          // all was ASCII so far
  bool declared_cp949_ = false;
  size_t ascii_left_ = 0;  // bytes upstream that are known to be ASCII
  std::string input_, output_;
  size_t input_kept_ = 0, output_taken_ = 0;
  DecodingEvidence evidence_;
};

}  // namespace ktlm::corpus
