// A SentencePiece vocabulary apart from its file, for formats that keep it elsewhere (GGUF): pieces, scores, types, and
// what is done to a text before it is cut.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ktlm::tokenizer {

// The numbers are those of SentencePiece's ModelProto.SentencePiece.Type, which GGUF took over.
enum class PieceType { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

struct Piece {
  std::string text;  // as it stands in the file: "▁대한", "<0xEA>", "</s>"
  PieceType type = PieceType::kNormal;
  float score = 0;  // of two merges the one with the higher score comes first

  friend bool operator==(const Piece&, const Piece&) = default;
};

struct Vocabulary {
  std::vector<Piece> pieces;
  bool is_bpe = true;                     // else of another of SentencePiece's kinds: unigram, word, char
  bool add_dummy_prefix = false;          // a space in front of a text
  bool remove_extra_whitespaces = false;  // of several spaces one stays
  bool has_own_normalizer = false;        // a table of replacements in the file, such as nmt_nfkc
  int64_t unk_id = 0, bos_id = 1, eos_id = 2, pad_id = 3;  // -1: there is none

  // From Hugging Face's files.
  std::optional<int64_t> normalizer_version;  // of ktlm's normaliser, which runs in front; none: of other make
  bool begins_with_bos = true;                // what a model reads, not what encode() gives
  std::string chat_template;                  // Jinja; empty: none
};

/// Reads tokenizer.model of a tokenizer or model directory, and for one of other make the tokens that Hugging Face's
/// files add, or tokenizer.json alone (Tokenizer::load). Throws Error: missing or damaged; ktlm's own, but changed or
/// of another version of the normaliser.
Vocabulary read_vocabulary(const std::filesystem::path& directory);

/// Writes tokenizer.model and tokenizer_config.json into an existing directory, and for a vocabulary of ktlm's all
/// files that train-tokenizer writes for Hugging Face's libraries. Throws Error, beginning with `where`, for one that
/// is said to be ktlm's and is not, and for pieces that SentencePiece does not take.
void write_vocabulary(const std::filesystem::path& directory, const Vocabulary& vocabulary, const std::string& where);

}  // namespace ktlm::tokenizer
