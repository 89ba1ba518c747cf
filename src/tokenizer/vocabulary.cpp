#include "ktlm/tokenizer/vocabulary.h"

#include <algorithm>

#include "fast_tokenizer.h"
#include "foreign_encoder.h"
#include "foreign_settings.h"
#include "hf_files.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/json.h"
#include "ktlm/core/protobuf.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "pieces.h"
#include "sentencepiece_model.h"
#include "sentencepiece_proto.h"
#include "tokenizer_origin.h"

namespace ktlm::tokenizer {

namespace fs = std::filesystem;
using namespace sentencepiece_proto;

namespace {

Piece parse_piece(std::string_view bytes) {
  Piece piece;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == kPieceText) piece.text = reader.text();
    if (reader.field() == kPieceScore) piece.score = reader.number();
    if (reader.field() == kPieceType) piece.type = static_cast<PieceType>(reader.integer());
  }
  return piece;
}

void parse_trainer(std::string_view bytes, Vocabulary& vocabulary) {
  for (ProtobufReader reader(bytes); reader.next();) {
    // Negative numbers are written in 64 bits.
    const auto id = static_cast<int64_t>(reader.integer());
    if (reader.field() == kModelType) vocabulary.is_bpe = reader.integer() == kModelTypeBpe;
    if (reader.field() == kUnkIdField) vocabulary.unk_id = id;
    if (reader.field() == kBosIdField) vocabulary.bos_id = id;
    if (reader.field() == kEosIdField) vocabulary.eos_id = id;
    if (reader.field() == kPadIdField) vocabulary.pad_id = id;
  }
}

void parse_normalizer(std::string_view bytes, Vocabulary& vocabulary) {
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == kPrecompiledCharsmap) vocabulary.has_own_normalizer = !reader.text().empty();
    if (reader.field() == kAddDummyPrefix) vocabulary.add_dummy_prefix = reader.integer() != 0;
    if (reader.field() == kRemoveExtraWhitespaces) vocabulary.remove_extra_whitespaces = reader.integer() != 0;
  }
}

Vocabulary parse_model(std::string_view bytes) {
  Vocabulary vocabulary;
  // What the fields mean where they are not written.
  vocabulary.is_bpe = false;
  vocabulary.add_dummy_prefix = vocabulary.remove_extra_whitespaces = true;
  vocabulary.pad_id = -1;
  for (ProtobufReader reader(bytes); reader.next();) {
    if (reader.field() == kPieces) vocabulary.pieces.push_back(parse_piece(reader.text()));
    if (reader.field() == kTrainerSpec) parse_trainer(reader.text(), vocabulary);
    if (reader.field() == kNormalizerSpec) parse_normalizer(reader.text(), vocabulary);
  }
  return vocabulary;
}

// Behind the file's pieces, or in the place of one.
void add_token(const AddedToken& token, std::vector<Piece>& pieces) {
  const auto index = static_cast<size_t>(token.id);
  while (pieces.size() <= index)  // an id that nothing is known of needs a name of its own
    pieces.push_back({"<|unused_" + std::to_string(pieces.size()) + "|>", PieceType::kUnused});
  Piece& piece = pieces[index];
  if (piece.type == PieceType::kUnknown || (piece.type == PieceType::kByte && piece.text == token.text)) return;
  const PieceType type = token.is_special ? PieceType::kControl : PieceType::kUserDefined;
  if (piece.text != token.text || piece.type != type) piece = {token.text, type};
}

// What Hugging Face's files say beyond a tokenizer.model of other make.
void take_settings(const ForeignSettings& settings, Vocabulary& vocabulary) {
  auto& pieces = vocabulary.pieces;
  for (const AddedToken& token : settings.added_tokens) add_token(token, pieces);
  const auto take = [&](const std::optional<std::string>& name, int64_t& id) {
    if (!name) return;
    const auto found = std::ranges::find(pieces, *name, &Piece::text);
    id = name->empty() || found == pieces.end() ? -1 : found - pieces.begin();
  };
  const auto unknown = std::ranges::find(pieces, PieceType::kUnknown, &Piece::type);
  vocabulary.unk_id = unknown == pieces.end() ? -1 : unknown - pieces.begin();
  take(settings.bos, vocabulary.bos_id);
  take(settings.eos, vocabulary.eos_id);
  take(settings.pad, vocabulary.pad_id);
  if (settings.adds_prefix_space) vocabulary.add_dummy_prefix = *settings.adds_prefix_space;
  if (settings.begins_with_bos) vocabulary.begins_with_bos = *settings.begins_with_bos;
}

// Throws Error for pieces other than ktlm trains: fixed ones first, then what training found, each score below the
// last.
void require_own(const std::vector<Piece>& pieces, const std::string& where) {
  const std::vector<Piece> fixed = fixed_pieces();
  const auto same = [](const Piece& a, const Piece& b) { return a.text == b.text && a.type == b.type; };
  const bool begins_so = pieces.size() >= fixed.size() && std::equal(fixed.begin(), fixed.end(), pieces.begin(), same);
  const bool is_text =
      begins_so && std::all_of(pieces.begin() + static_cast<std::ptrdiff_t>(fixed.size()), pieces.end(),
                               [](const Piece& piece) { return piece.type == PieceType::kNormal; });
  float rank = 0;
  const bool is_ranked = std::ranges::all_of(
      pieces, [&](const Piece& piece) { return piece.type != PieceType::kNormal || piece.score == -rank++; });
  if (!is_text || !is_ranked)
    throw Error(where +
                ": the vocabulary is said to be ktlm's, but has other pieces than ktlm trains (damaged or changed?)");
}

void require_model(const std::string& content, const std::string& where) {
  std::string problem;
  if (open_sentencepiece(content, {}, problem) == nullptr)
    throw Error(where + ": its tokens make no SentencePiece model (" + problem + "; damaged?)");
}

void write_own(const fs::path& directory, const Vocabulary& vocabulary, const std::string& where) {
  if (*vocabulary.normalizer_version != text::kNormalizerVersion)
    throw Error(where + ": the vocabulary was made with version " + std::to_string(*vocabulary.normalizer_version) +
                " of the normaliser, this program has version " + std::to_string(text::kNormalizerVersion) +
                "; use the ktlm that made it");
  require_own(vocabulary.pieces, where);
  const std::string model = sentencepiece_model(vocabulary.pieces, TokenizerTrainConfig{}.character_coverage);
  require_model(model, where);
  write_file_atomically(directory / kModelFile, model);
  write_hf_files(directory, vocabulary.pieces, to_hex(hash128(model)));
}

std::string foreign_model(const Vocabulary& vocabulary) {
  ProtobufWriter model, trainer;
  bool has_bytes = false;
  for (const Piece& piece : vocabulary.pieces) {
    model.text(kPieces, piece_message(piece, piece.score));
    has_bytes = has_bytes || piece.type == PieceType::kByte;
  }
  trainer.varint(kModelType, vocabulary.is_bpe ? kModelTypeBpe : kModelTypeUnigram);
  trainer.varint(kVocabSize, vocabulary.pieces.size());
  trainer.varint(kByteFallback, has_bytes ? 1 : 0);
  trainer.varint(kUnkIdField, static_cast<uint64_t>(vocabulary.unk_id));
  trainer.varint(kBosIdField, static_cast<uint64_t>(vocabulary.bos_id));
  trainer.varint(kEosIdField, static_cast<uint64_t>(vocabulary.eos_id));
  trainer.varint(kPadIdField, static_cast<uint64_t>(vocabulary.pad_id));
  model.text(kTrainerSpec, trainer.bytes());
  model.text(kNormalizerSpec, normalizer_message(vocabulary.add_dummy_prefix, vocabulary.remove_extra_whitespaces));
  return model.bytes();
}

// As transformers reads it for a bare tokenizer.model.
Json foreign_config(const Vocabulary& vocabulary) {
  Json config = {{"tokenizer_class", "LlamaTokenizer"},
                 {"legacy", false},
                 {"add_bos_token", vocabulary.begins_with_bos && vocabulary.bos_id >= 0},
                 {"add_eos_token", false},
                 {"add_prefix_space", vocabulary.add_dummy_prefix},
                 {"clean_up_tokenization_spaces", false}};
  // Where there is none, null says so: else <s> and the like would be found by their names.
  const auto add = [&](const char* key, int64_t id) {
    const bool is_there = id >= 0 && id < static_cast<int64_t>(vocabulary.pieces.size());
    config[key] = is_there ? Json(vocabulary.pieces[static_cast<size_t>(id)].text) : Json();
  };
  add("unk_token", vocabulary.unk_id);
  add("bos_token", vocabulary.bos_id);
  add("eos_token", vocabulary.eos_id);
  add("pad_token", vocabulary.pad_id);
  if (!vocabulary.chat_template.empty()) config["chat_template"] = vocabulary.chat_template;
  return config;
}

}  // namespace

Vocabulary read_vocabulary(const fs::path& directory) {
  const fs::path path = directory / kModelFile, fast_path = directory / kFastTokenizerFile;
  const auto origin = read_origin(directory);
  ForeignSettings settings = origin ? ForeignSettings() : read_foreign_settings(directory);
  const bool is_fast = !origin && !fs::exists(path) && fs::exists(fast_path);
  const std::string content = is_fast ? read_fast_tokenizer(fast_path, settings) : read_file(path);
  if (origin) check_origin(*origin, to_hex(hash128(content)), directory);
  Vocabulary vocabulary;
  try {
    vocabulary = parse_model(content);
  } catch (const Error&) {
    vocabulary = {};
  }
  if (vocabulary.pieces.empty())
    throw Error(path.string() + ": not a SentencePiece model (" + std::to_string(content.size()) +
                " bytes); copy it again");
  vocabulary.chat_template = read_chat_template(directory);
  if (origin) {
    vocabulary.normalizer_version = origin->normalizer_version;
  } else {
    take_settings(settings, vocabulary);
  }
  return vocabulary;
}

void write_vocabulary(const fs::path& directory, const Vocabulary& vocabulary, const std::string& where) {
  if (vocabulary.normalizer_version) return write_own(directory, vocabulary, where);
  const std::string model = foreign_model(vocabulary);
  require_model(model, where);
  write_file_atomically(directory / kModelFile, model);
  write_file_atomically(directory / kTokenizerConfigFile, foreign_config(vocabulary).dump(2) + "\n");
}

}  // namespace ktlm::tokenizer
