// Damaged and foreign GGUF files end in one line that says what is wrong, and never in a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <random>
#include <string>

#include "error_message.h"
#include "gguf_file.h"
#include "gguf_header.h"
#include "ktlm/core/files.h"
#include "ktlm/export/gguf_export.h"
#include "ktlm/export/gguf_import.h"
#include "ktlm/tokenizer/vocabulary.h"
#include "model_directory.h"
#include "temporary_directory.h"

namespace ktlm::formats {

namespace {

class GgufDamage : public testing::Test {
 protected:
  GgufDamage() {
    test::write_model_directory(folder_ / "model", test::small_config(false, true));
    export_gguf(folder_ / "model", folder_ / "good.gguf", GgufWeights::kQ8_0, "small", StopFlag());
    content_ = read_file(folder_ / "good.gguf");
  }

  /// What importing these bytes says, behind the file's name.
  std::string problem_of(const std::string& bytes) {
    const auto path = folder_ / "bad.gguf";
    write_file_atomically(path, bytes);
    const std::string message = test::error_message([&] { import_gguf(path, folder_ / "out", StopFlag()); });
    EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
    const std::string where = path.string() + ": ";
    return message.starts_with(where) ? message.substr(where.size()) : message;
  }

  /// The bytes behind the first place of `what`, replaced by those of `value`.
  template <class Number>
  std::string with_number_behind(const std::string& what, size_t skip, Number value) const {
    std::string bytes = content_;
    const size_t at = bytes.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    std::memcpy(bytes.data() + at + what.size() + skip, &value, sizeof value);
    return bytes;
  }
  std::string with_text(const std::string& from, const std::string& to) const {
    std::string bytes = content_;
    EXPECT_EQ(from.size(), to.size());
    return bytes.replace(bytes.find(from), from.size(), to);
  }

  test::TemporaryDirectory folder_;
  std::string content_;
};

TEST_F(GgufDamage, OtherFilesAreTold) {
  EXPECT_EQ(problem_of("PK\x03\x04 something else"), "not a GGUF file (it does not begin with \"GGUF\")");
  EXPECT_EQ(problem_of(""), "not a GGUF file (it does not begin with \"GGUF\")");
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("GGUF", 0, 1)), "GGUF version 1; ktlm reads versions 2 and 3");
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("GGUF", 0, 3U << 24)),
            "a GGUF file of a big-endian machine; convert it to little-endian");
}

TEST_F(GgufDamage, TruncatedFilesAreTold) {
  const std::string in_header = "the file ends within its header (truncated?); copy or download it again";
  for (const size_t size : {size_t{4}, size_t{20}, size_t{100}, size_t{5000}})
    EXPECT_EQ(problem_of(content_.substr(0, size)), in_header) << size;
  EXPECT_EQ(
      problem_of(content_.substr(0, content_.size() - 1000)),
      "130 kB, but it ends before its tensor \"blk.1.ffn_down.weight\" does (truncated?); copy or download it again");
}

TEST_F(GgufDamage, AbsurdCountsTakeNoMemory) {
  const std::string in_header = "the file ends within its header (truncated?); copy or download it again";
  constexpr uint64_t kAbsurd = 1ULL << 62;
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("GGUF", 4, kAbsurd)), in_header);                   // tensors
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("GGUF", 12, kAbsurd)), in_header);                  // keys
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("tokenizer.ggml.tokens", 8, kAbsurd)), in_header);  // texts
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("tokenizer.ggml.scores", 8, kAbsurd)), in_header);  // numbers
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("general.name", 4, kAbsurd)), in_header);           // a text
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("llama.block_count", 4, 4'000'000'000U)),
            "llama.block_count is 4000000000, which fits no model (damaged?)");
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("llama.block_count", 4, 1'000'000U)),
            "describes 1000000 layers of 4 heads, but holds 20 tensors (damaged?)");
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("token_embd.weight", 4, kAbsurd)),
            "a tensor of an impossible shape; copy or download it again");
}

TEST_F(GgufDamage, OtherModelsAndTokenizersAreNamed) {
  // A text's value stands behind its key, its type (4 bytes) and its length (8).
  const auto with_value = [this](const std::string& key, const std::string& value) {
    std::string bytes = content_;
    return bytes.replace(bytes.find(key) + key.size() + 12, value.size(), value);
  };
  EXPECT_EQ(problem_of(with_value("general.architecture", "gemma")),
            "a model of the architecture \"gemma\", which ktlm does not compute; it knows \"llama\" and \"qwen3\"");
  EXPECT_EQ(problem_of(with_value("tokenizer.ggml.model", "gpt-2")),
            "its tokenizer is of the kind \"gpt-2\"; ktlm knows SentencePiece's, which GGUF calls \"llama\"");
}

TEST_F(GgufDamage, OtherTensorsAndTypesAreNamed) {
  // A tensor's type stands behind its name, the number of its dimensions (4 bytes) and these (8 each).
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("blk.0.attn_q.weight", 20, 13)),
            "tensor \"blk.0.attn_q.weight\" is of type Q5_K; ktlm imports F32, F16, BF16, Q8_0, Q6_K, Q4_K and Q4_0: "
            "take the model in "
            "one of these");
  EXPECT_EQ(problem_of(with_text("blk.0.attn_q.weight", "blk.0.attn_x.weight")),
            "tensor \"blk.0.attn_q.weight\" is missing (damaged, or a part of several?)");
  EXPECT_EQ(problem_of(with_number_behind<uint64_t>("blk.0.attn_q.weight", 12, 32)),
            "tensor \"blk.0.attn_q.weight\" has shape [32, 64], but its metadata asks for [64, 64]");
}

TEST_F(GgufDamage, ControlCharactersOfItsNamesStandWritten) {
  const std::string name("blk.0\0\n\x1b[2J.weight", 18);
  content_ = with_text("blk.0.ffn_up.weight", name + "1");
  EXPECT_EQ(problem_of(with_text("blk.1.ffn_up.weight", name + "1")),
            R"(two tensors "blk.0\u0000\n\u001b[2J.weight1"; copy or download it again)");
}

TEST_F(GgufDamage, TokensThatSentencePieceDoesNotTakeAreToldInItsWords) {
  const auto as_token = [](std::string text) {  // its length, 8 bytes, stands in front
    return std::string(1, static_cast<char>(text.size())) + std::string(7, '\0') + text;
  };
  const auto pieces = tokenizer::read_vocabulary(folder_ / "model").pieces;
  const auto& last = pieces.back().text;
  const auto twin = std::ranges::find_if(pieces, [&](const tokenizer::Piece& piece) {
    return piece.type == tokenizer::PieceType::kNormal && piece.text.size() == last.size();
  });
  ASSERT_NE(twin->text, last);
  EXPECT_EQ(problem_of(with_text(as_token(twin->text), as_token(last))),
            "its tokens make no SentencePiece model (\"" + last + " is already defined\"; damaged?)");
}

TEST_F(GgufDamage, AMissingKeyIsNamed) {
  EXPECT_EQ(problem_of(with_text("llama.embedding_length", "llama.embedding_lengtX")),
            "has no llama.embedding_length, which ktlm needs");
}

TEST_F(GgufDamage, NumbersThatAreNoneAreNamedByTheirKeys) {
  // A number stands behind its key and its type (4 bytes); in a list behind the elements' type and the count (4 + 8).
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(problem_of(with_number_behind("llama.attention.layer_norm_rms_epsilon", 4, nan)),
            "llama.attention.layer_norm_rms_epsilon is no finite number (damaged?)");
  EXPECT_EQ(problem_of(with_number_behind("llama.rope.freq_base", 4, infinity)),
            "llama.rope.freq_base is no finite number (damaged?)");
  EXPECT_EQ(problem_of(with_number_behind("tokenizer.ggml.scores", 16 + 4 * 300, nan)),
            "the score of token 300 is no finite number (damaged?)");
}

TEST_F(GgufDamage, TensorsThatOverlapAreNamed) {
  // A tensor's place stands behind its name, the number of its dimensions (4), these (8 each) and its type (4).
  const size_t at = content_.find("blk.0.attn_q.weight") + 19 + 4 + 16 + 4;
  uint64_t place = 0;
  std::memcpy(&place, content_.data() + at, sizeof place);
  EXPECT_EQ(problem_of(with_number_behind("blk.0.attn_k.weight", 24, place + 32)),
            "tensors \"blk.0.attn_q.weight\" and \"blk.0.attn_k.weight\" overlap; copy or download it again");
}

TEST_F(GgufDamage, ATokenThatIsNotThereEndsNoAnswer) {
  EXPECT_EQ(problem_of(with_number_behind<uint32_t>("tokenizer.ggml.eot_token_id", 4, 100'000)),
            "tokenizer.ggml.eot_token_id is 100000, but there are 700 tokens (damaged?)");
}

TEST_F(GgufDamage, ADirectoryThatIsThereStaysAsItIs) {
  write_file_atomically(folder_ / "out" / "mine.txt", "mine");
  EXPECT_EQ(test::error_message([&] { import_gguf(folder_ / "good.gguf", folder_ / "out", StopFlag()); }),
            (folder_ / "out").string() + ": is there already and is left as it is; remove it or choose another --out");
  EXPECT_EQ(read_file(folder_ / "out" / "mine.txt"), "mine");
}

// Bytes changed at random, most of them in the header: an import that works, or one line.
TEST_F(GgufDamage, NoChangedByteCrashes) {
  std::mt19937 random(1);
  const size_t header = content_.find("token_embd.weight") + 2000;
  const auto out = folder_ / "out";
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string bytes = content_;
    for (unsigned i = 0; i <= random() % 4; ++i)
      bytes[random() % (round % 8 == 0 ? bytes.size() : header)] = static_cast<char>(random());
    write_file_atomically(folder_ / "bad.gguf", bytes);
    const std::string message = test::error_message([&] { import_gguf(folder_ / "bad.gguf", out, StopFlag()); });
    if (message == "(nothing thrown)") {
      std::filesystem::remove_all(out);
      continue;
    }
    ++refused;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_FALSE(std::filesystem::exists(out));
  }
  EXPECT_GT(refused, 20);
}

}  // namespace

}  // namespace ktlm::formats
