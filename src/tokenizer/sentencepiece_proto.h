// Field numbers of sentencepiece_model.proto (SentencePiece 0.1.97; later versions only add to them).
#pragma once

#include <cstdint>

namespace ktlm::tokenizer::sentencepiece_proto {

enum ModelField { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum PieceField { kPieceText = 1, kPieceScore = 2, kPieceType = 3 };
enum TrainerField {
  kModelType = 3,
  kVocabSize = 4,
  kCharacterCoverage = 10,
  kMaxPieceLength = 20,
  kSplitDigits = 25,
  kControlSymbols = 30,
  kByteFallback = 35,
  kUnkIdField = 40,
  kBosIdField = 41,
  kEosIdField = 42,
  kPadIdField = 43,
};
enum NormalizerField {
  kName = 1,
  kPrecompiledCharsmap = 2,
  kAddDummyPrefix = 3,
  kRemoveExtraWhitespaces = 4,
  kEscapeWhitespaces = 5
};
constexpr uint64_t kModelTypeUnigram = 1, kModelTypeBpe = 2;

}  // namespace ktlm::tokenizer::sentencepiece_proto
