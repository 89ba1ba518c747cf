#include "field_path.h"

#include <algorithm>
#include <utility>

#include "ktlm/core/error.h"

namespace ktlm::corpus {

namespace {

constexpr int kMaxNestedArrays = 64;  // no file has more; a hostile one shall not exhaust the stack

void collect_strings(const Json& value, const std::vector<std::string>& keys, size_t next, int depth, bool& found,
                     std::string& joined) {
  if (value.is_array()) {
    if (depth == kMaxNestedArrays) return;
    for (const Json& element : value) collect_strings(element, keys, next, depth + 1, found, joined);
  } else if (next < keys.size()) {
    const auto member = value.find(keys[next]);  // end() where this is no object
    if (member != value.end()) collect_strings(*member, keys, next + 1, depth, found, joined);
  } else if (value.is_string()) {
    if (found) joined += '\n';
    joined += value.get_ref<const std::string&>();
    found = true;
  }
}

}  // namespace

FieldPath parse_field_path(const std::string& text) {
  FieldPath path{.name = text, .document = {}, .field = {}};
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('.', begin), text.size());
    std::string key = text.substr(begin, end - begin);
    const bool is_document = key.size() >= 2 && key.compare(key.size() - 2, 2, "[]") == 0;
    if (is_document) key.resize(key.size() - 2);
    const bool is_array_on_top = key.empty() && is_document && begin == 0;  // which is gone through anyway
    if ((key.empty() && !is_array_on_top) || end + 1 == text.size()) {
      throw ConfigError("prepare.text_field: \"" + text +
                        "\" has an empty key; expected keys with dots between them, such as document[].paragraph.form");
    }
    if (key.find_first_of("[]") != std::string::npos) {
      throw ConfigError("prepare.text_field: \"" + text +
                        "\" has brackets that are not [] at a key's end; expected such as document[].paragraph.form");
    }
    if (!is_array_on_top) path.field.push_back(std::move(key));
    if (is_document) {
      path.document.insert(path.document.end(), path.field.begin(), path.field.end());
      path.field.clear();
    }
    begin = end + 1;
  }
  return path;
}

std::vector<FieldPath> parse_field_paths(const std::string& text) {
  std::vector<FieldPath> paths;
  if (text.empty()) return paths;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string path = text.substr(begin, end - begin);
    path.erase(0, path.find_first_not_of(' '));
    path.erase(path.find_last_not_of(' ') + 1);
    if (path.empty()) {
      throw ConfigError("prepare.text_field: \"" + text +
                        "\" has an empty path; expected paths with commas between them, such as text,document.body");
    }
    paths.push_back(parse_field_path(path));
    begin = end + 1;
  }
  return paths;
}

std::string find_strings(const Json& value, const std::vector<std::string>& keys, bool& found) {
  std::string joined;
  found = false;
  collect_strings(value, keys, 0, 0, found, joined);
  return joined;
}

}  // namespace ktlm::corpus
