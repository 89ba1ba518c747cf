// What the templates that keep words show, as a reader of Korean Wikipedia sees it.
#include <algorithm>
#include <array>

#include "wikitext_countries.h"
#include "wikitext_languages.h"
#include "wikitext_names.h"
#include "wikitext_renderer.h"
#include "wikitext_tags.h"

namespace ktlm::text {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Label {
  std::string_view argument;  // in small letters
  std::string_view label;     // how the words are introduced
  int number = 0;             // the positional argument that means the same
};
constexpr auto kLabels = std::to_array<Label>({
    {"hangul", "", 1},    {"한글", ""},          {"hanja", "한자: ", 2}, {"한자", "한자: "},     {"t", "정체자: "},
    {"trad", "정체자: "}, {"정체", "정체자: "},  {"정체자", "정체자: "}, {"번체", "정체자: "},   {"c", "한자: "},
    {"s", "간체자: "},    {"simp", "간체자: "},  {"간체", "간체자: "},   {"간체자", "간체자: "}, {"p", "병음: "},
    {"병음", "병음: "},   {"rr", "로마자: ", 3}, {"로마자", "로마자: "}, {"kanji", "한자: "},    {"kana", "가나: "},
});

// {{convert|3|-|5|km}}: what may stand between two numbers.
constexpr auto kRanges =
    std::to_array<std::string_view>({"-", "–", "~", "to", "and", "or", "x", "×", "by", "±", "+/-"});

}  // namespace

std::string_view WikitextRenderer::words_of(const Argument* argument) const {
  return argument == nullptr ? std::string_view() : trimmed(view_.between(argument->begin, argument->end));
}

void WikitextRenderer::render_kept(const KeptTemplate& kept, std::string_view name, const Span& span) {
  const Arguments arguments = view_.template_arguments(span);
  const Argument* main_argument = find_argument(arguments, kept.argument);
  switch (kept.result) {
    case TemplateResult::kLiteral:
      line_ += kept.literal;
      break;
    case TemplateResult::kPrefixed:
      if (!words_of(main_argument).empty()) line_ += kept.literal;
      render_argument(main_argument);
      break;
    case TemplateResult::kArgument:
      render_argument(main_argument);
      break;
    case TemplateResult::kLastArgument: {
      const auto last =
          std::find_if(arguments.rbegin(), arguments.rend(), [](const Argument& a) { return a.name.empty(); });
      render_argument(last == arguments.rend() ? nullptr : &*last);
      break;
    }
    case TemplateResult::kJoined:
      for (const Argument& argument : arguments) {
        if (argument.name.empty()) render_argument(&argument);
      }
      break;
    case TemplateResult::kNameWords: {
      const size_t colon = static_cast<size_t>(name.data() - page_.data()) + name.find(':');
      render_words(colon + 1, span.content_end);
      break;
    }
    case TemplateResult::kLanguage:
      render_language(words_of(find_argument(arguments, 1)), main_argument);
      break;
    case TemplateResult::kOwnLanguage:
      render_language(name.substr(name.find('-') + 1), main_argument);
      break;
    case TemplateResult::kLabelled: {
      // Over several lines it is a box beside the text.
      const std::string_view content = view_.between(span.content_begin, span.content_end);
      if (content.find('\n') == std::string_view::npos) {
        render_labelled(arguments);
      } else {
        scar();
      }
      break;
    }
    case TemplateResult::kQuantity:
      render_quantity(arguments);
      break;
    case TemplateResult::kNumber:
      render_number(arguments);
      break;
    case TemplateResult::kFraction:
      render_fraction(arguments);
      break;
    case TemplateResult::kDate:
      render_date(arguments);
      break;
    case TemplateResult::kBase:
      render_base(arguments);
      break;
    case TemplateResult::kCountry:
      render_country(kept.argument == 0 ? name : words_of(main_argument), main_argument);
      break;
    case TemplateResult::kBlock: {
      if (main_argument == nullptr) {
        const auto named =
            std::ranges::find_if(arguments, [](const Argument& a) { return is_content_argument(a.name); });
        if (named != arguments.end()) main_argument = &*named;
      }
      render_block(main_argument);
      break;
    }
  }
}

void WikitextRenderer::render_language(std::string_view code, const Argument* words) {
  const std::string_view language = language_name(code);
  if (!language.empty() && !words_of(words).empty()) {
    line_ += language;
    line_ += ": ";
  }
  render_argument(words);
}

void WikitextRenderer::render_labelled(const Arguments& arguments) {
  int position = 0;
  bool is_first = true;
  for (const Argument& argument : arguments) {
    if (argument.name.empty()) ++position;
    const auto label = std::ranges::find_if(kLabels, [&](const Label& known) {
      return argument.name.empty() ? known.number == position : known.argument == argument.name;
    });
    if (label == kLabels.end() || words_of(&argument).empty()) continue;
    if (!is_first) line_ += ", ";
    is_first = false;
    line_ += label->label;
    render_argument(&argument);
  }
  if (is_first) scar();
}

void WikitextRenderer::render_quantity(const Arguments& arguments) {
  int number = 1;
  render_argument(find_argument(arguments, number++));
  const std::string_view between = words_of(find_argument(arguments, number));
  if (std::ranges::find(kRanges, between) != kRanges.end()) {
    const bool is_word = is_ascii_alphanumeric(between.front());
    if (is_word) line_ += ' ';
    line_ += between;
    if (is_word) line_ += ' ';
    render_argument(find_argument(arguments, ++number));
    ++number;
  }
  line_ += ' ';
  render_argument(find_argument(arguments, number));
}

void WikitextRenderer::render_number(const Arguments& arguments) {
  const auto find_named = [&](std::string_view name) {
    const auto found = std::ranges::find(arguments, name, &Argument::name);
    return found == arguments.end() ? nullptr : &*found;
  };
  render_argument(find_argument(arguments, 1));
  if (const Argument* error = find_argument(arguments, 2);
      error != nullptr && is_number(words_of(error).substr(0, 1))) {
    line_ += "±";
    render_argument(error);
  }
  if (const std::string_view exponent = words_of(find_named("e")); !exponent.empty()) {
    line_ += "×10";
    if (!append_superscript(exponent, line_)) line_ += exponent;
  }
  for (const char* name : {"u", "ul"}) {
    const Argument* unit = find_named(name);
    if (words_of(unit).empty()) continue;
    line_ += ' ';
    render_argument(unit);
    break;
  }
}

// {{frac|2}} is 1/2, {{frac|3|4}} 3/4, {{frac|1|3|4}} 1 3/4.
void WikitextRenderer::render_fraction(const Arguments& arguments) {
  const Argument* parts[] = {find_argument(arguments, 1), find_argument(arguments, 2), find_argument(arguments, 3)};
  if (parts[1] == nullptr) {
    if (!words_of(parts[0]).empty()) line_ += "1/";
    render_argument(parts[0]);
    return;
  }
  render_argument(parts[0]);
  if (parts[2] != nullptr) {
    line_ += ' ';
    render_argument(parts[1]);
  }
  line_ += '/';
  render_argument(parts[2] != nullptr ? parts[2] : parts[1]);
}

// {{날짜|1988|9|17}} and {{날짜|1988-09-17}}; what is no number is words, as in {{시작일|1988년 9월}}.
void WikitextRenderer::render_date(const Arguments& arguments) {
  constexpr std::string_view kUnits[] = {"년", "월", "일"};
  std::vector<std::string_view> parts;
  if (const std::string_view first = words_of(find_argument(arguments, 1)); is_number(first)) {
    for (const int number : {1, 2, 3}) parts.push_back(words_of(find_argument(arguments, number)));
  } else {
    for (size_t begin = 0; begin <= first.size() && parts.size() <= std::size(kUnits);) {
      const size_t end = std::min(first.find('-', begin), first.size());
      parts.push_back(first.substr(begin, end - begin));
      begin = end + 1;
    }
    const bool is_iso = parts.size() == std::size(kUnits) && std::ranges::all_of(parts, is_number);
    if (!is_iso) return render_argument(find_argument(arguments, 1));
  }
  for (size_t i = 0; i < parts.size() && is_number(parts[i]); ++i) {
    const size_t digits = std::min(parts[i].find_first_not_of('0'), parts[i].size() - 1);
    if (i > 0) line_ += ' ';
    line_ += parts[i].substr(digits);
    line_ += kUnits[i];
  }
}

void WikitextRenderer::render_base(const Arguments& arguments) {
  render_argument(find_argument(arguments, 1));
  if (find_argument(arguments, 2) == nullptr) return;
  line_ += '(';
  render_argument(find_argument(arguments, 2));
  line_ += ", ";
  render_argument(find_argument(arguments, 3));
  line_ += ')';
}

void WikitextRenderer::render_country(std::string_view code, const Argument* argument) {
  const std::string_view country = country_name(code);
  if (country.empty()) {
    render_argument(argument);
  } else {
    line_ += country;
  }
}

void WikitextRenderer::render_block(const Argument* argument) {
  if (in_heading_ || words_of(argument).empty() || is_too_deep()) return render_argument(argument);
  end_paragraph();
  begin_block();
  render(begin_line(argument->begin, argument->end), argument->end);
  end_paragraph();
}

}  // namespace ktlm::text
