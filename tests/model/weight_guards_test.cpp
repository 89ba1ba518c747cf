// What a damaged config.json or another file's weights ask for is refused by whoever opens the weights, before memory
// is filled or numbers are computed.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "error_message.h"
#include "export/model_directory.h"
#include "ktlm/model/weight_files.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

class WeightGuards : public testing::Test {
 protected:
  WeightGuards() { test::write_model_directory(directory_.path(), config_); }

  // Behind the file's name.
  std::string error_with(const std::function<void(ModelConfig&)>& change) const {
    ModelConfig config = config_;
    change(config);
    const std::string message = test::error_message([&] { WeightFiles(directory_.path(), config); });
    const std::string start = (directory_ / "model.safetensors").string() + ": ";
    return message.starts_with(start) ? message.substr(start.size()) : message;
  }

  const ModelConfig config_ = test::small_config(false, true);
  test::TemporaryDirectory directory_;
};

TEST_F(WeightGuards, MoreLayersThanTensorsAreRefused) {
  EXPECT_EQ(error_with([](ModelConfig&) {}), "(nothing thrown)");
  EXPECT_EQ(error_with([](ModelConfig& config) { config.n_layers = 2'000'000'000; }),
            "2000000000 layers by config.json, but only 20 tensors; the two files belong to different models");
}

TEST_F(WeightGuards, SizesWhoseProductsOverflowAreRefused) {
  EXPECT_EQ(error_with([](ModelConfig& config) {
              config.n_heads = config.n_kv_heads = (int64_t{1} << 62) + 2;
              config.head_dim = 4;
            }),
            "a size of 4611686018427387906 in config.json, where at most 16777216 makes sense; the file is damaged");
}

TEST_F(WeightGuards, WeightsThatAreNoFloatsAreRefused) {
  const auto path = directory_ / "model.safetensors";
  std::string content = read_file(path);
  const size_t entry = content.find("\"model.norm.weight\"");
  content.replace(content.find("\"F32\"", entry), 5, "\"I32\"");
  write_file_atomically(path, content);
  EXPECT_EQ(error_with([](ModelConfig&) {}),
            "tensor \"model.norm.weight\" has dtype I32; ktlm computes with F32, BF16 and F16");
}

}  // namespace
}  // namespace ktlm::model
