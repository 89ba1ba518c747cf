#include "foreign_encoder.h"

#include <algorithm>
#include <functional>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/text/utf8.h"
#include "pieces.h"

namespace ktlm::tokenizer {
namespace {

using sentencepiece::SentencePieceProcessor;

// A protocol buffer behind another overrides its fields: here normalizer_spec (3) with add_dummy_prefix (3).
constexpr std::string_view kWithPrefix("\x1A\x02\x18\x01", 4), kWithoutPrefix("\x1A\x02\x18\x00", 4);

// Of what is no model at all it tells a line of its source alone: "./src/sentencepiece_processor.cc(232) [...]".
std::string words_of(const sentencepiece::util::Status& status) {
  std::string words = status.ToString();
  if (const size_t kind = words.find(": "); kind != std::string::npos) words.erase(0, kind + 2);
  if (words.ends_with('.')) words.pop_back();
  return words.find(".cc(") == std::string::npos ? words : "";
}

std::unique_ptr<SentencePieceProcessor> open(const std::string& content, std::string_view change,
                                             std::string& problem) {
  problem = std::to_string(content.size()) + " bytes";
  if (content.empty()) return nullptr;
  auto model = std::make_unique<SentencePieceProcessor>();
  const auto status = model->LoadFromSerializedProto(content + std::string(change));
  if (status.ok() && model->GetPieceSize() > 0) return model;
  if (const std::string words = status.ok() ? "" : words_of(status); !words.empty()) problem = to_json_line(words);
  return nullptr;
}

bool puts_space_in_front(const SentencePieceProcessor& processor) {
  std::vector<std::string> probe;
  return processor.Encode("a", &probe).ok() && !probe.empty() && probe[0].starts_with(kSpaceMarkUtf8);
}

constexpr std::string_view kWhiteSpace = " \t\n\r\v\f";

std::string_view without_leading_space(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
}

std::string_view without_trailing_space(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

}  // namespace

std::unique_ptr<SentencePieceProcessor> open_sentencepiece(const std::string& content, const ForeignSettings& settings,
                                                           std::string& problem) {
  if (!settings.adds_prefix_space) return open(content, "", problem);
  return open(content, *settings.adds_prefix_space ? kWithPrefix : kWithoutPrefix, problem);
}

ForeignEncoder::ForeignEncoder(std::unique_ptr<SentencePieceProcessor> model, const std::string& content,
                               const ForeignSettings& settings, std::string where)
    : where_(std::move(where)),
      has_prefix_(puts_space_in_front(*model)),
      prefixes_each_part_(settings.prefixes_each_part),
      spares_leading_space_(settings.spares_leading_space),
      beginning_(std::move(model)) {
  std::string problem;  // none: the same content was opened before
  if (has_prefix_ && !(prefixes_each_part_ && !spares_leading_space_)) inside_ = open(content, kWithoutPrefix, problem);
  for (const AddedToken& token : settings.added_tokens)
    if (!token.is_special && !token.text.empty())
      text_tokens_[static_cast<unsigned char>(token.text[0])].push_back(token);
  for (auto& tokens : text_tokens_)
    std::ranges::stable_sort(tokens, std::greater<>(), [](const AddedToken& token) { return token.text.size(); });
}

const AddedToken* ForeignEncoder::token_at(std::string_view text) const {
  const auto& tokens = text_tokens_[static_cast<unsigned char>(text[0])];
  const auto found =
      std::ranges::find_if(tokens, [&](const AddedToken& token) { return text.starts_with(token.text); });
  return found == tokens.end() ? nullptr : &*found;
}

void ForeignEncoder::encode(std::string_view text, bool is_beginning, std::vector<TokenId>& ids) const {
  // Python's strings are repaired in the same way before SentencePiece sees them, which itself replaces each byte.
  if (!text::is_valid_utf8(text)) return encode(text::repair_utf8(text), is_beginning, ids);
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* const token = token_at(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    const std::string_view before = text.substr(begin, at - begin);
    encode_part(token->strips_left ? without_trailing_space(before) : before, is_beginning && begin == 0, ids);
    ids.push_back(token->id);
    at += token->text.size();
    if (token->strips_right) at = text.size() - without_leading_space(text.substr(at)).size();
    begin = at;
  }
  encode_part(text.substr(begin), is_beginning && begin == 0, ids);
}

void ForeignEncoder::encode_part(std::string_view text, bool is_beginning, std::vector<TokenId>& ids) const {
  if (text.empty()) return;
  const bool is_spared = spares_leading_space_ && (text.starts_with(' ') || text.starts_with(kSpaceMarkUtf8));
  const bool has_prefix = (is_beginning || prefixes_each_part_) && !is_spared;
  const SentencePieceProcessor& processor = has_prefix || inside_ == nullptr ? *beginning_ : *inside_;
  std::vector<int> part;
  const auto status = processor.Encode({text.data(), text.size()}, &part);
  if (!status.ok()) throw Error(where_ + ": can't encode: " + status.ToString());
  ids.insert(ids.end(), part.begin(), part.end());
}

}  // namespace ktlm::tokenizer
