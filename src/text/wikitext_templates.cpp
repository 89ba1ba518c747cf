#include "wikitext_templates.h"

#include <algorithm>
#include <array>

#include "name_table.h"

namespace ktlm::text {
namespace {

using enum TemplateResult;

constexpr auto kKeptTemplates = std::to_array<KeptTemplate>({
    {"!", kLiteral, 0, "|"},
    {"!!", kLiteral, 0, "||"},
    {"=", kLiteral, 0, "="},
    {"abbr", kArgument},
    {"angbr", kArgument},
    {"big", kArgument},
    {"blockquote", kBlock},
    {"center", kArgument},
    {"centre", kArgument},
    {"color", kLastArgument},
    {"convert", kQuantity},
    {"cquote", kBlock},
    {"em", kArgument},
    {"flag", kArgument},
    {"ill", kArgument},
    {"illm", kArgument},
    {"interlanguagelink", kArgument},
    {"lang", kArgument, 2},
    {"larger", kArgument},
    {"llang", kLanguage, 2},
    {"nobold", kArgument},
    {"nobr", kArgument},
    {"nowrap", kArgument},
    {"nts", kArgument},
    {"num", kArgument},
    {"poemquote", kBlock},
    {"quotation", kBlock},
    {"quote", kBlock},
    {"ruby", kBase},
    {"small", kArgument},
    {"smaller", kArgument},
    {"strong", kArgument},
    {"sub", kArgument},
    {"sup", kArgument},
    {"tooltip", kArgument},
    {"transliteration", kLastArgument},
    {"u", kArgument},
    {"underline", kArgument},
    {"unicode", kArgument},
    {"val", kArgument},
    {"가운데", kArgument},
    {"국기", kArgument},
    {"국기나라", kArgument},
    {"굵게", kArgument},
    {"글자색", kLastArgument},
    {"글자크기", kLastArgument},
    {"나라", kArgument},
    {"단위변환", kQuantity},
    {"루비", kBase},
    {"밑줄", kArgument},
    {"변환", kQuantity},
    {"색", kLastArgument},
    {"아래첨자", kArgument},
    {"약어", kArgument},
    {"언어", kArgument, 2},
    {"언어표기", kArgument, 2},
    {"옛한글", kArgument},
    {"위첨자", kArgument},
    {"인용구", kBlock},
    {"인용문", kBlock},
    {"인용문2", kBlock},
    {"인용상자", kBlock},
    {"일본어", kArgument},
    {"임시링크", kArgument},
    {"작게", kArgument},
    {"작은글씨", kArgument},
    {"줄바꿈금지", kArgument},
    {"크게", kArgument},
    {"툴팁", kArgument},
    {"한글", kArgument},
    {"한자", kArgument},
});
static_assert(is_sorted_by_name(kKeptTemplates));

// {{lang-de|...}}, {{lang-fr|...}}, ...
constexpr KeptTemplate kLanguageNamedTemplate = {"lang-", kOwnLanguage};

constexpr auto kDisambiguations = std::to_array<std::string_view>({
    "dab",
    "disamb",
    "disambig",
    "disambiguation",
    "geodis",
    "hndis",
    "동명이인",
    "동음이의",
    "동음이의문서",
    "동음이의어",
});
static_assert(std::ranges::is_sorted(kDisambiguations));

constexpr auto kContentArguments = std::to_array<std::string_view>({
    "1",
    "content",
    "quote",
    "text",
    "글",
    "내용",
    "인용",
    "인용문",
    "텍스트",
});
static_assert(std::ranges::is_sorted(kContentArguments));

}  // namespace

const KeptTemplate* find_kept_template(std::string_view name) {
  constexpr size_t kLongestName = 60;
  if (name.size() > kLongestName) return nullptr;
  std::string key = canonical_name(name);
  for (const std::string_view prefix : {"틀:", "template:"}) {
    if (key.starts_with(prefix)) key.erase(0, prefix.size());
  }
  if (key.starts_with(kLanguageNamedTemplate.name)) return &kLanguageNamedTemplate;
  return find_by_name(kKeptTemplates, key);
}

bool is_content_argument(std::string_view name) {
  return std::ranges::binary_search(kContentArguments, std::string_view(canonical_name(name)));
}

bool is_disambiguation_template(std::string_view name) {
  const std::string key = canonical_name(name);
  // 지명 동음이의, 역 동음이의, Place name disambiguation, ...
  return std::ranges::binary_search(kDisambiguations, std::string_view(key)) || key.ends_with("동음이의") ||
         key.ends_with("disambiguation");
}

}  // namespace ktlm::text
