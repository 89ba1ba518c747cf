#include "sentencepiece_model.h"

#include <cstdint>

#include "ktlm/core/protobuf.h"
#include "sentencepiece_proto.h"

namespace ktlm::tokenizer {

using namespace sentencepiece_proto;

std::string sentencepiece_model(const std::vector<Piece>& pieces, double character_coverage) {
  ProtobufWriter model, trainer, normalizer;
  float rank = 0;
  for (const Piece& piece : pieces) {
    ProtobufWriter message;
    message.text(kPieceText, piece.text);
    // A later merge has a lower score; what is not text has none.
    const bool is_text = piece.type == PieceType::kNormal;
    message.number(kPieceScore, is_text ? -rank : 0.0f);
    if (is_text)
      ++rank;
    else
      message.varint(kPieceType, static_cast<uint64_t>(piece.type));
    model.text(kPieces, message.bytes());
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

  normalizer.text(kName, "identity");
  normalizer.varint(kAddDummyPrefix, 0);
  normalizer.varint(kRemoveExtraWhitespaces, 0);
  normalizer.varint(kEscapeWhitespaces, 1);
  model.text(kNormalizerSpec, normalizer.bytes());
  return model.bytes();
}

}  // namespace ktlm::tokenizer
