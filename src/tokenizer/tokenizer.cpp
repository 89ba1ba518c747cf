// SentencePiece reads the model and encodes for tokenizers of other make; for ktlm's own, BpeEncoder gives the same ids
// faster, and our normaliser runs in front.
#include "ktlm/tokenizer/tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "bpe_encoder.h"
#include "charsmap.h"
#include "fast_tokenizer.h"
#include "foreign_encoder.h"
#include "foreign_settings.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "pieces.h"
#include "tokenizer_origin.h"

namespace ktlm::tokenizer {
namespace fs = std::filesystem;
namespace {

std::string bytes_of(const Piece& piece) {
  switch (piece.type) {
    case PieceType::kUnknown:
    case PieceType::kControl:
      return "";
    case PieceType::kByte:
      return {static_cast<char>(std::stoi(piece.text.substr(3, 2), nullptr, 16))};
    default:
      break;
  }
  std::string bytes = piece.text;
  for (size_t at = 0; (at = bytes.find(kSpaceMarkUtf8, at)) != std::string::npos;)
    bytes.replace(at, kSpaceMarkUtf8.size(), " ");
  return bytes;
}

// eos_token_id of a model directory's generation_config.json: a number, or several.
std::vector<TokenId> listed_end_ids(const fs::path& directory, size_t vocab_size) {
  const fs::path path = directory / kGenerationConfigFile;
  if (!fs::exists(path)) return {};
  const Json listed = json_get_or<Json>(read_json_file(path.string()), "eos_token_id", Json::array(), path.string());
  std::vector<TokenId> ids;
  for (const Json& id : listed.is_array() ? listed : Json::array({listed})) {
    if (!id.is_number_integer())
      throw Error(path.string() + ": eos_token_id should be an id or a list of ids, is " + listed.dump());
    const auto number = id.get<int64_t>();
    if (number >= 0 && static_cast<size_t>(number) < vocab_size) ids.push_back(static_cast<TokenId>(number));
  }
  return ids;
}

}  // namespace

struct Tokenizer::Impl {
  fs::path directory;
  std::string hash;
  std::string chat_template;  // of other make
  std::vector<Piece> pieces;
  std::vector<std::string> bytes;  // what each piece adds to the text
  std::unordered_map<std::string, TokenId> added_ids;
  TokenId bos = -1, eos = -1, pad = -1;
  bool begins_with_bos = true;
  std::vector<TokenId> ends;
  TokenId message_start = -1;
  std::optional<BpeEncoder> encoder;  // of a tokenizer that ktlm made, with:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> sentencepiece;
  std::optional<ForeignEncoder> foreign;  // of other make

  const Piece& piece_at(TokenId id) const {
    if (id < 0 || static_cast<size_t>(id) >= pieces.size())
      throw Error(directory.string() + ": no token " + std::to_string(id) + "; the vocabulary has " +
                  std::to_string(pieces.size()) + " (a tokenizer of another model?)");
    return pieces[static_cast<size_t>(id)];
  }

  TokenId id_of(const std::string& piece) const {
    const auto added = added_ids.find(piece);
    if (added != added_ids.end()) return added->second;
    const auto& model = foreign ? foreign->sentencepiece() : *sentencepiece;
    const TokenId id = model.PieceToId(piece);
    return piece_at(id).text == piece ? id : -1;  // SentencePiece gives <unk> for what it lacks
  }

  void take_pieces(const sentencepiece::SentencePieceProcessor& model);
  void take_settings(ForeignSettings settings, const std::string& content);
  void add(const AddedToken& token);
  void find_ends();
};

void Tokenizer::Impl::take_pieces(const sentencepiece::SentencePieceProcessor& model) {
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    const PieceType type = model.IsUnknown(id)   ? PieceType::kUnknown
                           : model.IsControl(id) ? PieceType::kControl
                           : model.IsByte(id)    ? PieceType::kByte
                                                 : PieceType::kNormal;
    pieces.push_back({model.IdToPiece(id), type});
    bytes.push_back(bytes_of(pieces.back()));
  }
  bos = model.bos_id();
  eos = model.eos_id();
  pad = model.pad_id();
}

// Behind SentencePiece's pieces, or in the place of one.
void Tokenizer::Impl::add(const AddedToken& token) {
  const auto index = static_cast<size_t>(token.id);
  while (pieces.size() <= index) {  // ids that nothing is known of give no text
    pieces.push_back({"", PieceType::kControl});
    bytes.emplace_back();
  }
  Piece& piece = pieces[index];
  if (piece.type == PieceType::kUnknown) return;
  added_ids[token.text] = token.id;
  if (piece.type == PieceType::kByte && piece.text == token.text) return;
  piece = {token.text, token.is_special ? PieceType::kControl : PieceType::kNormal};
  bytes[index] = bytes_of(piece);
}

void Tokenizer::Impl::take_settings(ForeignSettings settings, const std::string& content) {
  // What says the same as tokenizer.model changes nothing.
  std::erase_if(settings.added_tokens, [&](const AddedToken& token) {
    const auto index = static_cast<size_t>(token.id);
    return index < pieces.size() && pieces[index].text == token.text &&
           token.is_special == (pieces[index].type != PieceType::kNormal);
  });
  std::string changes;
  for (const AddedToken& token : settings.added_tokens) {
    add(token);
    changes += std::to_string(token.id) + (token.is_special ? "*" : "=") + token.text + "\n";
  }
  if (!changes.empty()) hash = to_hex(hash128(content + changes));
  const auto take = [this](const std::optional<std::string>& name, TokenId& id) {
    if (name) id = name->empty() ? -1 : id_of(*name);
  };
  take(settings.bos, bos);
  take(settings.eos, eos);
  take(settings.pad, pad);
  begins_with_bos = settings.begins_with_bos.value_or(true);
  chat_template = read_chat_template(directory);
}

void Tokenizer::Impl::find_ends() {
  ends = listed_end_ids(directory, pieces.size());
  const auto marker = [this](std::string_view name) {
    const TokenId id = id_of(std::string(name));
    return id >= 0 && pieces[static_cast<size_t>(id)].type == PieceType::kControl ? id : -1;
  };
  message_start = marker(kImStart);
  if (eos >= 0) ends.push_back(eos);
  if (const TokenId message_end = marker(kImEnd); message_end >= 0) ends.push_back(message_end);
  std::ranges::sort(ends);
  const auto rest = std::ranges::unique(ends);
  ends.erase(rest.begin(), rest.end());
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::load(const fs::path& directory) {
  fs::path path = directory / kModelFile;
  const auto origin = read_origin(directory);
  const bool has_model = fs::exists(path);
  if (!has_model && (origin || !fs::exists(directory / kFastTokenizerFile)))
    refuse_without_model(directory, origin.has_value());
  ForeignSettings settings = origin ? ForeignSettings() : read_foreign_settings(directory);
  std::string content;
  if (has_model) {
    content = read_file(path);
  } else {
    path = directory / kFastTokenizerFile;
    content = read_fast_tokenizer(path, settings);
  }
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  impl->hash = to_hex(hash128(content));
  if (origin) check_origin(*origin, impl->hash, directory);

  std::string problem = std::to_string(content.size()) + " bytes";
  const bool is_readable = check_charsmap(content, path.string(), way_out(directory));
  auto model = is_readable ? open_sentencepiece(content, settings, problem) : nullptr;
  if (model == nullptr)
    throw Error(path.string() + ": not a SentencePiece model (" + problem + "); " + way_out(directory));
  impl->take_pieces(*model);
  if (origin) {
    impl->encoder.emplace(impl->pieces);
    impl->sentencepiece = std::move(model);
  } else {
    impl->foreign.emplace(std::move(model), content, settings, path.string());
    impl->take_settings(settings, content);
  }
  impl->find_ends();
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
  } else {
    impl_->foreign->encode(normal, true, ids);
  }
  return ids;
}

std::vector<TokenId> Tokenizer::encode_behind_control(std::string_view text) const {
  if (impl_->encoder) return encode(text);
  std::vector<TokenId> ids;
  impl_->foreign->encode(text, false, ids);
  return ids;
}

bool Tokenizer::encodes_lines_alone() const { return impl_->encoder.has_value(); }

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += token_bytes(id);
  if (impl_->foreign && impl_->foreign->has_prefix() && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

const std::string& Tokenizer::token_bytes(TokenId id) const {
  impl_->piece_at(id);
  return impl_->bytes[static_cast<size_t>(id)];
}

const std::string& Tokenizer::piece(TokenId id) const { return impl_->piece_at(id).text; }

TokenId Tokenizer::id_of(std::string_view piece) const { return impl_->id_of(std::string(piece)); }

bool Tokenizer::is_control(TokenId id) const {
  const PieceType type = impl_->piece_at(id).type;
  return type == PieceType::kControl || type == PieceType::kUnknown;
}

bool Tokenizer::is_byte(TokenId id) const { return impl_->piece_at(id).type == PieceType::kByte; }

int64_t Tokenizer::vocab_size() const { return static_cast<int64_t>(impl_->pieces.size()); }
TokenId Tokenizer::bos_id() const { return impl_->bos; }
TokenId Tokenizer::eos_id() const { return impl_->eos; }
TokenId Tokenizer::pad_id() const { return impl_->pad; }
TokenId Tokenizer::begin_id() const { return impl_->begins_with_bos ? impl_->bos : -1; }

TokenId Tokenizer::control_id(std::string_view name) const {
  const TokenId id = id_of(name);
  return id >= 0 && impl_->piece_at(id).type == PieceType::kControl ? id : -1;
}

const std::vector<TokenId>& Tokenizer::end_ids() const { return impl_->ends; }
bool Tokenizer::ends_text(TokenId id) const {
  return (id >= 0 && id == impl_->message_start) || std::ranges::binary_search(impl_->ends, id);
}

const std::string& Tokenizer::chat_template() const { return impl_->chat_template; }

const std::string& Tokenizer::hash() const { return impl_->hash; }
const fs::path& Tokenizer::directory() const { return impl_->directory; }

}  // namespace ktlm::tokenizer
