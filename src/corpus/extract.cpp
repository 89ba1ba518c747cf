#include "extract.h"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "extract_json.h"
#include "ktlm/text/html.h"
#include "ktlm/text/normalize.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/wikitext.h"
#include "quality.h"

namespace ktlm::corpus {

namespace {

// Text in CP949 or UTF-16 has a malformed sequence for every other character; damaged UTF-8 has a few.
constexpr size_t kMinBytesPerRepair = 10;

// Of a document without a text: as much as an example in the report shows.
constexpr size_t kBeginningBytes = 1000;

// False where the bytes are no UTF-8 at all.
bool repair(std::string& bytes, const std::string& where, ExtractedDocument& out) {
  if (text::is_valid_utf8(bytes)) return true;
  size_t num_replaced = 0;
  std::string repaired = text::repair_utf8(bytes, &num_replaced);
  out.utf8_repairs += static_cast<int64_t>(num_replaced);
  if (num_replaced * kMinBytesPerRepair <= bytes.size() || num_replaced < 3) {
    bytes = std::move(repaired);
    return true;
  }
  drop(out, DropReason::kNotUtf8,
       where + ": is not UTF-8 (" + std::to_string(num_replaced) + " malformed sequences); --encoding says what it is");
  return false;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\n") == std::string_view::npos; }

void extract_text(RawDocument& raw, const std::vector<FieldPath>& text_fields, ExtractedDocument& out) {
  Document& document = out.document;
  switch (raw.form) {
    case RawForm::kWikitext:
      if (text::is_redirect(raw.body)) return drop(out, DropReason::kRedirect);
      if (text::is_disambiguation(raw.body, raw.title)) return drop(out, DropReason::kDisambiguation);
      document.text = text::normalize(text::wikitext_to_text(raw.body));
      break;
    case RawForm::kHtml: {
      text::HtmlText page = text::html_to_text(raw.body);
      if (!is_blank(page.title)) document.title = normalized_title(page.title);
      document.text = text::normalize(page.text);
      break;
    }
    case RawForm::kJson:
      return extract_json(raw, text_fields, out);
    case RawForm::kText:
      document.text = text::normalize(raw.body);
      break;
  }
}

bool has_fewer_characters(std::string_view text, int64_t min_chars) {
  const auto limit = static_cast<size_t>(min_chars);
  return text.size() / 4 < limit && text::count_code_points(text) < limit;  // a character has at most 4 bytes
}

// Which of the names that skip the quality filters mean the document, as in ExtractedDocument; bit 62 stands for
// those behind the first 62 as well.
uint64_t find_exempting_names(const std::string& source, const std::string& file,
                              const std::vector<std::string>& names) {
  uint64_t found = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names_source(names[i], source) || names_source(names[i], file)) found |= uint64_t{1} << std::min<size_t>(i, 62);
  }
  return found;
}

DropReason judge(const Document& document, bool is_exempt, const PrepareConfig& config, TextMeasures& measures) {
  if (!document.messages.empty()) return DropReason::kNone;
  if (has_fewer_characters(document.text, config.min_chars)) return DropReason::kTooShort;
  if (config.quality == "off" || is_exempt) return DropReason::kNone;
  return judge_quality(document.text, config, &measures);
}

void mask(ExtractedDocument& out) {
  text::mask_personal_data(out.document.text, out.masked);
  if (out.masked != text::PersonalDataCounts{}) out.measures.word_hashes.clear();
  text::PersonalDataCounts counted_already{};  // a dialogue's text is its contents
  for (ChatMessage& message : out.document.messages) text::mask_personal_data(message.content, counted_already);
  text::mask_personal_data(out.document.title, out.masked);
}

}  // namespace

bool names_source(std::string_view name, const std::string& source) {
  if (source == name) return true;
  while (name.ends_with('/')) name.remove_suffix(1);
  const std::string_view leaf = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
  return source == leaf || source.ends_with("/" + std::string(name)) || source.starts_with(std::string(leaf) + "/");
}

void drop(ExtractedDocument& out, DropReason reason, std::string problem) {
  out.dropped = reason;
  out.problem = std::move(problem);
}

std::string normalized_title(std::string_view title) {
  std::string normal = text::normalize(title);
  for (char& c : normal) {
    if (c == '\n') c = ' ';
  }
  return normal;
}

std::string trimmed(std::string text) {
  const size_t end = text.find_last_not_of(" \t\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  text.erase(0, text.find_first_not_of(" \t\n"));
  return text;
}

ExtractedDocument extract_document(RawDocument&& raw, const PrepareConfig& config,
                                   const std::vector<FieldPath>& text_fields) {
  ExtractedDocument out;
  out.input = raw.input;
  out.dropped = raw.dropped;
  out.problem = std::move(raw.problem);
  out.utf8_repairs = raw.utf8_repairs;
  out.document.id = std::move(raw.id);
  out.document.source = raw.source;
  out.document.title = normalized_title(raw.title);
  std::string& text = out.document.text;
  if (out.dropped == DropReason::kNone && repair(raw.body, raw.where, out)) {
    extract_text(raw, text_fields, out);
    text = trimmed(std::move(text));
    if (out.dropped == DropReason::kNone && text.empty()) drop(out, DropReason::kEmpty);
  }
  out.exempting_names = find_exempting_names(out.document.source, raw.source, config.quality_off);
  if (out.dropped != DropReason::kNone)
    text = raw.body.substr(0, kBeginningBytes);
  else
    drop(out, judge(out.document, out.exempting_names != 0, config, out.measures));
  // Dropped texts as well: the report shows how they begin.
  if (config.mask_personal_data) mask(out);
  if (out.dropped == DropReason::kNone) out.hash = hash128(text);
  return out;
}

}  // namespace ktlm::corpus
