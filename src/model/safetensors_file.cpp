#include "ktlm/model/safetensors_file.h"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"

static_assert(std::endian::native == std::endian::little, "safetensors hold little-endian numbers");

namespace ktlm::model {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;   // the reference implementation's limit
constexpr uint64_t kMaxOffset = uint64_t{1} << 62;  // no file is larger, and sums with it are numbers still

uint64_t element_bytes(std::string_view dtype, const std::string& where) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 10> kSizes{{{"F32", 4},
                                                                          {"BF16", 2},
                                                                          {"F16", 2},
                                                                          {"F64", 8},
                                                                          {"I64", 8},
                                                                          {"I32", 4},
                                                                          {"I16", 2},
                                                                          {"I8", 1},
                                                                          {"U8", 1},
                                                                          {"BOOL", 1}}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  throw Error(where + ": dtype " + std::string(dtype) + " is unknown to ktlm; save the model as F32, BF16 or F16");
}

// The header's JSON and the bytes behind it, checked against the size of the file.
struct Parts {
  Json header;
  std::span<const std::byte> data;
};

Parts split(std::span<const std::byte> bytes, const std::string& where) {
  uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) {
    throw Error(where + ": " + std::to_string(bytes.size()) + " bytes are too few for a safetensors file (truncated?)");
  }
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (header_size > kMaxHeaderBytes || bytes.size() == sizeof header_size ||
      static_cast<char>(bytes[sizeof header_size]) != '{') {
    throw Error(where + ": not a safetensors file (its first bytes are no header)");
  }
  if (bytes.size() - sizeof header_size < header_size) {
    throw Error(where + ": " + format_bytes(static_cast<int64_t>(bytes.size())) + ", but its header alone takes " +
                format_bytes(static_cast<int64_t>(header_size)) + " (truncated?)");
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data() + sizeof header_size);
  return {parse_json(std::string_view(text, header_size), where + ": header"),
          bytes.subspan(sizeof header_size + header_size)};
}

struct Entry {
  std::string dtype;
  std::vector<int64_t> shape;
  uint64_t begin, end;  // in the data
};

Entry parse_entry(const Json& json, const std::string& where) {
  Entry entry;
  entry.dtype = json_get<std::string>(json, "dtype", where);
  const auto numbers = [&](const char* key) {
    const auto value = json_get<Json>(json, key, where);
    std::vector<uint64_t> result;
    for (const auto& item : value) {
      if (!item.is_number_unsigned()) throw Error(where + ": " + key + " holds something else than whole numbers");
      result.push_back(item.get<uint64_t>());
    }
    return result;
  };
  uint64_t size_bytes = element_bytes(entry.dtype, where);
  for (const uint64_t size : numbers("shape")) {
    entry.shape.push_back(static_cast<int64_t>(size));
    if (size > INT64_MAX || __builtin_mul_overflow(size_bytes, size, &size_bytes) || size_bytes > INT64_MAX) {
      throw Error(where + ": its shape is too large");
    }
  }
  const auto offsets = numbers("data_offsets");
  if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != size_bytes) {
    throw Error(where + ": data_offsets do not fit its shape and dtype, " + std::to_string(size_bytes) + " bytes");
  }
  if (offsets[1] > kMaxOffset) throw Error(where + ": data_offsets lie beyond the end of any file (corrupt header)");
  entry.begin = offsets[0];
  entry.end = offsets[1];
  return entry;
}

// The format wants the tensors to cover the data without gaps or overlaps, so that a file has one meaning.
void check_layout(const std::map<uint64_t, std::pair<uint64_t, std::string>>& spans, uint64_t size_bytes,
                  uint64_t header_bytes, const std::string& where) {
  uint64_t end = 0;
  for (const auto& [span_begin, span] : spans) {
    if (span_begin != end) {
      throw Error(where + ": tensor \"" + span.second + "\" starts at byte " + std::to_string(span_begin) +
                  ", but the one before ends at " + std::to_string(end) + " (corrupt header)");
    }
    end = span.first;
  }
  if (end != size_bytes) {
    throw Error(where + ": " + format_bytes(static_cast<int64_t>(header_bytes + size_bytes)) +
                ", but its header promises " + format_bytes(static_cast<int64_t>(header_bytes + end)) +
                (size_bytes < end ? " (truncated?)" : ""));
  }
}

}  // namespace

std::string safetensors_header(const std::vector<SafetensorsEntry>& entries,
                               const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const SafetensorsEntry& entry : entries) {
    uint64_t end = element_bytes(entry.dtype, "tensor \"" + entry.name + "\"");
    for (const int64_t size : entry.shape) end *= static_cast<uint64_t>(size);
    end += offset;
    header[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data start at a multiple of 8
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + text;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(path) {
  const std::string where = path.string();
  const auto [header, data] = split(file_.bytes(), where);
  std::map<uint64_t, std::pair<uint64_t, std::string>> spans;  // begin -> end, name; empty tensors cover nothing
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    auto entry = parse_entry(json, where + ": tensor \"" + name + "\"");
    if (entry.begin < entry.end && !spans.emplace(entry.begin, std::pair(entry.end, name)).second) {
      throw Error(where + ": tensors \"" + spans.at(entry.begin).second + "\" and \"" + name +
                  "\" overlap (corrupt header)");
    }
    const bool within = entry.end <= data.size();  // else, of a tensor with values, check_layout tells
    if (!within && entry.begin == entry.end) {
      throw Error(where + ": tensor \"" + name +
                  "\" has no values and stands beyond the end of the file (corrupt header)");
    }
    tensors_.insert_or_assign(name, Tensor{std::move(entry.dtype), std::move(entry.shape),
                                           within ? data.subspan(entry.begin, entry.end - entry.begin) : data});
  }
  check_layout(spans, data.size(), file_.bytes().size() - data.size(), where);
}

}  // namespace ktlm::model
