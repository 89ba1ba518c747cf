// What the exported models compute, in onnxruntime, against transformers (tools/check_onnx.py).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ktlm/core/files.h"
#include "ktlm/export/onnx.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/weight_files.h"
#include "onnx_file.h"
#include "onnx_model.h"
#include "temporary_directory.h"

namespace ktlm::formats {
namespace {

namespace fs = std::filesystem;

const StopFlag kNeverStop;

// The project's virtual environment, else the system's Python; "" where neither has what the check needs.
std::string find_python() {
  for (const std::string& python : {std::string(KTLM_SOURCE_DIR) + "/.venv/bin/python", std::string("python3")}) {
    if (std::system(("'" + python + "' -c 'import onnx, onnxruntime, transformers' 2>/dev/null").c_str()) == 0)
      return python;
  }
  return "";
}

TEST(Onnxruntime, ComputesTheModelsLogitsWithAndWithoutCacheAndPadding) {
  const std::string python = find_python();
  if (python.empty()) GTEST_SKIP() << "no Python with onnx, onnxruntime and transformers here";
  const test::TemporaryDirectory root;
  std::string directories;
  for (const auto& entry : fs::directory_iterator(KTLM_TEST_DATA_DIR "/golden")) {
    if (!entry.is_directory()) continue;
    const fs::path directory = entry.path(), out = root / directory.filename().string();
    export_onnx(directory, out, {OnnxNumbers::kFp32, OnnxNumbers::kFp16}, kNeverStop);
    const auto config = model::load_model_config(directory);
    const model::WeightFiles weights(directory, config);
    const auto graph = onnx_model(config, weights.tensors(), OnnxType::kFloat);
    ASSERT_TRUE(write_onnx_file(graph, out / "onnx/model_of_two_files.onnx", "here", kNeverStop, 1));
    directories += " '" + out.string() + "' '" + directory.string() + "'";
  }
  const std::string output = (root / "output.txt").string();
  const std::string command = "OMP_NUM_THREADS=1 '" + python + "' '" KTLM_SOURCE_DIR "/tools/check_onnx.py'" +
                              directories + " >'" + output + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(output);
}

}  // namespace
}  // namespace ktlm::formats
