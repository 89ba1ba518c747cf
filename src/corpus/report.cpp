#include "report.h"

#include <cmath>
#include <iterator>
#include <utility>

#include "drop_reasons.h"
#include "ktlm/core/error.h"
#include "ktlm/core/hash.h"
#include "ktlm/text/utf8.h"

namespace ktlm::corpus {

namespace {

constexpr size_t kTitleChars = 100;
// Of kept documents: enough that five are left when most were copies of others.
constexpr size_t kNumKeptCandidates = 8 * CorpusReport::kNumExamples;

bool is_first_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// Bounded whatever the bytes are: a character has at most four.
std::string_view first_chars(std::string_view text, size_t max_chars) {
  text = text.substr(0, 4 * max_chars);
  size_t chars = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_first_byte(text[i]) && ++chars > max_chars) return text.substr(0, i);
  }
  return text;
}

std::string valid(std::string_view bytes) { return text::repair_utf8(bytes); }

size_t max_examples(DropReason reason) {
  return reason == DropReason::kNone ? kNumKeptCandidates : CorpusReport::kNumExamples;
}

uint64_t hash_of(std::string_view title, std::string_view excerpt) { return hash64(excerpt, hash64(title)); }

void keep_lowest(std::map<uint64_t, Example>& examples, size_t max_size) {
  while (examples.size() > max_size) examples.erase(std::prev(examples.end()));
}

// Copies nothing where the hash is too high to be among the lowest.
void add_example(ReasonReport& report, size_t max_size, std::string_view title, std::string_view excerpt,
                 int64_t chars) {
  const uint64_t hash = hash_of(title, excerpt);
  auto& examples = report.examples;
  if (const auto found = examples.find(hash); found != examples.end()) {
    ++found->second.copies;
    found->second.chars = std::min(found->second.chars, chars);
    return;
  }
  if (examples.size() >= max_size && hash > examples.rbegin()->first) return;
  examples.emplace(hash, Example{valid(title), valid(excerpt), chars, 1});
  keep_lowest(examples, max_size);
}

void remove_example(ReasonReport& report, std::string_view title, std::string_view excerpt) {
  const auto found = report.examples.find(hash_of(title, excerpt));
  if (found != report.examples.end() && --found->second.copies == 0) report.examples.erase(found);
}

Json reason_to_json(const ReasonReport& report) {
  Json lengths = Json::array(), examples = Json::array();
  for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin) {
    if (report.lengths.count(bin) != 0) lengths.push_back({bin, report.lengths.count(bin)});
  }
  for (const auto& [hash, example] : report.examples) {
    examples.push_back({{"hash", to_hex(hash)},
                        {"title", example.title},
                        {"excerpt", example.excerpt},
                        {"chars", example.chars},
                        {"copies", example.copies}});
  }
  return {{"text_bytes", report.text_bytes}, {"lengths", std::move(lengths)}, {"examples", std::move(examples)}};
}

[[noreturn]] void throw_damaged(const std::string& where) {
  throw Error(where + ": not the report of a prepare run (damaged?); remove the folder and start again");
}

uint64_t parse_hash(const std::string& hex, const std::string& where) {
  if (hex.empty() || hex.size() > 16 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw_damaged(where);
  return std::stoull(hex, nullptr, 16);
}

ShareHistogram shares_from_json(const Json& json, const std::string& where) {
  ShareHistogram shares{};
  if (!json.is_array() || json.size() != shares.size()) throw_damaged(where);
  for (size_t step = 0; step < shares.size(); ++step) {
    if (!json[step].is_number_integer()) throw_damaged(where);
    shares[step] = json[step].get<int64_t>();
  }
  return shares;
}

ReasonReport reason_from_json(const Json& json, const std::string& where) {
  ReasonReport report;
  report.text_bytes = json_get<int64_t>(json, "text_bytes", where);
  for (const Json& pair : json_get<Json>(json, "lengths", where)) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_unsigned() || !pair[1].is_number_integer() ||
        pair[0].get<uint64_t>() >= LengthHistogram::kNumBins)
      throw_damaged(where);
    report.lengths.add_bin(pair[0].get<size_t>(), pair[1].get<int64_t>());
  }
  for (const Json& example : json_get<Json>(json, "examples", where)) {
    report.examples[parse_hash(json_get<std::string>(example, "hash", where), where)] = {
        json_get<std::string>(example, "title", where), json_get<std::string>(example, "excerpt", where),
        json_get<int64_t>(example, "chars", where), json_get<int64_t>(example, "copies", where)};
  }
  return report;
}

}  // namespace

TextSize size_of(std::string_view text) {
  return {static_cast<int64_t>(text.size()), std::count_if(text.begin(), text.end(), is_first_byte)};
}

int64_t LengthHistogram::first_of(size_t bin) {
  static const std::array<int64_t, kNumBins> kFirst = [] {
    std::array<int64_t, kNumBins> first{};
    for (size_t i = 1; i < kNumBins; ++i) {
      // The least whole number from there on; 10^k itself, where pow() may be off by its last bit.
      const double exact = std::pow(10.0, 1 + static_cast<double>(i - 1) / kBinsPerDecade);
      first[i] = static_cast<int64_t>(std::ceil(exact - 1e-6));
    }
    return first;
  }();
  return kFirst[bin];
}

size_t LengthHistogram::bin_of(int64_t chars) {
  size_t low = 0, high = kNumBins;
  while (high - low > 1) {
    const size_t middle = (low + high) / 2;
    (first_of(middle) <= chars ? low : high) = middle;
  }
  return low;
}

int64_t LengthHistogram::total() const {
  int64_t sum = 0;
  for (const int64_t count : counts_) sum += count;
  return sum;
}

CorpusReport::CorpusReport(size_t num_inputs) : places_(std::clamp<size_t>(num_inputs, 1, kMaxInputs)) {}

void CorpusReport::add(size_t input, DropReason reason, std::string_view title, std::string_view text) {
  ReasonReport& report = places_[place_of(input)].by_reason[static_cast<size_t>(reason)];
  TextSize size;
  if (reason == DropReason::kNone || stage_of(reason) != DropStage::kExtract) {
    size = size_of(text);
    report.text_bytes += size.bytes;
    report.lengths.add(size.chars);
  }
  add_example(report, max_examples(reason), first_chars(title, kTitleChars), first_chars(text, Example::kExcerptChars),
              size.chars);
}

void CorpusReport::add_hangul_share(size_t input, double share) {
  if (share < 0) return;
  ShareHistogram& shares = places_[place_of(input)].hangul_shares;
  const auto step = static_cast<size_t>(share * static_cast<double>(shares.size()) + 1e-9);
  ++shares[std::min(step, shares.size() - 1)];
}

void CorpusReport::change_kept(size_t input, DropReason reason, std::string_view title, std::string_view beginning,
                               TextSize before, TextSize after) {
  Place& place = places_[place_of(input)];
  ReasonReport& kept = place.by_reason[static_cast<size_t>(DropReason::kNone)];
  kept.text_bytes -= before.bytes;
  kept.lengths.add(before.chars, -1);
  if (reason == DropReason::kNone) {
    kept.text_bytes += after.bytes;
    kept.lengths.add(after.chars);
    place.bytes_cut += before.bytes - after.bytes;
    return;
  }
  title = first_chars(title, kTitleChars);
  const std::string_view excerpt = first_chars(beginning, Example::kExcerptChars);
  remove_example(kept, title, excerpt);
  ReasonReport& dropped = place.by_reason[static_cast<size_t>(reason)];
  dropped.text_bytes += before.bytes;
  dropped.lengths.add(before.chars);
  add_example(dropped, max_examples(reason), title, excerpt, before.chars);
}

void CorpusReport::merge(const CorpusReport& other) {
  for (size_t i = 0; i < places_.size() && i < other.places_.size(); ++i) {
    places_[i].bytes_cut += other.places_[i].bytes_cut;
    for (size_t step = 0; step < places_[i].hangul_shares.size(); ++step)
      places_[i].hangul_shares[step] += other.places_[i].hangul_shares[step];
    for (size_t reason = 0; reason <= kNumDropReasons; ++reason) {
      ReasonReport& mine = places_[i].by_reason[reason];
      const ReasonReport& theirs = other.places_[i].by_reason[reason];
      mine.text_bytes += theirs.text_bytes;
      for (size_t bin = 0; bin < LengthHistogram::kNumBins; ++bin) mine.lengths.add_bin(bin, theirs.lengths.count(bin));
      for (const auto& [hash, example] : theirs.examples) {
        const auto [place, is_new] = mine.examples.try_emplace(hash, example);
        if (is_new) continue;
        place->second.copies += example.copies;
        place->second.chars = std::min(place->second.chars, example.chars);
      }
      keep_lowest(mine.examples, max_examples(static_cast<DropReason>(reason)));
    }
  }
}

Json CorpusReport::to_json() const {
  Json inputs = Json::array();
  for (const Place& place : places_) {
    Json reasons = Json::object();
    for (size_t i = 0; i <= kNumDropReasons; ++i) {
      const ReasonReport& report = place.by_reason[i];
      if (!report.examples.empty() || report.lengths.total() != 0)
        reasons[drop_reason_name(static_cast<DropReason>(i))] = reason_to_json(report);
    }
    inputs.push_back(
        {{"reasons", std::move(reasons)}, {"bytes_cut", place.bytes_cut}, {"hangul_shares", place.hangul_shares}});
  }
  return {{"inputs", std::move(inputs)}};
}

CorpusReport CorpusReport::from_json(const Json& json, const std::string& where) {
  const Json inputs = json_get<Json>(json, "inputs", where);
  if (!inputs.is_array() || inputs.empty() || inputs.size() > kMaxInputs) throw_damaged(where);
  CorpusReport report(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Json reasons = json_get<Json>(inputs[i], "reasons", where);
    report.places_[i].bytes_cut = json_get<int64_t>(inputs[i], "bytes_cut", where);
    report.places_[i].hangul_shares = shares_from_json(json_get<Json>(inputs[i], "hangul_shares", where), where);
    for (size_t reason = 0; reason <= kNumDropReasons; ++reason) {
      const auto found = reasons.find(drop_reason_name(static_cast<DropReason>(reason)));
      if (found != reasons.end()) report.places_[i].by_reason[reason] = reason_from_json(*found, where);
    }
  }
  return report;
}

}  // namespace ktlm::corpus
