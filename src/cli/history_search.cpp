#include "history_search.h"

#include <algorithm>

namespace ktlm::cli {

void HistorySearch::add(const std::string& character) {
  pattern_ += character;
  look(std::min(at_ + 1, entries_.size()));
}

void HistorySearch::take_back() {
  while (!pattern_.empty() && (static_cast<unsigned char>(pattern_.back()) & 0xC0) == 0x80) pattern_.pop_back();
  if (!pattern_.empty()) pattern_.pop_back();
  at_ = entries_.size();
  look(entries_.size());
}

void HistorySearch::go_older() { look(std::min(at_, entries_.size())); }

// Before `end`.
void HistorySearch::look(size_t end) {
  failed_ = false;
  if (pattern_.empty()) return;
  for (size_t i = end; i-- > 0;) {
    if (entries_[i].find(pattern_) == std::string::npos) continue;
    at_ = i;
    return;
  }
  failed_ = true;
}

}  // namespace ktlm::cli
