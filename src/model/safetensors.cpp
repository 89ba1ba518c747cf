#include "ktlm/model/safetensors.h"

#include <array>
#include <bit>
#include <cstring>
#include <numeric>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/core/text_format.h"

static_assert(std::endian::native == std::endian::little, "safetensors hold little-endian numbers");

namespace ktlm::model {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

struct DtypeName {
  at::ScalarType dtype;
  const char* name;
};
constexpr std::array kDtypeNames{
    DtypeName{at::kFloat, "F32"},  DtypeName{at::kBFloat16, "BF16"}, DtypeName{at::kHalf, "F16"},
    DtypeName{at::kDouble, "F64"}, DtypeName{at::kLong, "I64"},      DtypeName{at::kInt, "I32"},
    DtypeName{at::kShort, "I16"},  DtypeName{at::kChar, "I8"},       DtypeName{at::kByte, "U8"},
    DtypeName{at::kBool, "BOOL"},
};

const char* name_of(at::ScalarType dtype, const std::string& tensor) {
  for (const auto& entry : kDtypeNames) {
    if (entry.dtype == dtype) return entry.name;
  }
  throw Error("safetensors: tensor \"" + tensor + "\" has a dtype that can't be saved, " + c10::toString(dtype));
}

at::ScalarType dtype_of(const std::string& name, const std::string& where) {
  for (const auto& entry : kDtypeNames) {
    if (name == entry.name) return entry.dtype;
  }
  throw Error(where + ": dtype " + name + " is unknown to ktlm; save the model as F32, BF16 or F16");
}

std::string header_of(const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const uint64_t end = offset + tensor.nbytes();
    header[name] = {{"dtype", name_of(tensor.scalar_type(), name)},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data start at a multiple of 8
  return text;
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
  at::ScalarType dtype;
  std::vector<int64_t> shape;
  uint64_t begin, end;  // in the data
};

Entry parse_entry(const Json& json, const std::string& where) {
  Entry entry;
  entry.dtype = dtype_of(json_get<std::string>(json, "dtype", where), where);
  const auto numbers = [&](const char* key) {
    const auto value = json_get<Json>(json, key, where);
    std::vector<uint64_t> result;
    for (const auto& item : value) {
      if (!item.is_number_unsigned()) throw Error(where + ": " + key + " holds something else than whole numbers");
      result.push_back(item.get<uint64_t>());
    }
    return result;
  };
  uint64_t size_bytes = c10::elementSize(entry.dtype);
  for (const uint64_t size : numbers("shape")) {
    entry.shape.push_back(static_cast<int64_t>(size));
    if (__builtin_mul_overflow(size_bytes, size, &size_bytes) || size_bytes > INT64_MAX) {
      throw Error(where + ": its shape is too large");
    }
  }
  const auto offsets = numbers("data_offsets");
  if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != size_bytes) {
    throw Error(where + ": data_offsets do not fit its shape and dtype, " + std::to_string(size_bytes) + " bytes");
  }
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

void save_safetensors(const std::filesystem::path& path, const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  const std::string header = header_of(tensors, metadata);
  const uint64_t header_size = header.size();
  AtomicFile file(path);
  file.write(&header_size, sizeof header_size);
  file.write(header);
  for (const auto& [name, tensor] : tensors) {
    const auto on_cpu = tensor.detach().to(at::kCPU).contiguous();
    file.write(on_cpu.const_data_ptr(), on_cpu.nbytes());
  }
  file.commit();
}

std::map<std::string, at::Tensor> load_safetensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::string where = path.string();
  const auto [header, data] = split(file.bytes(), where);
  std::map<std::string, Entry> entries;
  std::map<uint64_t, std::pair<uint64_t, std::string>> spans;  // begin -> end, name; empty tensors cover nothing
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    const auto entry = parse_entry(json, where + ": tensor \"" + name + "\"");
    if (entry.begin < entry.end && !spans.emplace(entry.begin, std::pair(entry.end, name)).second) {
      throw Error(where + ": tensors \"" + spans.at(entry.begin).second + "\" and \"" + name +
                  "\" overlap (corrupt header)");
    }
    entries.emplace(name, entry);
  }
  check_layout(spans, data.size(), file.bytes().size() - data.size(), where);
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, entry] : entries) {
    auto tensor = at::empty(entry.shape, entry.dtype);
    std::memcpy(tensor.mutable_data_ptr(), data.data() + entry.begin, entry.end - entry.begin);
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

}  // namespace ktlm::model
