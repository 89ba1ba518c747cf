#include "sentencepiece_model.h"

#include <bit>
#include <cstdint>

namespace ktlm::tokenizer {
namespace {

// Field numbers of sentencepiece_model.proto (SentencePiece 0.1.97; later versions only add to them).
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
enum NormalizerField { kName = 1, kAddDummyPrefix = 3, kRemoveExtraWhitespaces = 4, kEscapeWhitespaces = 5 };
constexpr uint64_t kModelTypeBpe = 2;

// Protocol buffers' wire format: a key (field number and wire type), then a varint, four bytes, or a length and bytes.
class Message {
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
  void text(int field, const std::string& value) {
    key(field, 2);
    append_varint(value.size());
    bytes_ += value;
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

}  // namespace

std::string sentencepiece_model(const std::vector<Piece>& pieces, double character_coverage) {
  Message model, trainer, normalizer;
  float rank = 0;
  for (const Piece& piece : pieces) {
    Message message;
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
