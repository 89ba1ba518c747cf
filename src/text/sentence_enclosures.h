// Where in a text no sentence ends: within brackets, and within a quotation that its sentence goes on from ("“간다. 꼭
// 간다.”라고 말했다"). Marks are paired within a line and over a limited distance, so that a forgotten one does no
// harm.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ktlm::text {

class SentenceEnclosures {
 public:
  explicit SentenceEnclosures(std::string_view text) : text_(text) {}

  /// To be called with each position in order. Takes linear time over the whole text.
  void look_at(size_t position);

  bool enclose(size_t position) const { return position < end_; }
  /// Whether the mark at `position` closes what was opened before it.
  bool closes(size_t position) const;

 private:
  struct Kind {
    std::string_view opener;
    std::string_view closer;
    std::string_view other_closer;  // as careless typing has it
    size_t max_bytes;
    // The first closer behind the last opener looked at; or, not closed, the line's end or the next opener.
    size_t next_closer = 0;
    bool is_closed = false;
    size_t close = std::string_view::npos;
  };

  void search_closer(Kind& kind, size_t from) const;
  bool may_open(size_t position) const;
  bool must_open(size_t position) const;
  bool sentence_goes_on(size_t behind) const;

  static constexpr size_t kMaxQuotation = 500;
  static constexpr size_t kMaxBracket = 300;

  std::string_view text_;
  size_t end_ = 0;
  std::array<Kind, 9> kinds_{{{"(", ")", ")", kMaxBracket},
                              {"[", "]", "]", kMaxBracket},
                              {"《", "》", "》", kMaxBracket},
                              {"〈", "〉", "〉", kMaxBracket},
                              {"\"", "\"", "”", kMaxQuotation},
                              {"“", "”", "\"", kMaxQuotation},
                              {"'", "'", "’", kMaxQuotation},
                              {"‘", "’", "'", kMaxQuotation},
                              {"「", "」", "」", kMaxQuotation}}};
};

}  // namespace ktlm::text
