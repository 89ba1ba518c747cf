// A model directory made through the program, as a person would: untrained but for two steps, so that its text is
// nonsense, but quickly made.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "ktlm/core/files.h"
#include "run_program.h"
#include "temporary_directory.h"

namespace ktlm::test {

/// A folder in which `ktlm generate` and `ktlm chat` find a model: runs/tiny/model. Made once for a test program.
inline const std::filesystem::path& tiny_model_directory() {
  static const TemporaryDirectory directory;
  static const bool made = [] {
    std::string lines;
    for (const std::string word :
         {"서울은 한강을 끼고", "봄에는 벚꽃이 피고", "고양이는 낮에 자고", "할머니는 시장에서", "컴퓨터는 수를 세는",
          "안녕하세요? 오늘은", "사과와 배와 감을", "바람이 불고 비가"})
      for (const std::string end : {"있다.", "많다.", "좋아한다.", "갔다.", "왔다가 돌아갔다."})
        lines += "{\"text\":\"" + word + " " + end + " 그리고 " + word + " 다시 " + end + "\"}\n";
    write_file_atomically(directory / "texts.jsonl", lines);
    write_file_atomically(directory / "tiny.yaml",
                          "model: {d_model: 16, n_layers: 1, n_heads: 2, n_kv_heads: 1, d_ff: 32, max_seq_len: 64}\n"
                          "train: {max_steps: 2, micro_batch_size: 2, warmup_steps: 1, eval_every_steps: 0}\n");
    const std::vector<std::vector<std::string>> chain = {
        {"prepare", "texts.jsonl", "--min-chars", "1"},
        {"train-tokenizer", "--vocab-size", "340"},
        {"train", "--config", "tiny.yaml", "--device", "cpu", "--threads", "1"}};
    for (std::vector<std::string> arguments : chain) {
      arguments.insert(arguments.begin(), KTLM_BINARY);
      const ProgramResult result = run_program(arguments, {.directory = directory.path().string()});
      if (result.exit_code != 0) throw std::runtime_error(arguments[1] + " failed: " + result.err);
    }
    return true;
  }();
  static_cast<void>(made);
  return directory.path();
}

/// Runs ktlm there; the history of a chat goes there too.
inline ProgramResult ktlm_with_tiny_model(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.insert(arguments.begin(), KTLM_BINARY);
  const std::string directory = tiny_model_directory().string();
  return run_program(arguments, {.input = input,
                                 .environment = {{"XDG_STATE_HOME", directory}, {"OMP_NUM_THREADS", "1"}},
                                 .directory = directory});
}

}  // namespace ktlm::test
