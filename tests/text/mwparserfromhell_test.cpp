// mwparserfromhell's tests say into which tokens a page falls. From the tokens follow the words that a reader sees, and
// those must be ours. Only letters and digits are compared: what a lone mark leaves, and white space, are ours to
// choose.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "html_entities.h"
#include "ktlm/text/utf8.h"
#include "ktlm/text/wikitext.h"
#include "text/text_files.h"
#include "wikitext_tags.h"

namespace ktlm::text {
namespace {

const std::filesystem::path kTests =
    std::filesystem::path(KTLM_SHARED_DATA_DIR) / "wikitext/parser-tests/mwparserfromhell";

struct Token {
  std::string name;                              // "Text", "TemplateOpen", ...
  std::map<std::string, std::string> arguments;  // text="..." and the like
};
struct Case {
  std::string name;
  std::string input;
  std::vector<Token> tokens;
};

// Escaped as in Python.
std::string unescape(std::string_view text) {
  std::string result;
  for (size_t position = 0; position < text.size(); ++position) {
    if (text[position] != '\\' || position + 1 == text.size()) {
      result += text[position];
      continue;
    }
    const char c = text[++position];
    const size_t num_digits = c == 'u' ? 4 : c == 'x' ? 2 : 0;
    if (num_digits > 0) {
      const std::string digits(text.substr(position + 1, num_digits));
      append_utf8(result, static_cast<char32_t>(std::stoul(digits, nullptr, 16)));
      position += num_digits;
    } else {
      result += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
  }
  return result;
}

// [Text(text="a"), HeadingStart(level=2), ...]
std::vector<Token> read_tokens(std::string_view line) {
  std::vector<Token> tokens;
  for (size_t position = 1; position < line.size() && line[position] != ']';) {
    const size_t open = line.find('(', position);
    Token token{std::string(line.substr(position, open - position)), {}};
    position = open + 1;
    while (line[position] != ')') {
      const size_t equals = line.find('=', position);
      const std::string key(line.substr(position, equals - position));
      position = equals + 1;
      if (const char quote = line[position]; quote == '"' || quote == '\'') {
        const size_t begin = ++position;
        while (line[position] != quote) position += line[position] == '\\' ? 2 : 1;
        token.arguments[key] = unescape(line.substr(begin, position - begin));
        ++position;
      } else {
        const size_t end = line.find_first_of(",)", position);
        token.arguments[key] = line.substr(position, end - position);
        position = end;
      }
      position = std::min(line.find_first_not_of(", ", position), line.size());
    }
    tokens.push_back(std::move(token));
    position = std::min(line.find_first_not_of(", ", position + 1), line.size());
  }
  return tokens;
}

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  const std::string text = read_text(path);
  std::map<std::string, std::string> fields;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string key(line.substr(0, colon));
    fields[key] = line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
    if (key != "output") continue;
    // Quotation marks inside the input's own are not escaped.
    std::string_view input = fields["input"];
    if (input.starts_with('"')) input = input.substr(1, input.size() - 2);
    cases.push_back({fields["name"], unescape(input), read_tokens(fields["output"])});
  }
  return cases;
}

// Walks the tokens and gives the words that a reader of the page would see.
class Reader {
 public:
  explicit Reader(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::string read() { return read_until({}); }
  bool has(std::string_view name) const {
    return std::ranges::any_of(tokens_, [&](const Token& token) { return token.name == name; });
  }

 private:
  bool at(std::string_view name) const { return next_ < tokens_.size() && tokens_[next_].name == name; }

  // Up to the first token of one of these names, which stays.
  std::string read_until(const std::vector<std::string_view>& ends) {
    std::string words;
    while (next_ < tokens_.size() && std::ranges::find(ends, tokens_[next_].name) == ends.end()) words += read_next();
    return words;
  }

  std::string read_next() {
    const Token& token = tokens_[next_++];
    const auto argument = [&](const char* key) {
      return token.arguments.contains(key) ? token.arguments.at(key) : std::string();
    };
    if (token.name == "Text") return argument("text");
    if (token.name == "TemplateOpen") return drop_until("TemplateClose");
    if (token.name == "ArgumentOpen") return drop_until("ArgumentClose");
    if (token.name == "CommentStart") return drop_until("CommentEnd");
    if (token.name == "WikilinkOpen") {
      std::string words = read_until({"WikilinkSeparator", "WikilinkClose"});
      const bool is_file = words.starts_with("file:") || words.starts_with("File:");
      if (at("WikilinkSeparator")) {
        ++next_;
        words = read_until({"WikilinkClose"});
      }
      ++next_;
      return is_file ? std::string() : words;
    }
    if (token.name == "ExternalLinkOpen") {
      const std::string url = read_until({"ExternalLinkSeparator", "ExternalLinkClose"});
      std::string label;
      if (at("ExternalLinkSeparator")) {
        ++next_;
        label = read_until({"ExternalLinkClose"});
      }
      ++next_;
      return argument("brackets") == "True" ? label : url;
    }
    if (token.name == "HTMLEntityStart") {
      std::string entity = "&";
      for (; !at("HTMLEntityEnd"); ++next_) {
        if (at("HTMLEntityNumeric")) entity += '#';
        for (const auto& [key, value] : tokens_[next_].arguments) entity += value;
      }
      ++next_;
      entity += ';';
      std::string character;
      size_t position = 0;
      return decode_html_entity(entity, position, character) ? character : entity;
    }
    if (token.name == "TagOpenOpen") return read_tag();
    return {};  // HeadingStart, HeadingEnd: what stands between them is text
  }

  std::string drop_until(std::string_view end) {
    read_until({end});
    ++next_;
    return {};
  }

  std::string read_tag() {
    std::string name = at("Text") ? tokens_[next_].arguments.at("text") : std::string();
    std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
    read_until({"TagCloseOpen", "TagCloseSelfclose"});  // the name and the attributes
    if (tokens_[next_++].name == "TagCloseSelfclose") return {};
    const std::string words = read_until({"TagOpenClose"});
    drop_until("TagCloseClose");
    return name == "ref" || name == "table" ? std::string() : words;
  }

  const std::vector<Token>& tokens_;
  size_t next_ = 0;
};

std::string letters_and_digits(std::string_view text) {
  std::string result;
  for (size_t position = 0; position < text.size();) {
    const size_t begin = position;
    const char32_t c = decode_utf8(text, position);
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c > 0xA0;
    if (is_word) result += text.substr(begin, position - begin);
  }
  return result;
}

// Why a case does not apply to us; empty where it does. What we do instead is tested in wikitext_test.cpp.
std::string_view reason_to_differ(const Case& test) {
  static const std::map<std::string, std::string_view> kByName = {
      {"brackets_recursive", "a link whose label is an address has no words"},
      {"brackets_recursive_2", "a link whose label is an address has no words"},
      {"brackets_open_bracket_inside", "the address ends where the words begin"},
      {"bracketed_link_inside_template", "of marks that overlap, those that close first win"},
      {"invalid_braces", "of marks that overlap, those that close first win"},
      {"italics_start_inside_end_outside", "of marks that overlap, those that close first win"},
      {"bold_start_inside_end_outside", "of marks that overlap, those that close first win"},
      {"newlines_wildcard_redux_invalid", "what an argument holds does not spoil the template"},
      {"invalid_param_name_double_braces", "what an argument holds does not spoil the template"},
      {"characters_after_inline_table", "MediaWiki reads the first line of a table as attributes"},
      {"inline_table_attributes", "MediaWiki reads the first line of a table as attributes"},
      {"invalid_numeric_out_of_range_3", "HTML gives U+FFFD"},
      {"invalid_numeric_out_of_range_4", "HTML gives U+FFFD"},
      {"single_nested_selfclosing", "a tag within another's attributes"},
      {"non_ascii_full", "a tag that HTML does not have is text"},
  };
  if (const auto found = kByName.find(test.name); found != kByName.end()) return found->second;
  for (size_t i = 0; i < test.tokens.size(); ++i) {
    const auto text = test.tokens[i].arguments.find("text");
    if (text == test.tokens[i].arguments.end()) continue;
    const std::string_view words = text->second;
    if (words.find("<!--") != std::string_view::npos) return "MediaWiki lets an unclosed comment run to the end";
    if (words.starts_with("{|")) return "the first line and the rows of a table that nobody closes go";
    const size_t less = words.find('<');
    if (less != std::string_view::npos && find_tag(tag_name_at(words, less)) != nullptr) return "a lone tag goes";
    if (words.find("</") != std::string_view::npos || words.find("< ref") != std::string_view::npos) {
      return "a lone tag goes";
    }
    const bool is_tag_name = i > 0 && test.tokens[i - 1].name == "TagOpenOpen";
    if (is_tag_name && words == "foo") return "a tag that HTML does not have is text";
  }
  return {};
}

// Text in <nowiki>, or <pre>, may look like markup, and "<{{foo}}ref>" is no tag but reads like one in the end.
void expect_no_marks(const std::string& input, const std::string& text) {
  std::string lower = input;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  for (const char* exempt : {"nowiki", "<pre", "<{{"}) {
    if (lower.find(exempt) != std::string::npos) return;
  }
  for (const char* mark : {"{{", "[[", "<ref", "<!--"}) {
    EXPECT_EQ(text.find(mark), std::string::npos) << input << " -> " << text;
  }
}

TEST(Mwparserfromhell, TheWordsThatFollowFromItsTokensAreOurs) {
  const auto files = files_in(kTests);
  if (files.empty()) GTEST_SKIP() << "no parser tests in " << kTests;
  int num_same = 0;
  std::map<std::string_view, int> num_others;  // per reason
  for (const auto& path : files) {
    if (path.extension() != ".mwtest") continue;
    for (const Case& test : read_cases(path)) {
      Reader reader(test.tokens);
      // A heading goes where no text follows it.
      const std::string tail = reader.has("HeadingStart") ? "\n\n글" : "";
      const std::string text = wikitext_to_text(test.input + tail);
      expect_no_marks(test.input, text);
      const std::string wanted = letters_and_digits(reader.read() + tail);
      if (letters_and_digits(text) == wanted) {
        ++num_same;
      } else if (const std::string_view reason = reason_to_differ(test); !reason.empty()) {
        ++num_others[reason];
      } else {
        ADD_FAILURE() << path.filename() << ": " << test.name << ": " << test.input << "\n -> " << text
                      << "\n instead of " << wanted;
      }
    }
  }
  EXPECT_EQ(num_same, 505);
  int num_different = 0;
  for (const auto& [reason, num_cases] : num_others) {
    num_different += num_cases;
    std::cout << num_cases << " cases differ: " << reason << "\n";
  }
  EXPECT_EQ(num_different, 68);
}

}  // namespace
}  // namespace ktlm::text
