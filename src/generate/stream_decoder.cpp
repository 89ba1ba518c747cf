#include "ktlm/generate/stream_decoder.h"

#include <algorithm>
#include <utility>

#include "ktlm/text/utf8.h"

namespace ktlm::generate {

std::string StreamDecoder::feed(std::string_view bytes) {
  pending_ += bytes;
  const size_t complete = pending_.size() - text::incomplete_utf8_suffix(pending_);
  std::string out = text::repair_utf8(std::string_view(pending_).substr(0, complete));
  pending_.erase(0, complete);
  return out;
}

std::string StreamDecoder::finish() { return text::repair_utf8(std::exchange(pending_, {})); }

StopStringFilter::StopStringFilter(std::vector<std::string> stop_strings) : stop_strings_(std::move(stop_strings)) {
  std::erase(stop_strings_, "");
}

std::string StopStringFilter::feed(std::string_view text) {
  if (found_) return {};
  pending_ += text;
  // The first place where a stop string stands, or begins and is cut off by the end of the text so far. A match that
  // may still come before one that is there takes precedence, so the place decides and not the kind.
  for (size_t start = 0; start < pending_.size(); ++start) {
    const std::string_view rest = std::string_view(pending_).substr(start);
    const auto matches = [&](const std::string& stop) { return rest.starts_with(stop); };
    const auto may_match = [&](const std::string& stop) { return std::string_view(stop).starts_with(rest); };
    found_ = std::any_of(stop_strings_.begin(), stop_strings_.end(), matches);
    if (found_ || std::any_of(stop_strings_.begin(), stop_strings_.end(), may_match)) {
      std::string out = pending_.substr(0, start);
      pending_.erase(0, found_ ? pending_.size() : start);
      return out;
    }
  }
  return std::exchange(pending_, {});
}

std::string StopStringFilter::finish() {
  // A stop string may stand inside the beginning of a longer one that never came to its end.
  size_t end = pending_.size();
  for (const std::string& stop : stop_strings_) end = std::min(end, pending_.find(stop));
  found_ = found_ || end < pending_.size();
  return std::exchange(pending_, {}).substr(0, end);
}

}  // namespace ktlm::generate
