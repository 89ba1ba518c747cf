// Model directories that ktlm wrote, loaded and computed by transformers (tools/make_golden.py --check).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ktlm/core/files.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/model/safetensors.h"
#include "model/example_model.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

// A Python with transformers: the project's virtual environment, else the system's; "" where there is none.
std::string find_python() {
  for (const std::string& python : {std::string(KTLM_SOURCE_DIR) + "/.venv/bin/python", std::string("python3")}) {
    if (std::system(("'" + python + "' -c 'import transformers' 2>/dev/null").c_str()) == 0) return python;
  }
  return "";
}

TEST(Transformers, ComputesWhatWeComputedFromTheDirectoryWeWrote) {
  const std::string python = find_python();
  if (python.empty()) GTEST_SKIP() << "no Python with transformers here";
  auto untied = test::small_config(), qk_norm = test::small_config();
  untied.tie_embeddings = false;
  untied.rope_theta = 500000;
  untied.head_dim = 10;
  qk_norm.qk_norm = true;
  auto llama3 = untied, linear = qk_norm;
  llama3.rope_scaling = "llama3";
  llama3.rope_factor = 8;
  llama3.rope_original_seq_len = 32;
  linear.rope_scaling = "linear";
  linear.rope_factor = 4;
  const test::TemporaryDirectory root;
  std::string directories;
  for (const auto& [name, config] : {std::pair("llama", untied), std::pair("qwen3", qk_norm),
                                     std::pair("llama3", llama3), std::pair("linear", linear)}) {
    const auto directory = root / name;
    make_directories(directory);
    const auto model = test::example_model(config);
    save_model_files(model, {}, directory);
    const auto ids = test::random_ids(config, 2, 50), prompt = test::random_ids(config, 1, 8, 5);
    save_safetensors(directory / "expected.safetensors", {{"ids", ids},
                                                          {"logits", test::all_logits(model, ids)},
                                                          {"prompt", prompt},
                                                          {"greedy", test::greedy(model, prompt, 50)}});
    directories += " '" + directory.string() + "'";
  }
  const std::string output = (root / "output.txt").string();
  const std::string command = "'" + python + "' '" + KTLM_SOURCE_DIR + "/tools/make_golden.py' --check" + directories +
                              " >'" + output + "' 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(output);
}

}  // namespace
}  // namespace ktlm::model
