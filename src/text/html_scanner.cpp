#include "html_scanner.h"

#include <algorithm>
#include <string>

namespace ktlm::text {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, to_lower);
}

bool hides(std::string_view style) {
  std::string compact(style.substr(0, 1024));
  std::erase_if(compact, is_html_white);
  std::ranges::transform(compact, compact.begin(), to_lower);
  return compact.find("display:none") != std::string::npos || compact.find("visibility:hidden") != std::string::npos;
}

}  // namespace

std::string_view HtmlScanner::take_until(size_t end) {
  const std::string_view text = page_.substr(position_, end - position_);
  position_ = text_from_ = end;
  return text;
}

std::string_view HtmlScanner::read_text() {
  return take_until(std::min(page_.find('<', std::max(position_, text_from_)), page_.size()));
}

HtmlMarkup HtmlScanner::read_markup(HtmlTag& tag) {
  const std::string_view rest = page_.substr(position_);
  if (rest.size() > 1 && is_letter(rest[1])) return read_start_tag(tag) ? HtmlMarkup::kStartTag : HtmlMarkup::kOther;
  if (rest.size() > 2 && rest[1] == '/' && is_letter(rest[2])) {
    position_ += 2;
    tag = {};
    tag.tag = read_name();
    skip_behind('>');
    return HtmlMarkup::kEndTag;
  }
  if (rest.starts_with("<!--")) {
    skip_comment();
    return HtmlMarkup::kOther;
  }
  if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '?' || rest[1] == '/')) {
    skip_behind('>');
    return HtmlMarkup::kOther;
  }
  text_from_ = position_ + 1;
  return HtmlMarkup::kNone;
}

void HtmlScanner::skip_behind(char mark) {
  const size_t found = page_.find(mark, position_);
  position_ = found == std::string_view::npos ? page_.size() : found + 1;
}

// Ends at --> or --!>, also in <!--> and <!--->, whose hyphens count twice.
void HtmlScanner::skip_comment() {
  size_t hyphens = position_ + 2;
  while ((hyphens = page_.find("--", hyphens)) != std::string_view::npos) {
    const std::string_view behind = page_.substr(hyphens + 2, 2);
    if (behind.starts_with('>') || (behind == "!>" && hyphens > position_ + 2)) {
      position_ = hyphens + (behind[0] == '>' ? 3 : 4);
      return;
    }
    ++hyphens;
  }
  position_ = page_.size();
}

TagId HtmlScanner::read_name() {
  std::array<char, 16> name{};  // longer than any that is listed
  size_t size = 0;
  for (; position_ < page_.size(); ++position_) {
    const char c = page_[position_];
    if (is_html_white(c) || c == '>' || c == '/') break;
    if (size < name.size()) name[size] = to_lower(c);
    ++size;
  }
  return size <= name.size() ? tag_of({name.data(), size}) : TagId{0};
}

bool HtmlScanner::read_start_tag(HtmlTag& tag) {
  tag = {};
  ++position_;
  tag.tag = read_name();
  while (position_ < page_.size() && page_[position_] != '>') {
    const char c = page_[position_];
    if (is_html_white(c) || c == '/') {
      tag.is_closed = c == '/';
      ++position_;
      continue;
    }
    tag.is_closed = false;
    read_attribute(tag);
  }
  if (at_end()) return false;
  ++position_;
  return true;
}

void HtmlScanner::read_attribute(HtmlTag& tag) {
  const auto ends_name = [](char c) { return is_html_white(c) || c == '=' || c == '>' || c == '/'; };
  const size_t begin = position_;
  ++position_;  // even where it is '='
  while (position_ < page_.size() && !ends_name(page_[position_])) ++position_;
  const std::string_view name = page_.substr(begin, position_ - begin);
  size_t at = position_;
  while (at < page_.size() && is_html_white(page_[at])) ++at;
  std::string_view value;
  if (at < page_.size() && page_[at] == '=') {
    position_ = at + 1;
    value = read_value();
  }
  const auto keep_first = [&](std::string_view& slot) { slot = slot.empty() ? value : slot; };
  if (equals_ignoring_case(name, "id")) keep_first(tag.attributes.id);
  if (equals_ignoring_case(name, "class")) keep_first(tag.attributes.class_names);
  if (equals_ignoring_case(name, "role")) keep_first(tag.attributes.role);
  if (equals_ignoring_case(name, "itemprop")) keep_first(tag.attributes.itemprop);
  if (equals_ignoring_case(name, "hidden")) tag.is_hidden = true;
  if (equals_ignoring_case(name, "aria-hidden") && value == "true") tag.is_hidden = true;
  if (equals_ignoring_case(name, "style") && hides(value)) tag.is_hidden = true;
}

std::string_view HtmlScanner::read_value() {
  while (position_ < page_.size() && is_html_white(page_[position_])) ++position_;
  if (at_end()) return {};
  const char quote = page_[position_];
  const size_t last = quote == '"' ? last_double_quote_ : quote == '\'' ? last_single_quote_ : std::string_view::npos;
  // A quotation mark that never comes again would take the rest of the page.
  if (last != std::string_view::npos && last > position_) {
    const size_t begin = ++position_;
    position_ = page_.find(quote, begin) + 1;
    return page_.substr(begin, position_ - 1 - begin);
  }
  const size_t begin = position_;
  while (position_ < page_.size() && !is_html_white(page_[position_]) && page_[position_] != '>') ++position_;
  return page_.substr(begin, position_ - begin);
}

std::string_view HtmlScanner::read_raw_text(TagId tag) {
  const std::string_view name = kTags[tag].name;
  size_t end = has_no_end_[tag] ? std::string_view::npos : position_;
  while (end != std::string_view::npos) {
    end = page_.find("</", end);
    if (end == std::string_view::npos || equals_ignoring_case(page_.substr(end + 2, name.size()), name)) break;
    end += 2;
  }
  has_no_end_[tag] = end == std::string_view::npos;
  if (has_no_end_[tag]) end = tag == tag_of("title") ? page_.find('<', position_) : page_.size();
  const std::string_view text = take_until(std::min(end, page_.size()));
  if (!has_no_end_[tag]) skip_behind('>');
  return text;
}

bool HtmlScanner::next_button_tag_ends() {
  constexpr std::string_view kName = "button";
  next_button_tag_ = std::max(next_button_tag_, position_);
  for (; next_button_tag_ < page_.size(); ++next_button_tag_) {
    next_button_tag_ = std::min(page_.find('<', next_button_tag_), page_.size());
    std::string_view rest = page_.substr(next_button_tag_).substr(0, kName.size() + 2);
    if (rest.size() < 2) continue;
    const bool ends = rest[1] == '/';
    rest.remove_prefix(ends ? 2 : 1);
    if (equals_ignoring_case(rest.substr(0, kName.size()), kName)) return ends;
  }
  return false;
}

}  // namespace ktlm::text
