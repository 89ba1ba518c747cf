#include "gguf_vocabulary.h"

#include <algorithm>
#include <cmath>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::formats {

using tokenizer::Piece;
using tokenizer::PieceType;
using tokenizer::Vocabulary;

namespace {

// A model may have more rows than there are pieces. Name and score are those that llama.cpp's converter gives.
constexpr float kFillingScore = -10000.0F;
std::string filling_text(int64_t id) { return "[PAD" + std::to_string(id) + "]"; }
bool is_filling(const Piece& piece, size_t id) {
  return piece.type == PieceType::kUnused && piece.text == filling_text(static_cast<int64_t>(id));
}

void check(const Vocabulary& vocabulary, int64_t model_vocab_size, const std::string& where) {
  if (!vocabulary.is_bpe)
    throw Error(where +
                ": its tokenizer is no BPE model, and llama.cpp would cut words otherwise; only SentencePiece's " +
                "BPE models can be exported");
  if (static_cast<int64_t>(vocabulary.pieces.size()) > model_vocab_size)
    throw Error(where + ": its tokenizer has " + std::to_string(vocabulary.pieces.size()) +
                " pieces, but the model knows " + std::to_string(model_vocab_size) +
                " (a tokenizer of another model?)");
}

void add_id(GgufHeader& header, const char* key, int64_t id) {
  if (id >= 0) header.add(key, static_cast<uint32_t>(id));
}

// A token's id, or -1.
int64_t id_at(const GgufFile& file, const char* key, int64_t otherwise, const Vocabulary& vocabulary) {
  const int64_t id = file.has(key) ? file.integer(key) : otherwise;
  if (id < -1 || id >= static_cast<int64_t>(vocabulary.pieces.size()))
    throw Error(file.where() + ": " + key + " is " + std::to_string(id) + ", but there are " +
                std::to_string(vocabulary.pieces.size()) + " tokens (damaged?)");
  return id;
}

}  // namespace

int64_t control_id(const Vocabulary& vocabulary, std::string_view name) {
  const auto found = std::ranges::find_if(vocabulary.pieces, [name](const Piece& piece) {
    return piece.type == PieceType::kControl && piece.text == name;
  });
  return found == vocabulary.pieces.end() ? -1 : found - vocabulary.pieces.begin();
}

void add_vocabulary(GgufHeader& header, const Vocabulary& vocabulary, int64_t model_vocab_size,
                    const std::string& where, std::vector<std::string>& notes) {
  check(vocabulary, model_vocab_size, where);
  std::vector<std::string> texts;
  std::vector<float> scores;
  std::vector<int32_t> kinds;
  for (const Piece& piece : vocabulary.pieces) {
    texts.push_back(piece.text);
    scores.push_back(piece.score);
    kinds.push_back(static_cast<int32_t>(piece.type));
  }
  for (int64_t id = static_cast<int64_t>(texts.size()); id < model_vocab_size; ++id) {
    texts.push_back(filling_text(id));
    scores.push_back(kFillingScore);
    kinds.push_back(static_cast<int32_t>(PieceType::kUnused));
  }
  header.add(keys::kTokenizerModel, "llama");
  header.add("tokenizer.ggml.pre", "default");
  header.add(keys::kTokens, texts);
  header.add(keys::kScores, scores);
  header.add(keys::kTokenTypes, kinds);
  add_id(header, keys::kUnkId, vocabulary.unk_id);
  add_id(header, keys::kBosId, vocabulary.bos_id);
  add_id(header, keys::kEosId, vocabulary.eos_id);
  add_id(header, keys::kPadId, vocabulary.pad_id);
  add_id(header, keys::kEotId, control_id(vocabulary, tokenizer::kImEnd));
  header.add(keys::kAddBos, vocabulary.begins_with_bos);
  header.add(keys::kAddEos, false);
  header.add(keys::kAddSpacePrefix, vocabulary.add_dummy_prefix);
  header.add(keys::kRemoveExtraWhitespaces, vocabulary.remove_extra_whitespaces);
  if (!vocabulary.chat_template.empty()) header.add(keys::kChatTemplate, vocabulary.chat_template);
  if (vocabulary.normalizer_version)
    header.add(keys::kNormalizerVersion, static_cast<uint32_t>(*vocabulary.normalizer_version));
  if (vocabulary.has_own_normalizer || vocabulary.remove_extra_whitespaces)
    notes.push_back(
        "the tokenizer changes a text before it cuts it, which llama.cpp does not do: some texts get other "
        "tokens there");
}

Vocabulary read_gguf_vocabulary(const GgufFile& file) {
  if (const std::string kind = file.text(keys::kTokenizerModel); kind != "llama")
    throw Error(file.where() + ": its tokenizer is of the kind " + to_json_line(kind) +
                "; ktlm knows SentencePiece's, which GGUF calls \"llama\"");
  std::vector<std::string> texts = file.texts(keys::kTokens);
  const std::vector<double> scores = file.numbers(keys::kScores), kinds = file.numbers(keys::kTokenTypes);
  if (scores.size() != texts.size() || kinds.size() != texts.size())
    throw Error(file.where() + ": " + std::to_string(texts.size()) + " tokens, but " + std::to_string(scores.size()) +
                " scores and " + std::to_string(kinds.size()) + " types (damaged?)");
  const auto last_kind = static_cast<double>(PieceType::kByte);
  Vocabulary vocabulary;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!(kinds[i] >= 1 && kinds[i] <= last_kind))
      throw Error(file.where() + ": token " + std::to_string(i) + " is of an unknown type (damaged?)");
    if (!std::isfinite(static_cast<float>(scores[i])))
      throw Error(file.where() + ": the score of token " + std::to_string(i) + " is no finite number (damaged?)");
    vocabulary.pieces.push_back(
        {std::move(texts[i]), static_cast<PieceType>(static_cast<int>(kinds[i])), static_cast<float>(scores[i])});
  }
  while (!vocabulary.pieces.empty() && is_filling(vocabulary.pieces.back(), vocabulary.pieces.size() - 1))
    vocabulary.pieces.pop_back();
  const auto id_of = [&](const char* key, int64_t otherwise) { return id_at(file, key, otherwise, vocabulary); };
  // What llama.cpp takes where a key is missing.
  vocabulary.unk_id = id_of(keys::kUnkId, 0);
  vocabulary.bos_id = id_of(keys::kBosId, 1);
  vocabulary.eos_id = id_of(keys::kEosId, 2);
  vocabulary.pad_id = id_of(keys::kPadId, -1);
  const auto flag = [&](const char* key, bool otherwise) { return file.has(key) ? file.boolean(key) : otherwise; };
  vocabulary.begins_with_bos = flag(keys::kAddBos, true);
  vocabulary.add_dummy_prefix = flag(keys::kAddSpacePrefix, true);
  vocabulary.remove_extra_whitespaces = flag(keys::kRemoveExtraWhitespaces, false);
  if (file.has(keys::kChatTemplate)) vocabulary.chat_template = file.text(keys::kChatTemplate);
  if (file.has(keys::kNormalizerVersion)) vocabulary.normalizer_version = file.integer(keys::kNormalizerVersion);
  return vocabulary;
}

int64_t read_gguf_eot_id(const GgufFile& file, const Vocabulary& vocabulary) {
  return id_at(file, keys::kEotId, -1, vocabulary);
}

}  // namespace ktlm::formats
