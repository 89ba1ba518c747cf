// transformers has moved these settings about: added tokens stand in added_tokens.json (until 4.33), in
// tokenizer_config.json's added_tokens_decoder (since), and in tokenizer.json.
#include "foreign_settings.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/sorted_json.h"
#include "ktlm/tokenizer/tokenizer_files.h"

namespace ktlm::tokenizer {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLargestId = (1 << 24) - 1;  // more makes no vocabulary; a damaged id must not fill the memory

TokenId checked_id(int64_t id, const std::string& where) {
  if (id < 0 || id > kLargestId)
    throw Error(where + ": " + std::to_string(id) + " is no token id; the file is damaged");
  return static_cast<TokenId>(id);
}

Json read_if_there(const fs::path& path) {
  if (!fs::exists(path)) return Json::object();
  Json json = read_json_file(path.string());
  if (!json.is_object()) throw Error(path.string() + ": should be a JSON object; copy it again");
  return json;
}

// A token by name, as it is written: "<s>" or {"content": "<s>", ...}; null is none.
std::optional<std::string> token_name(const Json& config, const char* key, const std::string& where) {
  if (!config.contains(key)) return std::nullopt;
  const Json& token = config[key];
  if (token.is_null()) return "";
  return token.is_object() ? json_get<std::string>(token, "content", where + ": " + key)
                           : json_get<std::string>(config, key, where);
}

AddedToken added_token(TokenId id, const Json& json, const std::string& where) {
  return {.id = id,
          .text = json_get<std::string>(json, "content", where),
          .is_special = json_get_or<bool>(json, "special", false, where),
          .strips_left = json_get_or<bool>(json, "lstrip", false, where),
          .strips_right = json_get_or<bool>(json, "rstrip", false, where)};
}

using TokensById = std::map<TokenId, AddedToken>;

// {"32000": {"content": "<|im_start|>", "special": true, ...}, ...}
TokensById from_decoder(const Json& decoder, const std::string& where) {
  TokensById tokens;
  for (const auto& [key, json] : decoder.items()) {
    int64_t number = -1;
    std::from_chars(key.data(), key.data() + key.size(), number);
    const TokenId id = checked_id(number, where);
    tokens[id] = added_token(id, json, where + ": token " + key);
  }
  return tokens;
}

// [{"id": 32000, "content": "<|im_start|>", "special": true, ...}, ...]
TokensById from_fast_tokenizer(const Json& list, const std::string& where) {
  TokensById tokens;
  for (const Json& json : list) {
    const TokenId id = checked_id(json_get<int64_t>(json, "id", where), where);
    tokens[id] = added_token(id, json, where);
  }
  return tokens;
}

// {"<|im_start|>": 32000, ...}; special are those which special_tokens_map.json names.
TokensById from_added_tokens_file(const Json& ids, const std::string& where, const Json& special_tokens) {
  std::vector<std::string> special;
  const auto add = [&](const Json& token) {
    if (token.is_string()) special.push_back(token.get<std::string>());
    if (token.is_object()) special.push_back(json_get<std::string>(token, "content", kSpecialTokensFile));
  };
  for (const auto& [key, value] : special_tokens.items()) {
    if (value.is_array())
      for (const Json& token : value) add(token);
    else
      add(value);
  }
  TokensById tokens;
  for (const auto& [text, unused] : ids.items()) {
    const TokenId id = checked_id(json_get<int64_t>(ids, text.c_str(), where), where);
    const bool is_special = std::ranges::find(special, text) != special.end();
    tokens[id] = {.id = id, .text = text, .is_special = is_special};
  }
  return tokens;
}

TokensById read_added_tokens(const fs::path& directory, const Json& config) {
  if (config.contains("added_tokens_decoder"))
    return from_decoder(config["added_tokens_decoder"],
                        (directory / kTokenizerConfigFile).string() + ": added_tokens_decoder");
  const fs::path fast = directory / kFastTokenizerFile, added = directory / kAddedTokensFile;
  if (fs::exists(added))
    return from_added_tokens_file(read_if_there(added), added.string(), read_if_there(directory / kSpecialTokensFile));
  if (!fs::exists(fast)) return {};
  const SortedJson json = parse_sorted_json(read_file(fast), fast.string());
  if (!json.is_object() || !json.contains("added_tokens")) return {};
  return from_fast_tokenizer(Json(json["added_tokens"]), fast.string() + ": added_tokens");
}

}  // namespace

ForeignSettings read_foreign_settings(const fs::path& directory) {
  const std::string where = (directory / kTokenizerConfigFile).string();
  const Json config = read_if_there(directory / kTokenizerConfigFile);
  ForeignSettings settings;
  for (const auto& [id, token] : read_added_tokens(directory, config)) settings.added_tokens.push_back(token);
  settings.bos = token_name(config, "bos_token", where);
  settings.eos = token_name(config, "eos_token", where);
  settings.pad = token_name(config, "pad_token", where);
  if (config.contains("add_bos_token") && !config["add_bos_token"].is_null())
    settings.begins_with_bos = json_get<bool>(config, "add_bos_token", where);
  if (config.contains("add_prefix_space") && !config["add_prefix_space"].is_null())
    settings.adds_prefix_space = json_get<bool>(config, "add_prefix_space", where);
  settings.prefixes_each_part = json_get_or<bool>(config, "legacy", false, where);
  return settings;
}

std::string read_chat_template(const fs::path& directory) {
  if (fs::exists(directory / kChatTemplateFile)) return read_file(directory / kChatTemplateFile);
  const std::string where = (directory / kTokenizerConfigFile).string();
  const Json config = read_if_there(directory / kTokenizerConfigFile);
  if (!config.contains("chat_template") || config["chat_template"].is_null()) return "";
  if (!config["chat_template"].is_array()) return json_get<std::string>(config, "chat_template", where);
  // Several by name: transformers takes "default" where none is asked for.
  for (const Json& named : config["chat_template"])
    if (json_get<std::string>(named, "name", where + ": chat_template") == "default")
      return json_get<std::string>(named, "template", where + ": chat_template");
  return "";
}

}  // namespace ktlm::tokenizer
