#include "extract_json.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/corpus/dialogue.h"
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

// Visits the ways to a text, in their order, until `visit` says that one is it; without a copy, for each line comes
// here.
template <class Visit>
bool find_way(const std::vector<FieldPath>& text_fields, const Visit& visit) {
  if (text_fields.empty()) return std::ranges::any_of(kUsualFields, visit);
  return std::ranges::any_of(text_fields, [&](const FieldPath& path) {
    return visit(std::vector<std::string>{path.name}) || visit(path.field);  // a key may have a dot of its own
  });
}

std::string find_text(const Json& object, const std::vector<FieldPath>& text_fields, bool& found) {
  std::string text;
  found = find_way(text_fields, [&](const std::vector<std::string>& keys) {
    bool is_there = false;
    text = find_strings(object, keys, is_there);
    return is_there;
  });
  return found ? text : std::string();
}

std::string title_of(const Json& object) {
  if (std::string title = string_or_empty(object, "title"); !title.empty()) return title;
  const auto metadata = object.find("metadata");
  return metadata != object.end() ? string_or_empty(*metadata, "title") : std::string();
}

}  // namespace

std::vector<std::vector<std::string>> text_ways(const std::vector<FieldPath>& text_fields) {
  std::vector<std::vector<std::string>> ways;
  find_way(text_fields, [&](const std::vector<std::string>& keys) {
    ways.push_back(keys);
    return false;
  });
  return ways;
}

std::string text_names(const std::vector<FieldPath>& text_fields) {
  if (text_fields.empty()) return R"("text", "content", "body", "messages", "conversations" or "instruction")";
  std::string names;
  for (size_t i = 0; i < text_fields.size(); ++i)
    names += (i == 0 ? "\"" : i + 1 == text_fields.size() ? " or \"" : ", \"") + text_fields[i].name + "\"";
  return names;
}

std::vector<std::string> keys_beside_text(const std::vector<FieldPath>& text_fields) {
  std::vector<std::string> keys = {"id", "title", "metadata", "source", "namespace", "messages"};
  if (text_fields.empty())
    keys.insert(keys.end(), {"conversations", "instruction", "input", "output", "system", "history"});
  return keys;
}

void extract_json(const RawDocument& raw, const std::vector<FieldPath>& text_fields, ExtractedDocument& out) {
  Json object;
  try {
    object = parse_json(raw.body, raw.where);
  } catch (const Error& error) {
    return drop(out, DropReason::kInvalidJson, error.what());
  }
  const bool is_text_itself =
      object.is_string() && std::ranges::any_of(text_fields, [](const FieldPath& path) { return path.field.empty(); });
  if (!object.is_object() && !is_text_itself) {
    return drop(out, DropReason::kInvalidJson, raw.where + ": not a JSON object, is " + object.type_name());
  }
  Document& document = out.document;
  if (std::string id = string_or_empty(object, "id"); !id.empty()) document.id = std::move(id);
  document.title = normalized_title(title_of(object));
  if (std::string source = string_or_empty(object, "source"); !source.empty()) document.source = std::move(source);

  // Where --text-field names a text, that is wanted; but "messages" are always a dialogue's.
  const DialogueForm form = dialogue_form(object);
  if (form == DialogueForm::kMessages || (form != DialogueForm::kNone && text_fields.empty())) {
    const std::string problem = read_dialogue(object, form, document.messages);
    if (!problem.empty()) return drop(out, DropReason::kNoText, raw.where + ": " + problem);
    document.text = dialogue_text(document.messages);
    return;
  }
  bool found = false;
  const std::string text = find_text(object, text_fields, found);
  if (!found) {
    return drop(
        out, DropReason::kNoText,
        raw.where + ": has no " + text_names(text_fields) + keys_text(object) + "; --text-field names the text's key");
  }
  if (const DropReason reason = namuwiki_reason(object, text); reason != DropReason::kNone) return drop(out, reason);
  document.text = text::normalize(text);
}

}  // namespace ktlm::corpus
