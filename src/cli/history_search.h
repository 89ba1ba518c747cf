// A search backwards through what was typed, letter by letter, as Ctrl-R gives it. libedit has one, which takes the
// lower byte of a Hangul syllable for a key.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ktlm::cli {

class HistorySearch {
 public:
  /// `entries`, the oldest first, must outlive the search; `line` is what stood there before.
  HistorySearch(const std::vector<std::string>& entries, std::string line)
      : entries_(entries), line_(std::move(line)), at_(entries.size()) {}

  /// One more character (UTF-8) to look for: the entry that is shown, or an older one, that has it all.
  void add(const std::string& character);
  /// Takes the last one back, and looks from the newest entry on.
  void take_back();
  /// The next older entry that has it.
  void go_older();
  /// Back to what stood there before.
  void abandon() { at_ = entries_.size(); }

  const std::string& pattern() const { return pattern_; }
  /// Whether the last step found nothing; the entry that is shown stays.
  bool failed() const { return failed_; }
  /// The entry found, or what stood there before.
  const std::string& shown() const { return at_ < entries_.size() ? entries_[at_] : line_; }

 private:
  void look(size_t end);

  const std::vector<std::string>& entries_;
  std::string line_, pattern_;
  size_t at_;  // of the entry shown; entries_.size(): none
  bool failed_ = false;
};

}  // namespace ktlm::cli
