// The vocabulary in GGUF's keys, and from them. llama.cpp's tokenizer "llama" merges as SentencePiece's BPE does, by
// scores.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gguf_file.h"
#include "gguf_header.h"
#include "ktlm/tokenizer/vocabulary.h"

namespace ktlm::formats {

/// The id of a control token, or -1.
int64_t control_id(const tokenizer::Vocabulary& vocabulary, std::string_view name);

/// Adds it to the header; where the model has more rows than there are pieces, unused ones fill them. Appends what a
/// person should know to `notes`. Throws Error, beginning with `where`, for a vocabulary that llama.cpp would cut
/// otherwise, or larger than the model's.
void add_vocabulary(GgufHeader& header, const tokenizer::Vocabulary& vocabulary, int64_t model_vocab_size,
                    const std::string& where, std::vector<std::string>& notes);

/// The vocabulary of a file. Throws Error for a tokenizer of another kind than SentencePiece's, and a damaged one.
tokenizer::Vocabulary read_gguf_vocabulary(const GgufFile& file);

/// The token that ends an answer, or -1 where the file names none. `vocabulary` is the file's.
int64_t read_gguf_eot_id(const GgufFile& file, const tokenizer::Vocabulary& vocabulary);

}  // namespace ktlm::formats
