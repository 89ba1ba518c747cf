// Export and import against each other; tests/export/gguf_reader_test.py reads the same files with another program.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "block_formats.h"
#include "error_message.h"
#include "gguf_file.h"
#include "gguf_header.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/export/gguf_export.h"
#include "ktlm/export/gguf_import.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/vocabulary.h"
#include "model_directory.h"
#include "temporary_directory.h"

namespace ktlm::formats {

namespace {

namespace fs = std::filesystem;
using test::error_message;
using test::small_config;
using test::write_model_directory;

struct Exported {
  test::TemporaryDirectory folder;
  fs::path model = folder / "model", file = folder / "model.gguf", back = folder / "back";

  explicit Exported(bool qk_norm = false, bool tied = false, GgufWeights weights = GgufWeights::kF32,
                    bool bf16 = false) {
    write_model_directory(model, small_config(qk_norm, tied), bf16);
    export_gguf(model, file, weights, "small", StopFlag());
  }
  void import() const { import_gguf(file, back, StopFlag()); }
};

TEST(Gguf, WhatIsExportedInF32ComesBackByteForByte) {
  for (const bool qk_norm : {false, true})
    for (const bool tied : {false, true}) {
      const Exported exported(qk_norm, tied);
      exported.import();
      for (const char* name : {"model.safetensors", "config.json", "generation_config.json", "tokenizer.model",
                               "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
        EXPECT_EQ(read_file(exported.back / name), read_file(exported.model / name)) << name << qk_norm << tied;
    }
}

TEST(Gguf, Bf16WeightsAreExactInF32) {
  const Exported exported(true, true, GgufWeights::kF32, true);
  exported.import();
  const model::SafetensorsFile ours(exported.model / "model.safetensors"), back(exported.back / "model.safetensors");
  for (const auto& [name, tensor] : ours.tensors()) {
    const auto& other = back.tensors().at(name);
    const auto size = static_cast<int64_t>(tensor.bytes.size() / 2);
    std::vector<float> expected(static_cast<size_t>(size)), got(expected.size());
    decode_row(tensor.bytes.data(), size, TensorType::kBf16, expected.data());
    decode_row(other.bytes.data(), size, TensorType::kF32, got.data());
    EXPECT_EQ(got, expected) << name;
  }
}

// rotary embedding: channel pairs (i, i + 8) of a head of 16 become (2i, 2i + 1).
TEST(Gguf, QueriesOfLlamaStandInLlamaCppsOrder) {
  const Exported llama(false), qwen3(true);
  const auto rows_of = [](const Exported& exported) {
    const GgufFile file(exported.file);
    const auto bytes = file.bytes_of("blk.1.attn_q.weight");
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    const model::SafetensorsFile source(exported.model / "model.safetensors");
    const auto* ours =
        reinterpret_cast<const float*>(source.tensors().at("model.layers.1.self_attn.q_proj.weight").bytes.data());
    std::vector<int> rows;
    for (int row = 16; row < 32; ++row)  // of the second head
      for (int other = 0; other < 64; ++other)
        if (std::memcmp(values + row * 64, ours + other * 64, 64 * sizeof(float)) == 0) rows.push_back(other);
    return rows;
  };
  EXPECT_EQ(rows_of(llama), (std::vector<int>{16, 24, 17, 25, 18, 26, 19, 27, 20, 28, 21, 29, 22, 30, 23, 31}));
  EXPECT_EQ(rows_of(qwen3), (std::vector<int>{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}));
}

TEST(Gguf, Q4KeepsTheOutputLayerInQ8AndNormsInF32) {
  const auto types = [](bool tied) {
    const Exported exported(false, tied, GgufWeights::kQ4_0);
    const GgufFile file(exported.file);
    std::string result;
    for (const char* name : {"token_embd.weight", "output.weight", "blk.0.ffn_up.weight", "blk.0.attn_norm.weight"}) {
      const auto found = file.tensors().find(name);
      result += (found == file.tensors().end() ? "none" : tensor_type_name(found->second.type)) + " ";
    }
    return result;
  };
  EXPECT_EQ(types(false), "Q4_0 Q8_0 Q4_0 F32 ");
  EXPECT_EQ(types(true), "Q8_0 none Q4_0 F32 ");
}

TEST(Gguf, RowsThatAreNoWholeBlocksStayF16WithANote) {
  test::TemporaryDirectory folder;
  model::ModelConfig config = small_config(false, true);
  config.d_ff = 80;
  write_model_directory(folder / "model", config);
  const auto written = export_gguf(folder / "model", folder / "a.gguf", GgufWeights::kQ8_0, "a", StopFlag());
  ASSERT_TRUE(written);
  EXPECT_EQ(written->notes,
            (std::vector<std::string>{
                "blk.0.ffn_down.weight is kept in f16: its rows of 80 values can't be cut into blocks of 32",
                "blk.1.ffn_down.weight is kept in f16: its rows of 80 values can't be cut into blocks of 32"}));
  EXPECT_EQ(tensor_type_name(GgufFile(folder / "a.gguf").tensors().at("blk.0.ffn_down.weight").type), "F16");
}

TEST(Gguf, QuantizedFilesComeBackAsWhatTheyStandFor) {
  for (const auto& [weights, tolerance] :
       {std::pair{GgufWeights::kF16, 1e-4}, {GgufWeights::kQ8_0, 1e-3}, {GgufWeights::kQ4_0, 3e-2}}) {
    const Exported exported(false, false, weights);
    exported.import();
    const model::SafetensorsFile ours(exported.model / "model.safetensors"), back(exported.back / "model.safetensors");
    const char* name = "model.layers.0.self_attn.k_proj.weight";
    const auto &expected = ours.tensors().at(name), &got = back.tensors().at(name);
    EXPECT_EQ(got.shape, expected.shape);
    EXPECT_EQ(got.dtype, weights == GgufWeights::kF16 ? "F16" : "F32");
    const auto size = static_cast<int64_t>(expected.bytes.size() / sizeof(float));
    std::vector<float> values(static_cast<size_t>(size));
    decode_row(got.bytes.data(), size, weights == GgufWeights::kF16 ? TensorType::kF16 : TensorType::kF32,
               values.data());
    const auto* wanted = reinterpret_cast<const float*>(expected.bytes.data());
    for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], wanted[i], tolerance) << to_string(weights) << i;
  }
}

TEST(Gguf, AModelWithMoreRowsThanPiecesIsFilledWithUnusedTokens) {
  test::TemporaryDirectory folder;
  model::ModelConfig config = small_config(false, true);
  config.vocab_size = 704;
  write_model_directory(folder / "model", config);
  export_gguf(folder / "model", folder / "a.gguf", GgufWeights::kF32, "a", StopFlag());
  const GgufFile file(folder / "a.gguf");
  EXPECT_EQ(file.texts(keys::kTokens).size(), 704u);
  EXPECT_EQ(file.texts(keys::kTokens)[703], "[PAD703]");
  EXPECT_EQ(file.numbers(keys::kTokenTypes)[703], 5);
  import_gguf(folder / "a.gguf", folder / "back", StopFlag());
  EXPECT_EQ(read_file(folder / "back" / "config.json"), read_file(folder / "model" / "config.json"));
  EXPECT_EQ(tokenizer::Tokenizer::load(folder / "back").vocab_size(), 700);
}

TEST(Gguf, ATokenizerLargerThanTheModelIsRefused) {
  test::TemporaryDirectory folder;
  model::ModelConfig config = small_config(false, true);
  config.vocab_size = 600;
  write_model_directory(folder / "model", config);
  EXPECT_EQ(
      error_message([&] { export_gguf(folder / "model", folder / "a.gguf", GgufWeights::kF32, "a", StopFlag()); }),
      (folder / "model").string() +
          ": its tokenizer has 700 pieces, but the model knows 600 (a tokenizer of another model?)");
  EXPECT_FALSE(fs::exists(folder / "a.gguf"));
}

TEST(Gguf, ATokenizerOfOtherMakeBecomesASentencePieceModelThatGivesTheSameIds) {
  const Exported exported(false, true);
  std::string bytes = read_file(exported.file);
  const std::string mark = keys::kNormalizerVersion;
  bytes.replace(bytes.find(mark), mark.size(), std::string(mark.size(), 'x'));
  write_file_atomically(exported.file, bytes);
  exported.import();
  const auto ours = tokenizer::Tokenizer::load(exported.model), theirs = tokenizer::Tokenizer::load(exported.back);
  for (const char* text : {"대한민국의 수도는 서울이다.", "ㅋㅋ  두 칸 😀", "1950년 6월"})
    EXPECT_EQ(theirs.encode(text), ours.encode(text)) << text;
  EXPECT_EQ(tokenizer::read_vocabulary(exported.back).chat_template,
            tokenizer::read_vocabulary(exported.model).chat_template);
}

TEST(Gguf, TheTokensThatEndAnAnswerAreThoseOfTheFile) {
  const Exported exported(false, true);
  const auto imported_with = [&](uint32_t eos, uint32_t eot) {
    std::string bytes = read_file(exported.file);
    for (const auto& [key, id] : {std::pair(keys::kEosId, eos), std::pair(keys::kEotId, eot)})
      std::memcpy(bytes.data() + bytes.find(key) + std::strlen(key), std::array{5U, id}.data(), 8);  // 5: int32
    write_file_atomically(exported.file, bytes);
    fs::remove_all(exported.back);
    exported.import();
    const Json json = read_json_file((exported.back / "generation_config.json").string());
    return json.contains("eos_token_id") ? json["eos_token_id"].dump() : "";
  };
  const int64_t end = tokenizer::Tokenizer::load(exported.model).control_id(tokenizer::kImEnd);
  ASSERT_EQ(end, 5);
  EXPECT_EQ(imported_with(2, 5), "[2,5]");
  EXPECT_EQ(imported_with(2, 300), "[2,300,5]");
  EXPECT_EQ(imported_with(static_cast<uint32_t>(-1), 5), "[5]");
}

TEST(Gguf, WeightsThatAFormCannotHoldAreRefused) {
  test::TemporaryDirectory folder;
  write_model_directory(folder / "model", small_config(false, true));
  const fs::path path = folder / "model/model.safetensors";
  const std::string good = read_file(path);
  const auto error_with = [&](float weight, GgufWeights weights) {
    std::string bytes = good;
    {
      const model::SafetensorsFile file(path);
      const auto of_tensor = file.tensors().at("model.layers.0.mlp.up_proj.weight").bytes;
      const std::string_view view(reinterpret_cast<const char*>(of_tensor.data()), of_tensor.size());
      std::memcpy(bytes.data() + good.find(view), &weight, sizeof weight);
    }
    write_file_atomically(path, bytes);
    const std::string message =
        error_message([&] { export_gguf(folder / "model", folder / "a.gguf", weights, "a", StopFlag()); });
    write_file_atomically(path, good);
    const std::string where = path.string() + ": tensor \"model.layers.0.mlp.up_proj.weight\" ";
    return message.starts_with(where) ? message.substr(where.size()) : message;
  };
  EXPECT_EQ(error_with(70'000, GgufWeights::kF16),
            "holds 70000, more than its form can, 65504; export the model in 32 bits");
  EXPECT_EQ(error_with(-8'400'000, GgufWeights::kQ8_0),
            "holds -8400000, more than its form can, 8319008; export the model in 32 bits");
  EXPECT_EQ(error_with(530'000, GgufWeights::kQ4_0),
            "holds 530000, more than its form can, 524032; export the model in 32 bits");
  EXPECT_EQ(error_with(std::numeric_limits<float>::quiet_NaN(), GgufWeights::kQ8_0),
            "holds what is no finite number; the file is damaged, or training broke down: take another copy or "
            "checkpoint");
  EXPECT_FALSE(fs::exists(folder / "a.gguf"));
  EXPECT_EQ(error_with(8'300'000, GgufWeights::kQ8_0), "(nothing thrown)");
}

TEST(Gguf, StoppedWorkLeavesNothing) {
  test::TemporaryDirectory folder;
  write_model_directory(folder / "model", small_config(false, true));
  StopFlag stop;
  stop.request(2);
  EXPECT_FALSE(export_gguf(folder / "model", folder / "a.gguf", GgufWeights::kF32, "a", stop));
  export_gguf(folder / "model", folder / "b.gguf", GgufWeights::kF32, "b", StopFlag());
  EXPECT_FALSE(import_gguf(folder / "b.gguf", folder / "back", stop));
  int entries = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) entries += entry.exists() ? 1 : 0;
  EXPECT_EQ(entries, 2);  // model and b.gguf
}

TEST(Gguf, AnUnknownFormIsNamedWithThoseThereAre) {
  EXPECT_EQ(error_message([] { parse_gguf_weights("q5_k"); }),
            "no GGUF weights \"q5_k\"; choose one of f32, f16, q8_0, q4_0");
}

}  // namespace

}  // namespace ktlm::formats
