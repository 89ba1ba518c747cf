#include "input_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "json_reader.h"
#include "ktlm/core/error.h"
#include "ktlm/text/normalize.h"
#include "manifest.h"
#include "parquet_reader.h"

namespace ktlm::corpus {

namespace fs = std::filesystem;

namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The files that a folder or an archive stands for, and what their names say. XML and JSON have several forms, which
// only the content tells.
struct DocumentSuffix {
  std::string_view suffix;
  std::optional<Format> format;
};
constexpr std::array kDocumentSuffixes = {
    DocumentSuffix{".txt", Format::kText},     DocumentSuffix{".text", Format::kText},
    DocumentSuffix{".md", Format::kText},      DocumentSuffix{".jsonl", Format::kJsonl},
    DocumentSuffix{".json", std::nullopt},     DocumentSuffix{".ndjson", Format::kJsonl},
    DocumentSuffix{".html", Format::kHtml},    DocumentSuffix{".htm", Format::kHtml},
    DocumentSuffix{".xml", std::nullopt},      DocumentSuffix{".xhtml", Format::kHtml},
    DocumentSuffix{".wiki", Format::kWikitext}};
constexpr std::array<std::string_view, 3> kArchiveSuffixes = {".zip", ".tar", ".tgz"};

std::string suffix_of(const std::string& name) {
  std::string suffix = without_compression_suffix(name).extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), to_lower);
  return suffix;
}

// Null where the name says nothing.
const DocumentSuffix* find_document_suffix(const std::string& name) {
  const auto found = std::ranges::find(kDocumentSuffixes, std::string_view(suffix_of(name)), &DocumentSuffix::suffix);
  return found == kDocumentSuffixes.end() ? nullptr : &*found;
}

bool is_archive_name(const std::string& name) {
  return std::ranges::find(kArchiveSuffixes, suffix_of(name)) != kArchiveSuffixes.end();
}

bool same_path(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// A name goes into documents, which are normalised UTF-8, whatever the file system holds; macOS's decomposes Hangul.
std::string last_component(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return text::normalize((normal.has_filename() ? normal.filename() : normal.parent_path().filename()).string());
}

fs::path without_trailing_slash(const fs::path& directory) {
  return directory.has_filename() ? directory : directory.parent_path();
}

// What prepare has made there before: the prepared directory, its shards.
bool is_result(const fs::path& path, const fs::path& out_dir) {
  if (same_path(path, out_dir)) return true;
  const fs::path out = without_trailing_slash(fs::absolute(out_dir).lexically_normal());
  return path.filename().string().starts_with(out.filename().string() + ".shard-") &&
         same_path(path.parent_path(), out.parent_path());
}

// Of a prepared directory the documents: its report and manifest are none.
bool is_file_of_documents(const std::string& leaf) {
  return leaf == "val.jsonl.zst" || (leaf.starts_with("train-") && leaf.ends_with(".jsonl.zst"));
}

void walk_folder(const std::string& folder, size_t input, const fs::path& out_dir, std::vector<InputFile>& files,
                 const WarningCallback& warn) {
  const size_t first = files.size();
  int64_t num_others = 0, num_unread_parquet = 0;
  std::set<fs::path> prepared;
  if (is_prepared_directory(folder)) prepared.insert((fs::path(folder) / kManifestName).parent_path());
  try {
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
      const std::string leaf = entry->path().filename().string();
      if (leaf.front() == '.' || (entry->is_directory() && is_result(entry->path(), out_dir))) {
        entry.disable_recursion_pending();
        continue;
      }
      const bool is_in_prepared = prepared.contains(entry->path().parent_path());
      if (entry->is_directory()) {
        if (is_in_prepared) entry.disable_recursion_pending();
        if (is_prepared_directory(entry->path())) prepared.insert(entry->path());
      }
      if (!entry->is_regular_file() || (is_in_prepared && !is_file_of_documents(leaf))) continue;
      if (is_parquet_name(leaf) && !can_read_parquet()) {
        ++num_unread_parquet;
        continue;
      }
      if (!is_document_name(leaf) && !is_parquet_name(leaf) && !is_archive_name(leaf)) {
        ++num_others;
        continue;
      }
      const std::string relative = text::normalize(entry->path().lexically_relative(folder).generic_string());
      files.push_back({entry->path().string(), last_component(folder) + "/" + relative, input,
                       static_cast<int64_t>(entry->file_size())});
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(error.path1().string() + ": can't be read: " + system_error_text(error.code().value()));
  }
  std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end(),
            [](const InputFile& a, const InputFile& b) { return std::tie(a.name, a.path) < std::tie(b.name, b.path); });
  if (num_unread_parquet > 0) {
    const std::string words = folder + ": " + std::to_string(num_unread_parquet) +
                              " Parquet files left out, which this ktlm was built without Arrow to read; run "
                              ".venv/bin/pip install pyarrow and build it again, or convert them to JSONL";
    if (files.size() == first) throw Error(words);
    warn(words);
  }
  if (files.size() == first) {
    const auto parquet = can_read_parquet() ? std::vector<std::string>{".parquet"} : std::vector<std::string>{};
    throw Error(folder + ": holds no " + document_suffixes_text(parquet) +
                " file; name the files and, with --format, what they are");
  }
  if (num_others > 0) {
    warn(folder + ": " + std::to_string(num_others) + " files of other kinds left out; name them to read them too");
  }
}

std::string_view trim_front(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

bool contains_ignoring_case(std::string_view text, std::string_view lower_case_word) {
  const auto same = [](char a, char b) { return to_lower(a) == b; };
  return std::search(text.begin(), text.end(), lower_case_word.begin(), lower_case_word.end(), same) != text.end();
}

std::optional<Format> format_of_markup(std::string_view head) {
  if (head.find("<mediawiki") != std::string_view::npos) return Format::kMediawiki;
  if (contains_ignoring_case(head, "<!doctype html") || contains_ignoring_case(head, "<html")) return Format::kHtml;
  return std::nullopt;
}

// Whether the first value ends where its line does, and is an object: then so are the others, unless they are damaged,
// which is then damage to a line alone.
bool is_object_a_line(ByteSource& source) {
  constexpr size_t kLongestFirstLine = size_t{1} << 20;
  const std::string_view head = trim_front(source.peek(kLongestFirstLine));
  const std::string_view line = head.substr(0, head.find('\n'));
  const size_t end = JsonValueEnd().find(line);
  return end != std::string_view::npos && line.find_first_not_of(" \t\r", end) == std::string_view::npos;
}

Format format_of_content(const std::string& name, ByteSource& source, bool known_name) {
  const std::string_view bytes = source.peek(4096);
  if (bytes.find('\0') != std::string_view::npos || bytes.substr(0, 5) == "%PDF-") {
    throw Error(name + ": binary data; expected a MediaWiki dump, wikitext, HTML, JSON or plain text");
  }
  const std::string_view head = trim_front(bytes);
  const auto starts = [head](std::string_view prefix) { return head.substr(0, prefix.size()) == prefix; };
  if (starts("<")) {
    if (const auto format = format_of_markup(head)) return *format;
    if (starts("<?xml") || known_name) {
      throw Error(name + ": XML, but neither a MediaWiki export nor XHTML; --format text reads it as it is");
    }
  }
  const bool wikitext = starts("{{") || starts("{|");
  if (starts("{") && !wikitext) return is_object_a_line(source) ? Format::kJsonl : Format::kJson;
  const bool array_of_objects = starts("[") && trim_front(head.substr(1)).substr(0, 1) == "{";
  return array_of_objects || (starts("[") && known_name) ? Format::kJson : Format::kText;
}

}  // namespace

bool is_document_name(const std::string& name) { return find_document_suffix(name) != nullptr; }

bool is_parquet_name(const std::string& name) { return suffix_of(name) == ".parquet"; }

bool may_name_sources(const std::string& name, const std::string& forced) {
  if (is_archive_name(name)) return true;  // its members' names are not known yet
  if (forced != "auto") return forced == "json" || forced == "jsonl";
  const DocumentSuffix* known = find_document_suffix(name);
  return known == nullptr || !known->format || *known->format == Format::kJsonl;
}

bool is_hidden_member(const std::string& member) {
  if (member.starts_with('.')) return !member.starts_with("./") || member.find("/.", 1) != std::string::npos;
  return member.find("/.") != std::string::npos || member.starts_with("__MACOSX/");
}

std::string document_suffixes_text(const std::vector<std::string>& more) {
  std::vector<std::string> all;
  for (const DocumentSuffix& known : kDocumentSuffixes) all.emplace_back(known.suffix);
  all.insert(all.end(), more.begin(), more.end());
  std::string text = all.front();
  for (size_t i = 1; i < all.size(); ++i) text += (i + 1 == all.size() ? " or " : ", ") + all[i];
  return text;
}

std::vector<InputFile> list_input_files(const std::vector<std::string>& inputs, const fs::path& out_dir,
                                        const WarningCallback& warn) {
  std::vector<InputFile> files;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == "-") {
      files.push_back({"-", display_name("-"), i, 0});
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(inputs[i], error);
    if (!fs::exists(status)) {
      throw Error(inputs[i] + ": can't be read: " + system_error_text(error ? error.value() : ENOENT));
    }
    if (fs::is_directory(status)) {
      if (same_path(inputs[i], out_dir)) throw Error(inputs[i] + ": is both input and --out; choose another --out");
      walk_folder(inputs[i], i, out_dir, files, warn);
    } else {
      const auto size = fs::is_regular_file(status) ? static_cast<int64_t>(fs::file_size(inputs[i], error)) : 0;
      files.push_back({inputs[i], last_component(inputs[i]), i, size});
    }
  }
  return files;
}

Format detect_format(const std::string& name, ByteSource& source, const std::string& forced) {
  static const std::map<std::string, Format> kFormats = {
      {"mediawiki", Format::kMediawiki}, {"wikitext", Format::kWikitext}, {"html", Format::kHtml},
      {"jsonl", Format::kJsonl},         {"json", Format::kJson},         {"text", Format::kText}};
  if (const auto found = kFormats.find(forced); found != kFormats.end()) return found->second;
  const DocumentSuffix* known = find_document_suffix(name);
  return known != nullptr && known->format ? *known->format : format_of_content(name, source, known != nullptr);
}

}  // namespace ktlm::corpus
