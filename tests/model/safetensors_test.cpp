#include "ktlm/model/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

using test::error_message;

// A file of this header and so many bytes of data.
std::string file_of(const std::string& header, size_t data_bytes) {
  const uint64_t size = header.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + header + std::string(data_bytes, '\0');
}

class Safetensors : public testing::Test {
 protected:
  std::string error_of(const std::string& bytes) {
    const auto path = directory_ / "x.safetensors";
    write_file_atomically(path, bytes);
    const std::string message = error_message([&] { load_safetensors(path); });
    EXPECT_TRUE(message.starts_with(path.string() + ": ") || message.starts_with("(nothing")) << message;
    return message.size() > path.string().size() ? message.substr(path.string().size() + 2) : message;
  }
  test::TemporaryDirectory directory_;
};

TEST_F(Safetensors, ComeBackBitEqual) {
  at::manual_seed(1);
  const std::vector<std::pair<std::string, at::Tensor>> tensors{{"weights", at::randn({3, 5})},
                                                                {"half", at::randn({4}).to(at::kHalf)},
                                                                {"brain", at::randn({2, 2}).to(at::kBFloat16)},
                                                                {"counts", at::arange(7)},
                                                                {"one value", at::scalar_tensor(2.5)},
                                                                {"nothing", at::empty({0, 4})},
                                                                {"transposed", at::randn({6, 2}).t()},
                                                                {"flags", at::tensor({1, 0, 1}).to(at::kBool)},
                                                                {"이름", at::ones({1})}};
  save_safetensors(directory_ / "a.safetensors", tensors, {{"format", "pt"}});
  const auto loaded = load_safetensors(directory_ / "a.safetensors");
  ASSERT_EQ(loaded.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(loaded.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(loaded.at(name), tensor)) << name;
  }
}

TEST_F(Safetensors, MetadataStandsInTheHeaderAndDataIsAligned) {
  save_safetensors(directory_ / "a.safetensors", {{"x", at::ones({2})}}, {{"step", "500"}});
  const std::string bytes = read_file(directory_ / "a.safetensors");
  uint64_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  EXPECT_EQ(size % 8, 0U);
  EXPECT_EQ(bytes.size(), 8 + size + 8);
  EXPECT_EQ(parse_json(bytes.substr(8, size), "header")["__metadata__"]["step"], "500");
}

TEST_F(Safetensors, ShorterThanPromisedIsCalledTruncated) {
  save_safetensors(directory_ / "a.safetensors", {{"x", at::ones({1000})}, {"y", at::ones({1000})}});
  const std::string whole = read_file(directory_ / "a.safetensors");
  EXPECT_EQ(error_of(whole.substr(0, whole.size() - 3000)), "5.1 kB, but its header promises 8.1 kB (truncated?)");
  EXPECT_EQ(error_of(whole.substr(0, 50)), "50 B, but its header alone takes 128 B (truncated?)");
  EXPECT_EQ(error_of(whole.substr(0, 5)), "5 bytes are too few for a safetensors file (truncated?)");
  EXPECT_EQ(error_of(whole + "more"), "8.1 kB, but its header promises 8.1 kB");
}

TEST_F(Safetensors, AnotherFormatIsNamedAsSuch) {
  EXPECT_EQ(error_of("PK\x03\x04 this is a zip archive, not tensors"),
            "not a safetensors file (its first bytes are no header)");
  EXPECT_EQ(error_of(std::string(64, '\0')), "not a safetensors file (its first bytes are no header)");
  EXPECT_TRUE(error_of(file_of("{\"x\": garbage}", 4)).starts_with("header: not valid JSON"))
      << error_of(file_of("{\"x\": garbage}", 4));
}

TEST_F(Safetensors, HeadersThatContradictThemselvesAreRefused) {
  const auto header = [](const char* a, const char* b) {
    return std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)") + a +
           R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + b + "}}";
  };
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[8,16]"), 16)), "(nothing thrown)");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[4,12]"), 16)),
            "tensor \"b\" starts at byte 4, but the one before ends at 8 (corrupt header)");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[0,8]"), 16)), "tensors \"a\" and \"b\" overlap (corrupt header)");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[12,20]"), 20)),
            "tensor \"b\" starts at byte 12, but the one before ends at 8 (corrupt header)");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[8,20]"), 20)),
            "tensor \"b\": data_offsets do not fit its shape and dtype, 8 bytes");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[16,8]"), 20)),
            "tensor \"b\": data_offsets do not fit its shape and dtype, 8 bytes");
  EXPECT_EQ(error_of(file_of(header("[0,8]", "[-8,0]"), 20)),
            "tensor \"b\": data_offsets holds something else than whole numbers");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}})", 8)),
            "tensor \"a\": dtype F8_E4M3 is unknown to ktlm; save the model as F32, BF16 or F16");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", 8)),
            "tensor \"a\": key \"shape\" is missing");
  EXPECT_EQ(error_of(file_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8)),
            "tensor \"a\": its shape is too large");
}

TEST_F(Safetensors, FailedSaveLeavesTheOldFile) {
  const auto path = directory_ / "a.safetensors";
  save_safetensors(path, {{"x", at::ones({2})}});
  EXPECT_EQ(error_message([&] {
              save_safetensors(path, {{"x", at::zeros({2}, at::kComplexFloat)}});
            }),
            "safetensors: tensor \"x\" has a dtype that can't be saved, ComplexFloat");
  EXPECT_TRUE(at::equal(load_safetensors(path).at("x"), at::ones({2})));
}

}  // namespace
}  // namespace ktlm::model
