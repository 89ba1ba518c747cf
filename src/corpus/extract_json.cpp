#include "extract_json.h"

#include <string_view>
#include <utility>
#include <vector>

#include "extract_dialogue.h"
#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/text/normalize.h"

namespace ktlm::corpus {

namespace {

const std::vector<std::vector<std::string>> kUsualFields = {{"text"}, {"content"}, {"body"}};

std::string string_or_empty(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? found->dump() : std::string();
}

// "" or " (it has id, metadata, document)", from which the right path can be told.
std::string keys_text(const Json& object) {
  std::string text;
  size_t num_keys = 0;
  for (const auto& [key, value] : object.items()) {
    if (++num_keys > 8) {
      text += ", ...";
      break;
    }
    text += (text.empty() ? "" : ", ") + key;
  }
  return text.empty() ? text : " (it has " + text + ")";
}

// namuwiki's export: namespace 0 holds the articles; "#redirect" is its only way to redirect.
DropReason namuwiki_reason(const Json& object, const std::string& text) {
  const std::string number = string_or_empty(object, "namespace");
  if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) return DropReason::kNone;
  if (number != "0") return DropReason::kOtherNamespace;
  const bool is_redirect = text.rfind("#redirect ", 0) == 0 || text.rfind("#넘겨주기 ", 0) == 0;
  return is_redirect ? DropReason::kRedirect : DropReason::kNone;
}

std::string find_text(const Json& object, const PrepareConfig& config, const FieldPath& path, bool& found) {
  found = false;
  if (config.text_field.empty()) {
    for (const auto& keys : kUsualFields) {
      if (std::string text = find_strings(object, keys, found); found) return text;
    }
    return {};
  }
  // A key may have a dot of its own.
  if (std::string text = find_strings(object, {config.text_field}, found); found) return text;
  return find_strings(object, path.field, found);
}

std::string title_of(const Json& object) {
  if (std::string title = string_or_empty(object, "title"); !title.empty()) return title;
  const auto metadata = object.find("metadata");
  return metadata != object.end() ? string_or_empty(*metadata, "title") : std::string();
}

}  // namespace

std::vector<std::vector<std::string>> text_ways(const PrepareConfig& config) {
  if (config.text_field.empty()) return kUsualFields;
  return {{config.text_field}, parse_field_path(config.text_field).field};
}

std::string text_names(const PrepareConfig& config) {
  if (!config.text_field.empty()) return "\"" + config.text_field + "\"";
  return R"("text", "content", "body", "messages", "conversations" or "instruction")";
}

std::vector<std::string> keys_beside_text(const PrepareConfig& config) {
  std::vector<std::string> keys = {"id", "title", "metadata", "source", "namespace", "messages"};
  if (config.text_field.empty())
    keys.insert(keys.end(), {"conversations", "instruction", "input", "output", "system", "history"});
  return keys;
}

void extract_json(const RawDocument& raw, const PrepareConfig& config, const FieldPath& text_field,
                  ExtractedDocument& out) {
  Json object;
  try {
    object = parse_json(raw.body, raw.where);
  } catch (const Error& error) {
    return drop(out, DropReason::kInvalidJson, error.what());
  }
  const bool is_text_itself = object.is_string() && config.text_field.ends_with("[]");
  if (!object.is_object() && !is_text_itself) {
    return drop(out, DropReason::kInvalidJson, raw.where + ": not a JSON object, is " + object.type_name());
  }
  Document& document = out.document;
  if (std::string id = string_or_empty(object, "id"); !id.empty()) document.id = std::move(id);
  document.title = normalized_title(title_of(object));
  if (std::string source = string_or_empty(object, "source"); !source.empty()) document.source = std::move(source);

  // Where --text-field names a text, that is wanted; but "messages" are always a dialogue's.
  const DialogueForm form = dialogue_form(object);
  if (form == DialogueForm::kMessages || (form != DialogueForm::kNone && config.text_field.empty())) {
    const std::string problem = read_dialogue(object, form, document.messages);
    if (!problem.empty()) return drop(out, DropReason::kNoText, raw.where + ": " + problem);
    for (const ChatMessage& message : document.messages)
      document.text += (document.text.empty() ? "" : "\n") + message.content;
    return;
  }
  bool found = false;
  const std::string text = find_text(object, config, text_field, found);
  if (!found) {
    return drop(
        out, DropReason::kNoText,
        raw.where + ": has no " + text_names(config) + keys_text(object) + "; --text-field names the text's key");
  }
  if (const DropReason reason = namuwiki_reason(object, text); reason != DropReason::kNone) return drop(out, reason);
  document.text = text::normalize(text);
}

}  // namespace ktlm::corpus
