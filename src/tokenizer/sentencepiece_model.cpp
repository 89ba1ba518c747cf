#include "sentencepiece_model.h"

#include <cstdint>

#include "ktlm/core/protobuf.h"
#include "sentencepiece_proto.h"

namespace ktlm::tokenizer {

using namespace sentencepiece_proto;

std::string piece_message(const Piece& piece, float score) {
  ProtobufWriter message;
  message.text(kPieceText, piece.text);
  message.number(kPieceScore, score);
  if (piece.type != PieceType::kNormal) message.varint(kPieceType, static_cast<uint64_t>(piece.type));
  return message.bytes();
}

std::string normalizer_message(bool has_prefix, bool removes_spaces) {
  ProtobufWriter normalizer;
  normalizer.text(kName, "identity");
  normalizer.varint(kAddDummyPrefix, has_prefix ? 1 : 0);
  normalizer.varint(kRemoveExtraWhitespaces, removes_spaces ? 1 : 0);
  normalizer.varint(kEscapeWhitespaces, 1);
  return normalizer.bytes();
}

std::string sentencepiece_model(const std::vector<Piece>& pieces, double character_coverage) {
  ProtobufWriter model, trainer;
  float rank = 0;
  for (const Piece& piece : pieces) {
    // A later merge has a lower score; what is not text has none.
    const bool is_text = piece.type == PieceType::kNormal;
    model.text(kPieces, piece_message(piece, is_text ? -rank : 0.0f));
    if (is_text) ++rank;
  }

  trainer.varint(kModelType, kModelTypeBpe);
  trainer.varint(kVocabSize, pieces.size());
  trainer.number(kCharacterCoverage, static_cast<float>(character_coverage));
  trainer.varint(kMaxPieceLength, kMaxPieceCharacters);
  trainer.varint(kSplitDigits, 1);
  for (size_t id = 0; id < pieces.size(); ++id)
    if (pieces[id].type == PieceType::kControl && id > static_cast<size_t>(kPadId))
      trainer.text(kControlSymbols, pieces[id].text);
  trainer.varint(kByteFallback, 1);
  trainer.varint(kUnkIdField, kUnkId);
  trainer.varint(kBosIdField, kBosId);
  trainer.varint(kEosIdField, kEosId);
  trainer.varint(kPadIdField, kPadId);
  model.text(kTrainerSpec, trainer.bytes());
  model.text(kNormalizerSpec, normalizer_message(false, false));
  return model.bytes();
}

std::string scored_sentencepiece_model(const std::vector<Piece>& pieces, bool has_prefix) {
  ProtobufWriter model, trainer;
  for (const Piece& piece : pieces) model.text(kPieces, piece_message(piece, piece.score));
  trainer.varint(kModelType, kModelTypeBpe);
  trainer.varint(kVocabSize, pieces.size());
  trainer.varint(kByteFallback, 1);
  model.text(kTrainerSpec, trainer.bytes());
  model.text(kNormalizerSpec, normalizer_message(has_prefix, false));
  return model.bytes();
}

}  // namespace ktlm::tokenizer
