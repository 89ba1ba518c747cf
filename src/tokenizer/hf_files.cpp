#include "hf_files.h"

#include "hf_normalizer.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/chat_template.h"
#include "ktlm/tokenizer/tokenizer_files.h"

namespace ktlm::tokenizer {
namespace {

bool is_special(const Piece& piece) { return piece.type == PieceType::kControl || piece.type == PieceType::kUnknown; }

Json added_token(const Piece& piece) {
  return {{"content", piece.text}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false},       {"normalized", false},  {"special", true}};
}

Json bpe_model(const std::vector<Piece>& pieces) {
  Json vocabulary = Json::object();
  auto& members = vocabulary.get_ref<Json::object_t&>();  // appended to directly: operator[] would look through all
  members.reserve(pieces.size());
  for (size_t id = 0; id < pieces.size(); ++id) members.emplace_back(pieces[id].text, Json(id));
  Json merges = Json::array();
  for (const MergeRule& rule : list_merge_rules(pieces))
    merges.push_back({pieces[static_cast<size_t>(rule.left)].text, pieces[static_cast<size_t>(rule.right)].text});
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", pieces[kUnkId].text},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", true},
          {"ignore_merges", false},
          {"vocab", std::move(vocabulary)},
          {"merges", std::move(merges)}};
}

Json begins_with(const Piece& bos) {
  const Json special = {{"SpecialToken", {{"id", bos.text}, {"type_id", 0}}}};
  const Json first = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const Json second = {{"Sequence", {{"id", "B"}, {"type_id", 0}}}};
  return {{"type", "TemplateProcessing"},
          {"single", {special, first}},
          {"pair", {special, first, second}},
          {"special_tokens",
           {{bos.text, {{"id", bos.text}, {"ids", Json::array({kBosId})}, {"tokens", Json::array({bos.text})}}}}}};
}

Json fast_tokenizer(const std::vector<Piece>& pieces) {
  Json added = Json::array();
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (!is_special(pieces[id])) continue;
    Json token = {{"id", id}};
    token.update(added_token(pieces[id]));
    added.push_back(std::move(token));
  }
  // Pieces hold a space only at the start: cutting in front of each changes no id and lets the library reuse words.
  const Json cut_at_spaces = {
      {"type", "Split"}, {"pattern", {{"String", kSpaceMarkUtf8}}}, {"behavior", "MergedWithNext"}, {"invert", false}};
  const Json decoder = {{"type", "Sequence"},
                        {"decoders",
                         {{{"type", "Replace"}, {"pattern", {{"String", kSpaceMarkUtf8}}}, {"content", " "}},
                          {{"type", "ByteFallback"}},
                          {{"type", "Fuse"}}}}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", std::move(added)},
          {"normalizer", hf_normalizer()},
          {"pre_tokenizer", cut_at_spaces},
          {"post_processor", begins_with(pieces[kBosId])},
          {"decoder", decoder},
          {"model", bpe_model(pieces)}};
}

Json special_tokens(const std::vector<Piece>& pieces) {
  Json additional = Json::array();
  for (size_t id = kPadId + 1; id < pieces.size(); ++id)
    if (is_special(pieces[id])) additional.push_back(pieces[id].text);
  return {{"unk_token", pieces[kUnkId].text},
          {"bos_token", pieces[kBosId].text},
          {"eos_token", pieces[kEosId].text},
          {"pad_token", pieces[kPadId].text},
          {"additional_special_tokens", std::move(additional)}};
}

Json tokenizer_config(const std::vector<Piece>& pieces, const std::string& model_hash) {
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},  // tokenizer.json as it stands, whatever the model
                 {"add_bos_token", true},
                 {"add_eos_token", false},
                 {"clean_up_tokenization_spaces", false}};
  config.update(special_tokens(pieces));
  Json decoder = Json::object();
  for (size_t id = 0; id < pieces.size(); ++id)
    if (is_special(pieces[id])) decoder[std::to_string(id)] = added_token(pieces[id]);
  config["added_tokens_decoder"] = std::move(decoder);
  config["chat_template"] = chat_template_jinja();
  config[kNormalizerVersionKey] = text::kNormalizerVersion;
  config[kModelHashKey] = model_hash;
  return config;
}

}  // namespace

void write_hf_files(const std::filesystem::path& directory, const std::vector<Piece>& pieces,
                    const std::string& model_hash) {
  write_file_atomically(directory / kFastTokenizerFile, fast_tokenizer(pieces).dump() + "\n");
  write_file_atomically(directory / kTokenizerConfigFile, tokenizer_config(pieces, model_hash).dump(2) + "\n");
  write_file_atomically(directory / kSpecialTokensFile, special_tokens(pieces).dump(2) + "\n");
}

}  // namespace ktlm::tokenizer
