// Text in, token ids out, or the other way round, for streams of any length: blocks of lines are converted on all cores
// and come out in order. Memory follows the number of threads and the longest line, not the stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::tokenizer {

struct StreamFormat {
  bool decode = false;  // tokens to text
  bool pieces = false;  // tokens are written as pieces with a tab between them, else as ids with a space
  // false: a line of text is a document, and a line of tokens. Its end ("\n" or "\r\n") is none of its tokens.
  // true: the stream is one document, with its line ends, and one line of tokens; decoding gives exactly its text.
  bool whole = false;
};

struct StreamCounts {
  int64_t tokens = 0;
  int64_t bytes = 0, characters = 0;  // of the text as it was read, with its line ends
  int64_t lines = 0;                  // of the text; a last one without an end counts
  int64_t repaired_lines = 0;         // in which malformed UTF-8 was replaced by U+FFFD

  StreamCounts& operator+=(const StreamCounts& other);
};

/// Puts at most `size` bytes at `buffer` and returns their number, 0 at the end. May return fewer than there will be:
/// whole lines are then converted without waiting for more. Nothing where none came for a moment: it is called again,
/// unless the work failed elsewhere. Called in a thread of its own.
using ReadBytes = std::function<std::optional<size_t>(char* buffer, size_t size)>;
using WriteBytes = std::function<void(std::string_view)>;

/// Converts what `read` gives, on `num_threads` threads beside the one that reads. `write` is called in the calling
/// thread, in the order of the input; where it is empty the tokens are counted only. Returns the counts of
/// text; none of decoding. `name` ("standard input") opens
/// messages. Throws Error naming the line: a text that is no UTF-8, not one with a few stray bytes; no token id, an id
/// or a piece that is not in the vocabulary; and whatever `read` and `write` throw.
StreamCounts convert_stream(const Tokenizer& tokenizer, const StreamFormat& format, const std::string& name,
                            const ReadBytes& read, const WriteBytes& write, size_t num_threads);

}  // namespace ktlm::tokenizer
