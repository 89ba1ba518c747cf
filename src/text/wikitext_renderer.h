// Renders a page line by line, in one pass. Only links and templates that keep words are looked into, to a bounded
// depth; all other spans are stepped over. A mark without a partner loses its mark and leaves its words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mend.h"
#include "text_writer.h"
#include "wikitext_templates.h"
#include "wikitext_view.h"

namespace ktlm::text {

class WikitextRenderer {
 public:
  explicit WikitextRenderer(std::string_view page) : view_(page), page_(page) { writer_.reserve(page.size()); }

  std::string run();

 private:
  struct WaitingLabel {
    std::string words;  // empty: no label
    std::string_view bullet;
    std::string_view list_marks;
    bool ends_paragraph = false;
    bool before_block = false;  // what follows is a quotation, a poem, an HTML list
    bool before_break = false;  // what follows stands behind a <br> of the same line or paragraph
  };

  // Lines (wikitext.cpp). begin_line() takes what only counts at the start of a line, whole lines at times, and returns
  // where inline text begins; end_line() mends the line and hands it to the writer.
  size_t begin_line(size_t position, size_t end);
  void end_line();
  void add_line();
  bool introduces_line(const WaitingLabel& label) const;
  void give_up_label();
  void divide_paragraphs();
  void end_paragraph();
  void break_line();
  void begin_block() { label_.before_block = true; }
  size_t add_heading(const Heading& heading, size_t end);

  // Inline text (wikitext.cpp). Each takes the mark at `position` and returns where the text goes on.
  void render(size_t position, size_t end);
  size_t newline(size_t position, size_t end);
  size_t quotes(size_t position, size_t end);
  size_t entity(size_t position);
  size_t behaviour_switch(size_t position, size_t end);
  size_t bracket(size_t position, size_t end);
  size_t lone_tag(size_t position, size_t end);
  size_t superscript(size_t position);

  // Spans (wikitext_inline.cpp).
  size_t render_span(const Span& span);
  size_t drop(const Span& span);
  size_t render_link(const Span& span);
  size_t render_external_link(const Span& span);
  size_t render_variant(const Span& span);
  size_t render_verbatim(const Span& span);
  size_t skip_comment(const Span& span);
  size_t render_template(const Span& span);
  void render_argument(const Argument* argument);  // null: a scar
  void render_words(size_t begin, size_t end);     // a scar where there are none

  // Templates that keep words (wikitext_kept.cpp).
  using Arguments = std::vector<Argument>;
  void render_kept(const KeptTemplate& kept, std::string_view name, const Span& span);
  void render_language(std::string_view code, const Argument* words);
  void render_labelled(const Arguments& arguments);
  void render_quantity(const Arguments& arguments);
  void render_number(const Arguments& arguments);
  void render_fraction(const Arguments& arguments);
  void render_date(const Arguments& arguments);
  void render_base(const Arguments& arguments);
  void render_country(std::string_view code, const Argument* argument);
  void render_block(const Argument* argument);
  std::string_view words_of(const Argument* argument) const;

  void scar() { scars_.push_back({line_.size(), false}); }
  void scar_of_words() { scars_.push_back({line_.size(), true}); }  // of what a reader would have seen
  bool is_too_deep() const;
  size_t run_length(size_t position, size_t end) const;
  size_t find_url_end(size_t position, size_t end) const;

  WikitextView view_;
  std::string_view page_;
  TextWriter writer_;
  std::string line_;             // the line being written
  std::string_view bullet_;      // what goes before it if it has words
  std::string_view list_marks_;  // of the line: what it starts with, of *#:;, or one space where it is indented
  std::vector<Scar> scars_;      // where in line_ something was removed
  WaitingLabel label_;           // the last line, where it was a label without words
  bool in_heading_ = false;
  bool in_broken_rows_ = false;  // behind a "{|" or "{{" that nobody closed: lines of '|' or '!' are its rows
  int depth_ = 0;                // of render() within render()
};

}  // namespace ktlm::text
