// The main text is where the prose is: sentences of some length that are no links. First goes what is named or marked
// as something else, unless most of the prose is in it. Then the part is taken that the page itself names, by a name or
// an element, or else the smallest that holds nearly all prose. Within it, short blocks stay in the company of prose,
// as in jusText (Pomikálek 2011); lists of links and notes on copyright go.
#include "html_main_text.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "html_hints.h"

namespace ktlm::text {
namespace {

constexpr TagId kArticle = tag_of("article");
constexpr TagId kHeader = tag_of("header");
constexpr TagId kMain = tag_of("main");
constexpr TagId kTable = tag_of("table");

// In bytes of UTF-8; a Hangul syllable has three.
constexpr size_t kProseBytes = 75;       // of a block, at least, with the end of a sentence in it
constexpr size_t kLongProseBytes = 300;  // without
constexpr size_t kNoteBytes = 240;       // of a block that is a note on copyright and the like, at most

constexpr size_t kNotesBelowHeading = 3;

enum class Kind { kProse, kNeutral, kBoilerplate };

bool has_sentence_end(std::string_view text) {
  constexpr auto kEnds = std::to_array<std::string_view>({". ", "? ", "! ", ".\n", "다.", "요.", "까?", "。"});
  if (text.ends_with('.') || text.ends_with('?') || text.ends_with('!')) return true;
  return std::ranges::any_of(kEnds, [&](auto end) { return text.find(end) != std::string_view::npos; });
}

template <size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& phrases) {
  return std::ranges::any_of(phrases, [&](auto phrase) { return text.find(phrase) != std::string_view::npos; });
}

/// A note on copyright, a date, an address, or the words on what can be clicked.
bool is_note(std::string_view text) {
  constexpr auto kRights = std::to_array<std::string_view>(
      {"무단전재", "무단 전재", "무단복제", "재배포 금지", "재배포금지", "저작권자", "Copyright", "All rights reserved",
       "All Rights Reserved", "ALL RIGHTS RESERVED", "기사제보", "사업자등록번호", "통신판매업"});
  constexpr auto kLabels = std::to_array<std::string_view>(
      {"제보하기", "구독하기",  "공유하기",  "글자크기", "글씨크기",        "글자 크기", "인쇄하기",  "스크랩",
       "회원가입", "관련기사",  "관련 기사", "이전글",   "다음글",          "이전 글",   "다음 글",   "목록으로",
       "맨 위로",  "댓글 쓰기", "댓글쓰기",  "기사입력", "기사 입력",       "최종수정",  "최종 수정", "입력 20",
       "등록 20",  "승인 20",   "수정 20",   "조회수",   "개인정보처리방침"});
  if (text.size() > kNoteBytes) return false;
  if (text.find_first_not_of("0123456789 .,-:/|()[]") == std::string_view::npos) return true;
  if (text.size() <= kProseBytes && text.find('@') != std::string_view::npos) return true;
  return contains_any(text, kRights) || (!has_sentence_end(text) && contains_any(text, kLabels));
}

Kind kind_of(const HtmlBlock& block) {
  const size_t size = block.text.size();
  if (block.heading_level > 0 || block.is_preformatted) return Kind::kNeutral;
  const bool is_long = size >= kProseBytes;
  const bool ends_sentence = has_sentence_end(block.text);
  if (block.link_bytes * 10 >= size * 9) return Kind::kBoilerplate;
  if (block.link_bytes * 2 > size && !(is_long && ends_sentence)) return Kind::kBoilerplate;
  if (is_note(block.text)) return Kind::kBoilerplate;
  if (block.link_bytes * 3 <= size && ((is_long && ends_sentence) || size >= kLongProseBytes)) return Kind::kProse;
  return Kind::kNeutral;
}

/// Sums over the blocks of any subtree.
class Sums {
 public:
  Sums(const HtmlTree& tree, const std::vector<HtmlBlock>& blocks) : tree_(tree), sums_(tree.nodes.size() + 1) {
    size_t next = 0;
    for (size_t i = 0; i < tree.nodes.size(); ++i) {
      sums_[i + 1] = sums_[i];
      for (; next < blocks.size() && static_cast<size_t>(blocks[next].node) == i; ++next) {
        const size_t words = blocks[next].text.size() - blocks[next].link_bytes;
        sums_[i + 1].text += words;
        sums_[i + 1].num_blocks += 1;
        if (kind_of(blocks[next]) == Kind::kProse) sums_[i + 1].prose += words;
      }
    }
  }
  size_t text(int32_t root) const { return upto(end_of(root)).text - upto(root).text; }
  size_t prose(int32_t root) const { return upto(end_of(root)).prose - upto(root).prose; }
  size_t num_blocks(int32_t root) const { return upto(end_of(root)).num_blocks - upto(root).num_blocks; }

 private:
  struct Sum {
    size_t text = 0;
    size_t prose = 0;
    size_t num_blocks = 0;
  };
  const Sum& upto(int32_t node) const { return sums_[static_cast<size_t>(node)]; }
  int32_t end_of(int32_t root) const { return tree_.nodes[static_cast<size_t>(root)].end; }

  const HtmlTree& tree_;
  std::vector<Sum> sums_;
};

/// Calls `visit` for the elements of the subtree in order; where it returns true, what is in the element is passed
/// over.
template <class Visit>
void for_each_element(const HtmlTree& tree, int32_t root, Visit&& visit) {
  const int32_t end = tree.nodes[static_cast<size_t>(root)].end;
  for (int32_t i = root + 1; i < end;) {
    const HtmlNode& node = tree.nodes[static_cast<size_t>(i)];
    i = node.tag != kTextNode && visit(i, node) ? node.end : i + 1;
  }
}

/// Removes the blocks in elements that are marked as something else than main text.
void remove_boilerplate(const HtmlTree& tree, int32_t body, std::vector<HtmlBlock>& blocks) {
  const Sums sums(tree, blocks);
  const size_t page_prose = sums.prose(body);
  const size_t page_text = sums.text(body);
  const auto is_removed = [&](int32_t i, const HtmlNode& node) {
    const bool is_table = node.tag == kTable;
    const bool is_banner = node.tag == kHeader && node.parent == body;
    if (!is_table && !is_banner && !has_trait(node.tag, kDoubtful) &&
        (node.tag == kMain || node.tag == kArticle || !is_named_boilerplate(tree, node) ||
         is_named_main_text(tree, node)))
      return false;
    const size_t prose = sums.prose(i);
    const bool is_named = !is_table && !is_banner && !has_trait(node.tag, kDoubtful);
    const bool is_most_text = !is_named || sums.text(i) * 2 >= page_text;
    if (prose > 0 && prose * 2 >= page_prose && is_most_text) return false;
    return !(is_table && prose > 2 * kProseBytes && prose * 2 >= sums.text(i));  // a table for the sake of the layout
  };
  std::vector<std::pair<int32_t, int32_t>> removed;
  for_each_element(tree, body, [&](int32_t i, const HtmlNode& node) {
    if (!is_removed(i, node)) return false;
    removed.emplace_back(i, node.end);
    return true;
  });
  size_t next = 0;
  std::erase_if(blocks, [&](const HtmlBlock& block) {
    while (next < removed.size() && removed[next].second <= block.node) ++next;
    return next < removed.size() && removed[next].first <= block.node;
  });
}

/// The elements that the page marks as its main text, none within another; empty where it marks none.
std::vector<int32_t> find_marked(const HtmlTree& tree, int32_t body, const Sums& sums) {
  std::vector<int32_t> named;
  for_each_element(tree, body, [&](int32_t i, const HtmlNode& node) {
    if (sums.text(i) == 0) return true;
    if (!is_named_main_text(tree, node)) return false;
    // An inner name is the better one where it leaves little out.
    const bool is_inner = !named.empty() && tree.nodes[static_cast<size_t>(named.back())].end > i;
    if (!is_inner) {
      named.push_back(i);
    } else if (sums.prose(i) * 4 >= sums.prose(named.back()) * 3 && sums.prose(i) > 0) {
      named.back() = i;
    }
    return false;
  });
  size_t named_prose = 0;
  for (const int32_t root : named) named_prose += sums.prose(root);
  if (!named.empty() && named_prose * 4 >= sums.prose(body)) return named;

  int32_t main = -1;
  std::vector<int32_t> articles;
  for_each_element(tree, body, [&](int32_t i, const HtmlNode& node) {
    const bool is_main = node.tag == kMain ||
                         (node.attributes >= 0 && tree.attributes[static_cast<size_t>(node.attributes)].role == "main");
    if (is_main && (main < 0 || sums.prose(i) > sums.prose(main)) && sums.text(i) > 0) main = i;
    if (node.tag == kArticle && sums.text(i) > 0) articles.push_back(i);
    return false;
  });
  const auto holds_enough = [&](int32_t i) { return sums.prose(i) * 2 >= sums.prose(body); };
  if (articles.size() == 1 && holds_enough(articles[0])) return articles;
  if (main >= 0 && holds_enough(main)) return {main};
  return {};
}

/// The nearest element around `root`, or `root`, that is no list and no item of a list passed on the way: a list of
/// steps has its heading and its lead beside it.
int32_t leave_lists(const HtmlTree& tree, int32_t body, int32_t root) {
  constexpr auto kLists = std::to_array<TagId>({tag_of("dl"), tag_of("ol"), tag_of("ul")});
  constexpr auto kItems = std::to_array<TagId>({tag_of("dd"), tag_of("dt"), tag_of("li")});
  bool left_list = false;
  while (root != body) {
    const HtmlNode& node = tree.nodes[static_cast<size_t>(root)];
    const bool is_list = std::ranges::find(kLists, node.tag) != kLists.end();
    const bool is_item = left_list && std::ranges::find(kItems, node.tag) != kItems.end();
    if (!is_list && !is_item) break;
    left_list = true;
    root = node.parent;
  }
  return root;
}

/// The smallest element but a list that holds nearly all of the prose and more than one block.
int32_t find_densest(const HtmlTree& tree, int32_t body, const Sums& sums) {
  int32_t root = body;
  const size_t enough = sums.prose(body) * 85 / 100;
  if (enough == 0) return body;
  for (int32_t child = root + 1; child < tree.nodes[static_cast<size_t>(root)].end;) {
    if (sums.prose(child) >= enough && sums.num_blocks(child) > 1) {
      root = child;
      child = root + 1;
    } else {
      child = tree.nodes[static_cast<size_t>(child)].end;
    }
  }
  return leave_lists(tree, body, root);
}

/// Removes boilerplate, and neutral blocks that no prose stands beside: of the nearest blocks of another kind, on
/// either side, one is prose and the other prose or none.
void remove_stray(std::vector<HtmlBlock>& blocks) {
  std::vector<Kind> kinds(blocks.size());
  std::ranges::transform(blocks, kinds.begin(), kind_of);
  const bool has_prose = std::ranges::find(kinds, Kind::kProse) != kinds.end();
  std::vector<Kind> next_kind(blocks.size() + 1, Kind::kNeutral);
  for (size_t i = blocks.size(); i > 0; --i)
    next_kind[i - 1] = kinds[i - 1] == Kind::kNeutral ? next_kind[i] : kinds[i - 1];
  const auto is_bare_note = [&](size_t i) { return blocks[i].link_bytes == 0 && is_note(blocks[i].text); };
  Kind previous = Kind::kNeutral;
  const auto is_stray = [&](size_t i) {
    const HtmlBlock& block = blocks[i];
    const Kind next = next_kind[i + 1];
    if (kinds[i] != Kind::kNeutral) {
      previous = kinds[i];
      return kinds[i] == Kind::kBoilerplate;
    }
    if (!has_prose) return false;
    if (block.heading_level > 0) {  // a note may stand between a heading and its text, links may not
      size_t below = i + 1;
      while (below < blocks.size() && below <= i + kNotesBelowHeading && is_bare_note(below)) ++below;
      return next_kind[below] != Kind::kProse;
    }
    const bool has_company = previous == Kind::kProse || next == Kind::kProse;
    if (block.link_bytes == 0 && has_sentence_end(block.text)) return !has_company;
    return !has_company || previous == Kind::kBoilerplate || next == Kind::kBoilerplate;
  };
  std::vector<HtmlBlock> kept;
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (!is_stray(i)) kept.push_back(blocks[i]);
  }
  blocks = std::move(kept);
}

/// "댓글", "댓글 12", "댓글목록", "Comments (3)": the heading of what readers wrote.
bool heads_comments(std::string_view text) {
  constexpr auto kNames = std::to_array<std::string_view>({"전체 댓글", "댓글", "덧글", "Comments", "comments"});
  const auto name = std::ranges::find_if(kNames, [&](auto start) { return text.starts_with(start); });
  if (name == kNames.end()) return false;
  text.remove_prefix(name->size());
  for (const std::string_view word : {"목록", "보기", "쓰기", "개"}) {
    if (const size_t at = text.find(word); at != std::string_view::npos)
      return text.find_first_not_of("0123456789 ()[],:") >= at && text.size() <= at + word.size() + 1;
  }
  return text.find_first_not_of("0123456789 ()[],:") == std::string_view::npos;
}

/// Cuts off what stands behind the heading of the comments, where prose stands before it.
void remove_comments(std::vector<HtmlBlock>& blocks) {
  bool has_prose = false;
  const auto comments = std::ranges::find_if(blocks, [&](const HtmlBlock& block) {
    has_prose = has_prose || kind_of(block) == Kind::kProse;
    return has_prose && heads_comments(block.text);
  });
  blocks.erase(comments, blocks.end());
}

}  // namespace

std::vector<HtmlBlock> select_main_text(const HtmlTree& tree, int32_t body, std::vector<HtmlBlock> blocks) {
  remove_boilerplate(tree, body, blocks);
  const Sums sums(tree, blocks);
  std::vector<int32_t> roots = find_marked(tree, body, sums);
  const bool is_marked = !roots.empty();
  if (!is_marked) roots = {find_densest(tree, body, sums)};
  size_t next = 0;
  std::erase_if(blocks, [&](const HtmlBlock& block) {
    while (next < roots.size() && tree.nodes[static_cast<size_t>(roots[next])].end <= block.node) ++next;
    return next == roots.size() || block.node < roots[next];
  });
  remove_comments(blocks);
  if (is_marked) {
    std::erase_if(blocks, [](const HtmlBlock& block) { return kind_of(block) == Kind::kBoilerplate; });
  } else {
    remove_stray(blocks);
  }
  return blocks;
}

}  // namespace ktlm::text
