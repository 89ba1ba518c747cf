#include "charsmap.h"

#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "ktlm/core/error.h"
#include "ktlm/core/protobuf.h"
#include "sentencepiece_proto.h"

namespace ktlm::tokenizer {

using namespace sentencepiece_proto;

namespace {

// SentencePiece keeps the replaced texts that begin at one place in an array of this size, which it overruns.
constexpr int kMostMatches = 32;

// A unit of the double array: the byte that leads to it, or, behind bit 31, a replacement's place; whether one stands
// at its offset; and its offset, which with a byte (exclusive or) gives the next unit.
struct Unit {
  uint32_t bits;
  uint32_t label() const { return bits & (1U << 31 | 0xFF); }
  bool has_value() const { return (bits >> 8 & 1) == 1; }
  uint32_t value() const { return bits & ~(1U << 31); }
  uint32_t offset() const { return (bits >> 10) << ((bits & 1U << 9) >> 6); }
};

// Goes every way that some text goes.
bool stays_within(std::string_view units, uint64_t num_replacement_bytes) {
  const uint64_t num_units = units.size() / sizeof(uint32_t);
  const auto unit_at = [&](uint64_t index) {
    Unit unit{};
    std::memcpy(&unit.bits, units.data() + index * sizeof unit.bits, sizeof unit.bits);
    return unit;
  };
  if (num_units == 0) return false;
  std::unordered_map<uint64_t, int> most_matches;  // on a way to a place; a circle with matches makes them ever more
  std::vector<uint64_t> places = {unit_at(0).offset()};
  most_matches[places.front()] = 0;
  while (!places.empty()) {
    const uint64_t place = places.back();
    places.pop_back();
    if ((place | 0xFF) >= num_units) return false;
    const int matches = most_matches.at(place);
    for (uint32_t byte = 0; byte <= 0xFF; ++byte) {
      const uint64_t index = place ^ byte;
      const Unit unit = unit_at(index);
      if (unit.label() != byte) continue;
      const uint64_t next = index ^ unit.offset();
      if (next >= num_units || (unit.has_value() && unit_at(next).value() >= num_replacement_bytes)) return false;
      const int matches_there = matches + (unit.has_value() ? 1 : 0);
      if (matches_there > kMostMatches) return false;
      const auto [known, is_new] = most_matches.emplace(next, matches_there);
      if (!is_new && known->second >= matches_there) continue;
      known->second = matches_there;
      places.push_back(next);
    }
  }
  return true;
}

bool is_sound(std::string_view table) {
  uint32_t size = 0;
  if (table.size() <= sizeof size) return false;
  std::memcpy(&size, table.data(), sizeof size);
  const std::string_view rest = table.substr(sizeof size);
  if (size >= rest.size() || size % sizeof(uint32_t) != 0 || rest.back() != '\0') return false;
  return stays_within(rest.substr(0, size), rest.size() - size);
}

bool has_sound_tables(std::string_view content) {
  for (ProtobufReader model(content); model.next();) {
    if (model.field() != kNormalizerSpec) continue;
    for (ProtobufReader normalizer(model.text()); normalizer.next();) {
      const std::string_view table = normalizer.text();
      if (normalizer.field() == kPrecompiledCharsmap && !table.empty() && !is_sound(table)) return false;
    }
  }
  return true;
}

}  // namespace

bool check_charsmap(std::string_view content, const std::string& where, const std::string& way_out) {
  try {
    if (has_sound_tables(content)) return true;
  } catch (const Error&) {
    return false;
  }
  throw Error(where + ": its table of replacements (precompiled_charsmap) is damaged; " + way_out);
}

}  // namespace ktlm::tokenizer
