// Headers that contradict the file: one line, and no view of bytes that a tensor doesn't have.
#include "ktlm/model/safetensors_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

class SafetensorsHeader : public testing::Test {
 protected:
  // Of a file of this header and so many bytes of data.
  void write(const std::string& header, size_t data_bytes) const {
    const uint64_t size = header.size();
    std::string bytes(sizeof size, '\0');
    std::memcpy(bytes.data(), &size, sizeof size);
    write_file_atomically(path_, bytes + header + std::string(data_bytes, '\0'));
  }
  // What stands behind the file's name.
  std::string error_of(const std::string& header, size_t data_bytes) const {
    write(header, data_bytes);
    const std::string message = test::error_message([&] { SafetensorsFile file(path_); });
    return message.starts_with(path_.string() + ": ") ? message.substr(path_.string().size() + 2) : message;
  }
  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "x.safetensors";
};

TEST_F(SafetensorsHeader, AnEmptyTensorHasNoBytes) {
  write(
      R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
      8);
  EXPECT_TRUE(SafetensorsFile(path_).tensors().at("a").bytes.empty());
}

TEST_F(SafetensorsHeader, AnEmptyTensorBeyondTheEndIsRefused) {
  EXPECT_EQ(
      error_of(
          R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[9,9]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
          8),
      "tensor \"a\" has no values and stands beyond the end of the file (corrupt header)");
}

TEST_F(SafetensorsHeader, SizesThatAreNoNumbersHereAreRefused) {
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F32","shape":[0,9223372036854775808],"data_offsets":[0,0]}})", 0),
            "tensor \"a\": its shape is too large");
  EXPECT_EQ(error_of(R"({"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]},)"
                     R"("b":{"dtype":"U8","shape":[4096],"data_offsets":[9223372036854775807,9223372036854779903]}})",
                     8),
            "tensor \"a\": data_offsets lie beyond the end of any file (corrupt header)");
}

}  // namespace
}  // namespace ktlm::model
