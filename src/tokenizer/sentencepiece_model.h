// Writes a vocabulary as a SentencePiece model file (sentencepiece_model.proto, message ModelProto), which
// SentencePiece, llama.cpp and others read. The few protocol-buffer fields that say something are encoded here.
#pragma once

#include <string>
#include <vector>

#include "pieces.h"

namespace ktlm::tokenizer {

/// A BPE model with byte fallback that changes nothing in its input but " " to "▁" (normalization_rule_name=identity,
/// add_dummy_prefix=false, remove_extra_whitespaces=false), so that decoding gives back every byte.
std::string sentencepiece_model(const std::vector<Piece>& pieces, double character_coverage);

/// The parts of a model's message: a piece, and a normaliser that takes no characters for others.
std::string piece_message(const Piece& piece, float score);
std::string normalizer_message(bool has_prefix, bool removes_spaces);

/// The same for pieces in any order, which are merged by their scores. With `has_prefix` a space goes in front of a
/// text.
std::string scored_sentencepiece_model(const std::vector<Piece>& pieces, bool has_prefix);

}  // namespace ktlm::tokenizer
