#include "tensorboard.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <string>
#include <system_error>

namespace ktlm::train {

namespace fs = std::filesystem;

namespace {

constexpr std::array<uint32_t, 256> make_crc32c_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}

// TFRecord stores checksums rotated and shifted, since a checksum over data that holds its own checksum is weak.
uint32_t masked_crc32c(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

template <class T>
void append_little_endian(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

// A protobuf message under construction. A field is its number and wire type as a varint, then its value.
class Message {
 public:
  Message& integer(int field, int64_t value) {
    tag(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& float64(int field, double value) {
    tag(field, 1);
    append_little_endian(bytes_, std::bit_cast<uint64_t>(value));
    return *this;
  }
  Message& bytes(int field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.bytes_); }
  Message& float32(int field, float value) {
    tag(field, 5);
    append_little_endian(bytes_, std::bit_cast<uint32_t>(value));
    return *this;
  }

  const std::string& encoded() const { return bytes_; }

 private:
  void tag(int field, int wire_type) { varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type)); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

// Field numbers of event.proto, summary.proto, tensor.proto and tensor_shape.proto.
namespace event {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace session_log {
constexpr int kStatus = 1, kStart = 1;
}
namespace summary {
constexpr int kValue = 1;
}
namespace summary_value {
constexpr int kTag = 1, kSimpleValue = 2, kTensor = 8, kMetadata = 9;
}
namespace summary_metadata {
constexpr int kPluginData = 1, kPluginName = 1;
}
namespace tensor {
constexpr int kDtype = 1, kShape = 2, kStringValue = 8, kDtypeString = 7, kShapeDim = 2, kDimSize = 1;
}

Message event_at(int64_t step, double wall_time) {
  return Message().float64(event::kWallTime, wall_time).integer(event::kStep, step);
}

constexpr std::string_view kEventFilePrefix = "events.out.tfevents.";

// The greatest number of seconds in a name of the directory's event files; 0 where there is none.
int64_t newest_event_seconds(const fs::path& directory) {
  int64_t newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kEventFilePrefix))
      newest = std::max<int64_t>(newest, std::strtoll(name.c_str() + kEventFilePrefix.size(), nullptr, 10));
  }
  return newest;
}

// TensorBoard takes any name that holds "tfevents" and reads the files of a folder in the order of their names: a new
// file's comes behind all others, even where the clock was put back.
fs::path new_event_path(const fs::path& directory, double wall_time) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const int64_t newest = newest_event_seconds(directory);
  const int64_t seconds =
      newest > 0 ? std::max(static_cast<int64_t>(wall_time), newest + 1) : static_cast<int64_t>(wall_time);
  return directory / (std::string(kEventFilePrefix) + std::to_string(seconds) + "." +
                      (host[0] != '\0' ? host.data() : "localhost") + "." + std::to_string(::getpid()));
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto kTable = make_crc32c_table();
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string record;
  append_little_endian(record, static_cast<uint64_t>(data.size()));
  append_little_endian(record, masked_crc32c(record));
  record += data;
  append_little_endian(record, masked_crc32c(data));
  return record;
}

EventFile::EventFile(const fs::path& directory, int64_t first_step, double wall_time)
    : file_(new_event_path(directory, wall_time)) {
  const Message version = Message().float64(event::kWallTime, wall_time).bytes(event::kFileVersion, "brain.Event:2");
  file_.append(tf_record(version.encoded()));
  // TensorBoard takes the second session start that it meets, and those behind it, for restarts: so every file has one.
  const Message start = Message().integer(session_log::kStatus, session_log::kStart);
  file_.append(tf_record(event_at(first_step, wall_time).message(event::kSessionLog, start).encoded()));
}

void EventFile::scalars(int64_t step, double wall_time, const std::vector<std::pair<std::string, double>>& values) {
  Message summary_message;
  for (const auto& [tag, value] : values) {
    const Message scalar =
        Message().bytes(summary_value::kTag, tag).float32(summary_value::kSimpleValue, static_cast<float>(value));
    summary_message.message(summary::kValue, scalar);
  }
  file_.append(tf_record(event_at(step, wall_time).message(event::kSummary, summary_message).encoded()));
}

void EventFile::text(int64_t step, double wall_time, const std::string& tag, std::string_view text) {
  const Message shape = Message().message(tensor::kShapeDim, Message().integer(tensor::kDimSize, 1));
  const Message content = Message()
                              .integer(tensor::kDtype, tensor::kDtypeString)
                              .message(tensor::kShape, shape)
                              .bytes(tensor::kStringValue, text);
  const Message plugin = Message().bytes(summary_metadata::kPluginName, "text");
  const Message value =
      Message()
          .bytes(summary_value::kTag, tag)
          .message(summary_value::kTensor, content)
          .message(summary_value::kMetadata, Message().message(summary_metadata::kPluginData, plugin));
  const Message summary_message = Message().message(summary::kValue, value);
  file_.append(tf_record(event_at(step, wall_time).message(event::kSummary, summary_message).encoded()));
}

}  // namespace ktlm::train
