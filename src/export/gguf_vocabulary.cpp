#include "gguf_vocabulary.h"

#include <algorithm>

#include "ktlm/core/error.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::formats {

using tokenizer::PieceKind;
using tokenizer::ScoredPiece;
using tokenizer::Vocabulary;

namespace {

constexpr float kUnusedScore = -10000.0F;  // as llama.cpp's converter gives it

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

}  // namespace

int64_t control_id(const Vocabulary& vocabulary, std::string_view name) {
  const auto found = std::ranges::find_if(vocabulary.pieces, [name](const ScoredPiece& piece) {
    return piece.kind == PieceKind::kControl && piece.text == name;
  });
  return found == vocabulary.pieces.end() ? -1 : found - vocabulary.pieces.begin();
}

void add_vocabulary(GgufHeader& header, const Vocabulary& vocabulary, int64_t model_vocab_size,
                    const std::string& where, std::vector<std::string>& notes) {
  check(vocabulary, model_vocab_size, where);
  std::vector<std::string> texts;
  std::vector<float> scores;
  std::vector<int32_t> kinds;
  for (const ScoredPiece& piece : vocabulary.pieces) {
    texts.push_back(piece.text);
    scores.push_back(piece.score);
    kinds.push_back(static_cast<int32_t>(piece.kind));
  }
  for (int64_t id = static_cast<int64_t>(texts.size()); id < model_vocab_size; ++id) {
    texts.push_back("[PAD" + std::to_string(id) + "]");
    scores.push_back(kUnusedScore);
    kinds.push_back(static_cast<int32_t>(PieceKind::kUnused));
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

}  // namespace ktlm::formats
