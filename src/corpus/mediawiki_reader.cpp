#include "mediawiki_reader.h"

#include <expat.h>

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kReadBytes = size_t{1} << 18;

// mediawiki / siteinfo / dbname, mediawiki / page / title, mediawiki / page / revision / text: the depth and the parent
// tell elements of one name apart (a page, a revision and a contributor all have an id).
enum class Field { kNone, kDatabase, kTitle, kNamespace, kPageId, kModel, kText };

class PageCollector {
 public:
  void start(std::string_view element, const char** attributes) {
    any_element_ = true;
    ++depth_;
    if (depth_ == 1 && element != "mediawiki") wrong_root_ = element;
    if (depth_ == 2) {
      section_ = element;
      if (element == "page") page_ = Page{};
    }
    if (depth_ == 3) {
      child_ = element;
      if (section_ == "page" && element == "redirect") page_.redirect = true;
      if (section_ == "page" && element == "revision") page_.model = "wikitext";
    }
    const Field field = field_of(element);
    if (field == Field::kText) deleted_ = has_attribute(attributes, "deleted");
    target_ = target_of(field);
    if (target_ != nullptr) target_->clear();
  }

  void end() {
    if (depth_ == 2 && section_ == "page") finish_page();
    --depth_;
    target_ = nullptr;
  }

  void characters(const char* text, size_t size) {
    if (target_ != nullptr) target_->append(text, size);
  }

  std::vector<RawDocument> take_pages() { return std::exchange(pages_, {}); }
  void add_repairs(size_t count) { repairs_ += static_cast<int64_t>(count); }
  bool any_element() const { return any_element_; }
  const std::string& wrong_root() const { return wrong_root_; }
  bool in_page() const { return depth_ >= 2 && section_ == "page"; }
  const std::string& page_title() const { return page_.title; }

 private:
  struct Page {
    std::string title, ns, id, model = "wikitext", text;
    bool redirect = false;
  };

  Field field_of(std::string_view element) const {
    if (depth_ == 3 && section_ == "siteinfo" && element == "dbname") return Field::kDatabase;
    if (section_ != "page") return Field::kNone;
    if (depth_ == 3) {
      if (element == "title") return Field::kTitle;
      if (element == "ns") return Field::kNamespace;
      if (element == "id") return Field::kPageId;
    }
    if (depth_ == 4 && child_ == "revision") {
      if (element == "model") return Field::kModel;
      if (element == "text" && is_article()) return Field::kText;
    }
    return Field::kNone;
  }

  std::string* target_of(Field field) {
    switch (field) {
      case Field::kDatabase:
        return &database_;
      case Field::kTitle:
        return &page_.title;
      case Field::kNamespace:
        return &page_.ns;
      case Field::kPageId:
        return &page_.id;
      case Field::kModel:
        return &page_.model;
      case Field::kText:
        return &page_.text;
      case Field::kNone:
        break;
    }
    return nullptr;
  }

  static bool has_attribute(const char** attributes, const char* name) {
    for (; *attributes != nullptr; attributes += 2) {
      if (std::strcmp(*attributes, name) == 0) return true;
    }
    return false;
  }

  // Exports before 0.6 have no <ns>; all their pages count as articles.
  bool is_article() const { return page_.ns.empty() || page_.ns == "0"; }

  void finish_page() {
    RawDocument page;
    page.form = RawForm::kWikitext;
    page.id = database_.empty() ? page_.id : database_ + ":" + page_.id;
    page.source = database_;
    page.title = std::move(page_.title);
    page.utf8_repairs = std::exchange(repairs_, 0);
    if (!is_article())
      page.dropped = DropReason::kOtherNamespace;
    else if (page_.redirect)
      page.dropped = DropReason::kRedirect;
    else if (page_.model != "wikitext")
      page.dropped = DropReason::kNotWikitext;
    else if (!deleted_)
      page.body = std::move(page_.text);
    pages_.push_back(std::move(page));
  }

  int depth_ = 0;
  std::string section_, child_;    // the open elements of depth 2 and 3
  std::string* target_ = nullptr;  // where the open element's characters go
  bool deleted_ = false, any_element_ = false;
  std::string database_, wrong_root_;
  Page page_;
  int64_t repairs_ = 0;
  std::vector<RawDocument> pages_;
};

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

// expat is C: an exception must not pass through it. What a handler allocates is at most a chunk's worth, so that
// running out of memory there ends the program, as it would anywhere on a system that overcommits.
ParserHandle make_parser(PageCollector& collector) {
  ParserHandle parser(XML_ParserCreate("UTF-8"));
  if (parser == nullptr) throw std::bad_alloc();
  XML_SetUserData(parser.get(), &collector);
  XML_SetElementHandler(
      parser.get(),
      [](void* user, const XML_Char* element, const XML_Char** attributes) noexcept {
        static_cast<PageCollector*>(user)->start(element, attributes);
      },
      [](void* user, const XML_Char*) noexcept { static_cast<PageCollector*>(user)->end(); });
  XML_SetCharacterDataHandler(parser.get(), [](void* user, const XML_Char* text, int size) noexcept {
    static_cast<PageCollector*>(user)->characters(text, static_cast<size_t>(size));
  });
  return parser;
}

// Dumps of damaged pages hold characters that XML 1.0 forbids, at which expat would stop: control characters, here made
// DEL, which XML allows and the normaliser drops; and U+FFFE, U+FFFF (EF BF BE, EF BF BF), made U+FFFD. `chunk` is
// valid UTF-8.
void replace_characters_xml_forbids(std::span<char> chunk) {
  for (char& c : chunk) {
    const bool forbidden = static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
    c = forbidden ? '\x7f' : c;
  }
  const std::string_view text(chunk.data(), chunk.size());
  for (size_t i = text.find("\xEF\xBF"); i != std::string_view::npos; i = text.find("\xEF\xBF", i + 3)) {
    if (chunk[i + 2] == '\xBE' || chunk[i + 2] == '\xBF') chunk[i + 2] = '\xBD';
  }
}

[[noreturn]] void throw_xml_error(XML_Parser parser, const PageCollector& collector, const std::string& name,
                                  bool at_end) {
  if (!collector.any_element()) throw Error(name + ": is no XML; expected a MediaWiki export, choose another --format");
  std::string message = name + ": line " + std::to_string(XML_GetCurrentLineNumber(parser)) + ", byte " +
                        std::to_string(XML_GetCurrentByteIndex(parser)) + ": ";
  if (at_end) {
    message += "the XML ends ";
    message += collector.in_page() ? "inside the page \"" + collector.page_title() + "\"" : "before </mediawiki>";
    message += " (an unfinished download?)";
  } else {
    message += std::string("damaged XML: ") + XML_ErrorString(XML_GetErrorCode(parser));
    if (collector.in_page()) message += " in the page \"" + collector.page_title() + "\"";
  }
  throw Error(message + "; fetch the file again");
}

}  // namespace

int64_t read_mediawiki(ByteSource& source, const std::string& name, const EmitDocument& emit) {
  PageCollector collector;
  const ParserHandle parser = make_parser(collector);
  std::string buffer(kReadBytes, '\0');
  size_t carried = 0;  // bytes of a character whose rest comes with the next read
  int64_t bytes_read = 0;
  bool at_end = false;
  while (!at_end) {
    const size_t count = source.read(buffer.data() + carried, buffer.size() - carried);
    bytes_read += static_cast<int64_t>(count);
    at_end = count == 0;
    std::span<char> chunk(buffer.data(), carried + count);
    carried = at_end ? 0 : text::incomplete_utf8_suffix({chunk.data(), chunk.size()});
    const std::span<char> suffix = chunk.last(carried);
    chunk = chunk.first(chunk.size() - carried);

    std::string repaired;
    if (!text::is_valid_utf8({chunk.data(), chunk.size()})) {  // expat would stop there
      size_t num_replaced = 0;
      repaired = text::repair_utf8({chunk.data(), chunk.size()}, &num_replaced);
      collector.add_repairs(num_replaced);
      chunk = repaired;
    }
    replace_characters_xml_forbids(chunk);
    if (XML_Parse(parser.get(), chunk.data(), static_cast<int>(chunk.size()), at_end) != XML_STATUS_OK) {
      for (RawDocument& page : collector.take_pages()) emit(std::move(page));
      throw_xml_error(parser.get(), collector, name, at_end);
    }
    if (!collector.wrong_root().empty()) {
      throw Error(name + ": its outermost element is <" + collector.wrong_root() +
                  ">, expected <mediawiki>; choose another --format");
    }
    for (RawDocument& page : collector.take_pages()) emit(std::move(page));
    std::memmove(buffer.data(), suffix.data(), suffix.size());
  }
  return bytes_read;
}

}  // namespace ktlm::corpus
