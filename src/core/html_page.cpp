#include "ktlm/core/html_page.h"

#include <cmath>
#include <cstddef>

namespace ktlm {

namespace {

// Colours: one palette for light and one for dark, told apart with any of the usual colour blindnesses (after Okabe and
// Ito 2008, toned down). Paper takes the light one.
constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --page: #fff; --ink: #1c2024; --quiet: #60646c; --line: #d9dce1; --panel: #f6f7f9;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #b58900; --c5: #6b7fa8; }
@media screen and (prefers-color-scheme: dark) { :root { --page: #14171a; --ink: #e6e8eb; --quiet: #9ba1a8;
  --line: #33383e; --panel: #1d2125;
  --c0: #56b4e9; --c1: #f08a4b; --c2: #35c495; --c3: #e29cc3; --c4: #e0b84a; --c5: #9aaed6; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 2.75rem 0 .75rem; padding-top: .9rem; border-top: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p { margin: .5rem 0; max-width: 46rem; }
.quiet, .subtitle, figcaption { color: var(--quiet); }
.subtitle { overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.figures > div { flex: 1 1 9rem; padding: .75rem 1rem; border-radius: 8px; background: var(--panel); }
.figures b { display: block; font-size: 1.5rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.figures small { display: block; color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th { color: var(--quiet); font-weight: 500; vertical-align: bottom; overflow-wrap: normal; }
th.number, td.number { text-align: right; }
td.number { white-space: nowrap; }
td:first-child { min-width: 12rem; }
.bars { display: grid; grid-template-columns: fit-content(34%) 1fr max-content; gap: .35rem .75rem; align-items: center;
  margin: .75rem 0; font-variant-numeric: tabular-nums; }
.bars .label { overflow-wrap: anywhere; line-height: 1.3; }
.bars .value { text-align: right; color: var(--quiet); }
.bars svg { display: block; width: 100%; height: 16px; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0; font-size: .9rem; }
.legend svg:not(.swatch) { width: 12px; height: 12px; margin-right: .4rem; vertical-align: -1px; }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: 0 2rem; }
figure { margin: .75rem 0; }
figcaption b { margin-right: .25rem; color: var(--ink); font-weight: 600; }
figure svg:not(.swatch) { display: block; width: 100%; height: auto; }
figure svg.wide { min-width: 44rem; }
svg text { fill: var(--quiet); font-size: 11px; font-variant-numeric: tabular-nums; }
svg text.strong { fill: var(--ink); font-size: 13px; font-weight: 600; }
svg .grid { stroke: var(--line); stroke-width: 1; }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); }
.c3 { fill: var(--c3); } .c4 { fill: var(--c4); } .c5 { fill: var(--c5); }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); } .l2 { stroke: var(--c2); }
.l3 { stroke: var(--c3); } .l4 { stroke: var(--c4); } .l5 { stroke: var(--c5); }
.line, .dots, .noise, .marks { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.line { stroke-width: 1.8; } .dots { stroke-width: 2.8; opacity: .42; } .noise { stroke-width: 1; opacity: .38; }
.marks { stroke-width: 6; }
.dash1 { stroke-dasharray: 5 4; } .dash2 { stroke-dasharray: 1 4; }
.axis { stroke: var(--quiet); fill: none; } .edge { opacity: .7; }
.stripe { fill: transparent; } .stripe:hover { fill: var(--ink); opacity: .08; }
.swatch { display: inline; width: 18px; height: 12px; margin-right: .4rem; vertical-align: -1px; }
.track { fill: var(--panel); }
.sticky { position: sticky; top: 0; padding: .3rem 0; background: var(--page); }
.name { display: inline-block; min-width: 6rem; }
.views > input { position: absolute; opacity: 0; }
.views > label { display: inline-block; margin: .25rem .5rem .25rem 0; padding: .15rem .8rem; border-radius: 1rem;
  border: 1px solid var(--line); color: var(--quiet); cursor: pointer; }
.views > input:checked + label { border-color: var(--ink); color: var(--ink); }
.views > input:focus-visible + label { outline: 2px solid var(--c0); }
.views > div { display: none; }
.views > input:nth-of-type(1):checked ~ div:nth-of-type(1),
.views > input:nth-of-type(2):checked ~ div:nth-of-type(2) { display: block; }
.sample { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: .5rem 0 1rem; padding: .75rem 1rem; border-radius: 8px; background: var(--panel); font-size: .87rem;
  overflow-x: auto; }
details { border-bottom: 1px solid var(--line); }
summary { padding: .45rem 0; cursor: pointer; }
blockquote { margin: .5rem 0 1rem; padding: .1rem 0 .1rem 1rem; border-left: 3px solid var(--line); }
blockquote p { margin: .15rem 0; white-space: pre-line; overflow-wrap: anywhere; }
@media print { figure svg.wide { min-width: 0; } body { max-width: none; padding: 0; font-size: 10pt; } details::details-content { content-visibility: visible; }
  h2, h3, summary { break-after: avoid; } figure, blockquote, tr { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
)css";

}  // namespace

Html Html::text(std::string_view bytes) {
  std::string escaped;
  escaped.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      case '\t':
      case '\n':
        escaped += c;
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          escaped += "\xef\xbf\xbd";
        else
          escaped += c;
    }
  }
  return Html(std::move(escaped));
}

Html html_element(const char* tag, const Html& content, const char* css_class) {
  const std::string attribute = *css_class == '\0' ? "" : std::string(" class=\"") + css_class + "\"";
  return Html::markup(std::string("<") + tag + attribute + ">") + content + Html::markup(std::string("</") + tag + ">");
}

Html html_section(std::string_view heading, const Html& body) {
  return html_element("section", html_element("h2", Html::text(heading)) + Html::markup("\n") + body) +
         Html::markup("\n");
}

Html html_details(const Html& line, const Html& body) {
  return html_element("details", html_element("summary", line) + Html::markup("\n") + body) + Html::markup("\n");
}

Html html_two_views(const char* id, const HtmlView& first, const HtmlView& second) {
  Html choices, bodies;
  for (const HtmlView* view : {&first, &second}) {
    const bool is_first = view == &first;
    const std::string own_id = id + std::string(is_first ? "-1" : "-2");
    choices += Html::markup("<input type=\"radio\" name=\"" + std::string(id) + "\" id=\"" + own_id + "\"" +
                            (is_first ? " checked" : "") + "><label for=\"" + own_id + "\">") +
               Html::text(view->name) + Html::markup("</label>\n");
    bodies += html_element("div", view->body) + Html::markup("\n");
  }
  return html_element("div", choices + bodies, "views") + Html::markup("\n");
}

Html html_key_figures(const std::vector<KeyFigure>& figures) {
  Html tiles;
  for (const KeyFigure& figure : figures) {
    tiles += html_element("div", html_element("b", Html::text(figure.value)) + Html::text(figure.name) +
                                     html_element("small", Html::text(figure.note))) +
             Html::markup("\n");
  }
  return html_element("div", tiles, "figures") + Html::markup("\n");
}

Html html_table(const std::vector<TableColumn>& columns, const std::vector<std::vector<Html>>& rows) {
  const auto css_class = [](const TableColumn& column) { return column.is_number ? "number" : ""; };
  Html head, body;
  for (const TableColumn& column : columns) head += html_element("th", Html::text(column.heading), css_class(column));
  for (const std::vector<Html>& row : rows) {
    Html cells;
    for (size_t i = 0; i < columns.size(); ++i) cells += html_element("td", row.at(i), css_class(columns[i]));
    body += html_element("tr", cells) + Html::markup("\n");
  }
  const Html table = html_element("thead", html_element("tr", head)) + Html::markup("\n") + html_element("tbody", body);
  return html_element("div", html_element("table", table), "scroll") + Html::markup("\n");
}

std::string html_page(std::string_view title, std::string_view subtitle, const Html& body) {
  const std::string name = Html::text(title).str();
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         name + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + name + "</h1>\n" +
         html_element("p", Html::text(subtitle), "subtitle").str() + "\n" + body.str() + "</body>\n</html>\n";
}

std::string format_grouped(int64_t number) {
  std::string digits = std::to_string(number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > first; at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  return digits;
}

std::string format_share(double share) {
  const int64_t tenths = std::llround(share * 1000);
  if (share > 0 && tenths == 0) return "< 0.1 %";
  if (share < 1 && tenths == 1000) return "> 99.9 %";
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

}  // namespace ktlm
