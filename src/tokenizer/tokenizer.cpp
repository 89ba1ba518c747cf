// SentencePiece reads the model and encodes for tokenizers of other make; for ktlm's own, BpeEncoder gives the same ids
// faster, and our normaliser runs in front.
#include "ktlm/tokenizer/tokenizer.h"

#include <sentencepiece_processor.h>

#include <optional>

#include "bpe_encoder.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "pieces.h"

namespace ktlm::tokenizer {
namespace fs = std::filesystem;
namespace {

// What tokenizer_config.json says beyond Hugging Face's keys, where ktlm wrote it.
struct Origin {
  int64_t normalizer_version;
  std::string model_hash;
};

std::optional<Origin> read_origin(const fs::path& directory) {
  const fs::path path = directory / kTokenizerConfigFile;
  if (!fs::exists(path)) return std::nullopt;
  const Json config = read_json_file(path.string());
  if (!config.is_object() || !config.contains(kNormalizerVersionKey)) return std::nullopt;
  return Origin{json_get<int64_t>(config, kNormalizerVersionKey, path.string()),
                json_get<std::string>(config, kModelHashKey, path.string())};
}

void check_origin(const Origin& origin, const std::string& model_hash, const fs::path& directory) {
  if (origin.normalizer_version != text::kNormalizerVersion)
    throw Error((directory / kTokenizerConfigFile).string() + ": made with version " +
                std::to_string(origin.normalizer_version) + " of the normaliser, this program has version " +
                std::to_string(text::kNormalizerVersion) + "; run ktlm train-tokenizer again");
  if (origin.model_hash != model_hash)
    throw Error((directory / kModelFile).string() + ": truncated or changed (hash " + model_hash + ", expected " +
                origin.model_hash + "); copy it again or run ktlm train-tokenizer again");
}

std::string bytes_of(const Piece& piece) {
  switch (piece.type) {
    case PieceType::kUnknown:
    case PieceType::kControl:
      return "";
    case PieceType::kByte:
      return {static_cast<char>(std::stoi(piece.text.substr(3, 2), nullptr, 16))};
    case PieceType::kNormal:
      break;
  }
  std::string bytes = piece.text;
  for (size_t at = 0; (at = bytes.find(kSpaceMarkUtf8, at)) != std::string::npos;)
    bytes.replace(at, kSpaceMarkUtf8.size(), " ");
  return bytes;
}

}  // namespace

struct Tokenizer::Impl {
  fs::path directory;
  std::string hash;
  sentencepiece::SentencePieceProcessor sentencepiece;
  std::vector<Piece> pieces;
  std::vector<std::string> bytes;     // what each piece adds to the text
  std::optional<BpeEncoder> encoder;  // of a tokenizer that ktlm made
  bool has_dummy_prefix = false;      // other make: a space is put in front of the text, and taken off again

  const Piece& piece_at(TokenId id) const {
    if (id < 0 || static_cast<size_t>(id) >= pieces.size())
      throw Error(directory.string() + ": no token " + std::to_string(id) + "; the vocabulary has " +
                  std::to_string(pieces.size()) + " (a tokenizer of another model?)");
    return pieces[static_cast<size_t>(id)];
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const fs::path& directory) {
  const fs::path path = directory / kModelFile;
  if (!fs::exists(path)) throw Error(path.string() + ": no such file; run ktlm train-tokenizer first");
  const std::string content = read_file(path);
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  impl->hash = to_hex(hash128(content));
  const auto origin = read_origin(directory);
  if (origin) check_origin(*origin, impl->hash, directory);

  auto& model = impl->sentencepiece;
  const bool loaded = !content.empty() && model.LoadFromSerializedProto(content).ok();
  if (!loaded || model.GetPieceSize() == 0)
    throw Error(path.string() + ": not a SentencePiece model (" + std::to_string(content.size()) +
                " bytes); copy it again or run ktlm train-tokenizer again");

  for (int id = 0; id < model.GetPieceSize(); ++id) {
    const PieceType type = model.IsUnknown(id)   ? PieceType::kUnknown
                           : model.IsControl(id) ? PieceType::kControl
                           : model.IsByte(id)    ? PieceType::kByte
                                                 : PieceType::kNormal;
    impl->pieces.push_back({model.IdToPiece(id), type});
    impl->bytes.push_back(bytes_of(impl->pieces.back()));
  }
  if (origin) {
    impl->encoder.emplace(impl->pieces);
  } else {
    std::vector<std::string> probe;
    impl->has_dummy_prefix = model.Encode("a", &probe).ok() && !probe.empty() && probe[0].starts_with(kSpaceMarkUtf8);
  }
  return Tokenizer(std::move(impl));
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  return impl_->encoder ? encode_normalized(text::normalize(text)) : encode_normalized(text);
}

std::vector<TokenId> Tokenizer::encode_normalized(std::string_view normal) const {
  std::vector<TokenId> ids;
  if (impl_->encoder) {
    ids.reserve(normal.size() / 4);
    impl_->encoder->encode(normal, ids);
    return ids;
  }
  const auto status = impl_->sentencepiece.Encode({normal.data(), normal.size()}, &ids);
  if (!status.ok()) throw Error((impl_->directory / kModelFile).string() + ": can't encode: " + status.ToString());
  return ids;
}

bool Tokenizer::encodes_lines_alone() const { return impl_->encoder.has_value(); }

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += token_bytes(id);
  if (impl_->has_dummy_prefix && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

const std::string& Tokenizer::token_bytes(TokenId id) const {
  impl_->piece_at(id);
  return impl_->bytes[static_cast<size_t>(id)];
}

const std::string& Tokenizer::piece(TokenId id) const { return impl_->piece_at(id).text; }

TokenId Tokenizer::id_of(std::string_view piece) const {
  const TokenId id = impl_->sentencepiece.PieceToId({piece.data(), piece.size()});
  return impl_->piece_at(id).text == piece ? id : -1;  // SentencePiece gives <unk> for what it lacks
}

bool Tokenizer::is_control(TokenId id) const {
  const PieceType type = impl_->piece_at(id).type;
  return type == PieceType::kControl || type == PieceType::kUnknown;
}

bool Tokenizer::is_byte(TokenId id) const { return impl_->piece_at(id).type == PieceType::kByte; }

int64_t Tokenizer::vocab_size() const { return static_cast<int64_t>(impl_->pieces.size()); }
TokenId Tokenizer::bos_id() const { return impl_->sentencepiece.bos_id(); }
TokenId Tokenizer::eos_id() const { return impl_->sentencepiece.eos_id(); }
TokenId Tokenizer::pad_id() const { return impl_->sentencepiece.pad_id(); }

TokenId Tokenizer::control_id(std::string_view name) const {
  const TokenId id = id_of(name);
  return id >= 0 && impl_->piece_at(id).type == PieceType::kControl ? id : -1;
}

const std::string& Tokenizer::hash() const { return impl_->hash; }
const fs::path& Tokenizer::directory() const { return impl_->directory; }

}  // namespace ktlm::tokenizer
