// libxml2 repairs the markup into a tree; the tree is walked without recursion, since pages nest as deep as they like.
// The text is gathered in blocks (a paragraph, a heading, a list item). What is no prose is left out twice over: by
// element (script, nav, footer, form, table, ...) and by the share of a block's words that are links, which tells menus
// apart.
#include "ktlm/text/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/utf8.h"
#include "text_writer.h"

namespace ktlm::text {
namespace {

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& sorted_words) {
  return std::ranges::binary_search(sorted_words, word);
}

constexpr auto kDropped = std::to_array<std::string_view>(
    {"applet", "area",   "aside", "audio",   "button",   "canvas",   "datalist", "dialog", "embed",    "fieldset",
     "figure", "footer", "form",  "frame",   "head",     "iframe",   "img",      "input",  "map",      "math",
     "menu",   "meter",  "nav",   "noembed", "noframes", "noscript", "object",   "option", "progress", "script",
     "select", "style",  "svg",   "table",   "template", "textarea", "video"});
static_assert(std::ranges::is_sorted(kDropped));

constexpr auto kBlocks = std::to_array<std::string_view>(
    {"address", "article", "blockquote", "body", "center", "dd",  "details", "div",     "dl",
     "dt",      "h1",      "h2",         "h3",   "h4",     "h5",  "h6",      "header",  "hgroup",
     "hr",      "li",      "main",       "ol",   "p",      "pre", "section", "summary", "ul"});
static_assert(std::ranges::is_sorted(kBlocks));

std::string_view name_of(const xmlNode* node) { return reinterpret_cast<const char*>(node->name); }

std::string attribute_of(xmlNode* node, const char* name) {
  xmlChar* value = xmlGetProp(node, reinterpret_cast<const xmlChar*>(name));
  if (value == nullptr) return {};
  std::string result = reinterpret_cast<const char*>(value);
  xmlFree(value);
  return result;
}

bool is_heading(std::string_view name) {
  return name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6';
}

bool is_hidden(xmlNode* node) {
  if (node->properties == nullptr) return false;
  if (xmlHasProp(node, reinterpret_cast<const xmlChar*>("hidden")) != nullptr) return true;
  if (attribute_of(node, "aria-hidden") == "true") return true;
  std::string style = attribute_of(node, "style");
  std::erase(style, ' ');
  return style.find("display:none") != std::string::npos;
}

/// The next node in document order behind all of `node`'s own, within `root`; null at the end. `leave` is called for
/// each element that ends on the way.
template <class Leave>
xmlNode* next_behind(xmlNode* node, const xmlNode* root, Leave&& leave) {
  while (node != root) {
    if (node->next != nullptr) return node->next;
    node = node->parent;
    leave(node);
  }
  return nullptr;
}

template <class Visit>
void for_each_element(xmlNode* root, Visit&& visit) {
  for (xmlNode* node = root; node != nullptr;) {
    if (node->type == XML_ELEMENT_NODE) visit(node);
    node = node->children != nullptr && node->type == XML_ELEMENT_NODE ? node->children
                                                                       : next_behind(node, root, [](xmlNode*) {});
  }
}

/// The element that holds the article, where the page says so: the only <main>, role="main" or <article>; else the
/// body.
struct Landmarks {
  xmlNode* main = nullptr;
  xmlNode* article = nullptr;
  xmlNode* body = nullptr;
  xmlNode* title = nullptr;
  xmlNode* first_heading = nullptr;
  int num_articles = 0;
};
Landmarks find_landmarks(xmlNode* root) {
  Landmarks found;
  const auto keep_first = [](xmlNode*& slot, xmlNode* node) { slot = slot == nullptr ? node : slot; };
  for_each_element(root, [&](xmlNode* node) {
    const std::string_view name = name_of(node);
    if (name == "main" || attribute_of(node, "role") == "main") keep_first(found.main, node);
    if (name == "article") {
      keep_first(found.article, node);
      ++found.num_articles;
    }
    if (name == "body") keep_first(found.body, node);
    if (name == "title") keep_first(found.title, node);
    if (name == "h1") keep_first(found.first_heading, node);
  });
  return found;
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

/// Appends `text` as HTML shows it, a run of white space as one blank and none at the start.
void append_collapsed(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (!is_white(c)) {
      out += c;
    } else if (!out.empty() && out.back() != ' ' && out.back() != '\n') {
      out += ' ';
    }
  }
}

std::string text_of(xmlNode* root) {
  std::string text;
  if (root == nullptr) return text;
  for (xmlNode* node = root; node != nullptr;) {
    if (node->type == XML_TEXT_NODE) append_collapsed(text, reinterpret_cast<const char*>(node->content));
    node = node->children != nullptr && node->type == XML_ELEMENT_NODE ? node->children
                                                                       : next_behind(node, root, [](xmlNode*) {});
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

class BlockWriter {
 public:
  void add_text(std::string_view text) {
    const size_t before = block_.size();
    if (pre_depth_ > 0) {
      block_ += text;
    } else {
      append_collapsed(block_, text);
    }
    if (link_depth_ > 0) link_bytes_ += block_.size() - before;
  }

  void enter(std::string_view name) {
    if (name == "br") {
      if (!block_.empty() && block_.back() == ' ') block_.pop_back();
      if (!block_.empty()) block_ += '\n';
    }
    if (name == "a") ++link_depth_;
    if (name == "pre") ++pre_depth_;
    if (!is_one_of(name, kBlocks)) return;
    end_block();
    if (name == "li") bullet_ = "- ";
    if (is_heading(name)) heading_level_ = name[1] - '0';
  }
  void leave(std::string_view name) {
    if (is_one_of(name, kBlocks)) end_block();
    if (name == "a") --link_depth_;
    if (name == "pre") --pre_depth_;
    if (name == "li") bullet_ = {};
  }

  std::string finish() {
    end_block();
    return writer_.finish();
  }

 private:
  void end_block() {
    while (!block_.empty() && is_white(block_.back())) block_.pop_back();
    if (heading_level_ > 0) {
      writer_.add_heading(heading_level_, block_);
    } else if (!block_.empty() && link_bytes_ * 10 < block_.size() * 9) {  // else it is a menu: words of links
      if (bullet_.empty() || !last_was_item_) writer_.end_paragraph();
      last_was_item_ = !bullet_.empty();
      writer_.add_line(bullet_, block_);
    }
    if (!block_.empty()) bullet_ = {};
    block_.clear();
    link_bytes_ = 0;
    heading_level_ = 0;
  }

  TextWriter writer_;
  std::string block_;
  std::string_view bullet_;
  size_t link_bytes_ = 0;  // of block_
  int link_depth_ = 0;
  int pre_depth_ = 0;
  int heading_level_ = 0;  // 0: block_ is no heading
  bool last_was_item_ = false;
};

std::string main_text(xmlNode* root, bool is_whole_page) {
  BlockWriter writer;
  for (xmlNode* node = root; node != nullptr;) {
    bool enters = false;
    if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
      writer.add_text(reinterpret_cast<const char*>(node->content));
    } else if (node->type == XML_ELEMENT_NODE) {
      const std::string_view name = name_of(node);
      // The header of a page is its banner, that of an article its title.
      const bool is_banner = is_whole_page && name == "header" && node->parent == root;
      if (node == root || !(is_one_of(name, kDropped) || is_banner || is_hidden(node))) {
        writer.enter(name);
        enters = node->children != nullptr;
        if (!enters) writer.leave(name);
      }
    }
    node = enters ? node->children : next_behind(node, root, [&](xmlNode* left) { writer.leave(name_of(left)); });
  }
  return writer.finish();
}

}  // namespace

HtmlText html_to_text(std::string_view html) {
  if (html.size() > std::numeric_limits<int>::max() / 3) {  // a byte may become the three of U+FFFD
    throw Error("an HTML page of " + format_bytes(static_cast<int64_t>(html.size())) +
                "; at most 700 MB can be parsed at once; split it");
  }
  // libxml2 takes malformed bytes for a sign of Latin-1, and NUL for the end.
  std::string page = repair_utf8(html);
  std::ranges::replace(page, '\0', ' ');
  const int options =
      HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_COMPACT;
  const Document document(htmlReadMemory(page.data(), static_cast<int>(page.size()), nullptr, "UTF-8", options),
                          &xmlFreeDoc);
  xmlNode* root = document == nullptr ? nullptr : xmlDocGetRootElement(document.get());
  if (root == nullptr) return {};

  const Landmarks found = find_landmarks(root);
  HtmlText result;
  result.title = text_of(found.title != nullptr ? found.title : found.first_heading);
  xmlNode* content = found.main;
  if (content == nullptr && found.num_articles == 1) content = found.article;
  if (content != nullptr) result.text = main_text(content, false);
  if (result.text.empty()) result.text = main_text(found.body != nullptr ? found.body : root, true);
  return result;
}

}  // namespace ktlm::text
