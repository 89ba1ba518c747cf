// The .onnx files themselves, read back. What they compute, onnxruntime_test.cpp asks onnxruntime.
#include "ktlm/export/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <set>
#include <string>

#include "error_message.h"
#include "export/onnx_reader.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/model_files.h"
#include "ktlm/model/safetensors_file.h"
#include "onnx_file.h"
#include "onnx_model.h"
#include "temporary_directory.h"

namespace ktlm::formats {
namespace {

namespace fs = std::filesystem;

using test::error_message;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const fs::path kGolden = KTLM_TEST_DATA_DIR "/golden";
const StopFlag kNeverStop;

std::string bytes_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A copy of the smallest model whose tensor `name` begins with `value`.
void copy_model_with(const fs::path& to, const std::string& name, float value) {
  fs::copy(kGolden / "llama_gqa_tied", to);
  const fs::path path = to / "model.safetensors";
  size_t offset = 0;
  {
    const model::SafetensorsFile file(path);
    const MappedFile mapped(path);
    const std::string whole = bytes_of(mapped.bytes());
    offset = whole.find(bytes_of(file.tensors().at(name).bytes));
  }
  std::string bytes = read_file(path);
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  write_file_atomically(path, bytes);
}

TEST(Onnx, InputsAndOutputsAreThoseOfOptimumsDecoders) {
  const test::TemporaryDirectory root;
  export_onnx(kGolden / "llama_gqa_tied", root / "out", {OnnxNumbers::kFp16}, kNeverStop);
  const auto model = test::read_onnx(root / "out/onnx/model_fp16.onnx");
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opset, 17);
  EXPECT_THAT(model.inputs, ElementsAre("input_ids: 7 [batch_size, sequence_length]",
                                        "attention_mask: 7 [batch_size, past_sequence_length + sequence_length]",
                                        "position_ids: 7 [batch_size, sequence_length]",
                                        "past_key_values.0.key: 10 [batch_size, 2, past_sequence_length, 8]",
                                        "past_key_values.0.value: 10 [batch_size, 2, past_sequence_length, 8]",
                                        "past_key_values.1.key: 10 [batch_size, 2, past_sequence_length, 8]",
                                        "past_key_values.1.value: 10 [batch_size, 2, past_sequence_length, 8]"));
  const std::string present = ": 10 [batch_size, 2, past_sequence_length + sequence_length, 8]";
  EXPECT_THAT(model.outputs,
              ElementsAre("logits: 1 [batch_size, sequence_length, 96]", "present.0.key" + present,
                          "present.0.value" + present, "present.1.key" + present, "present.1.value" + present));
}

TEST(Onnx, ANodeReadsOnlyWhatStandsBeforeItAndNothingIsWrittenTwice) {
  const test::TemporaryDirectory root;
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    if (!entry.is_directory()) continue;
    const fs::path out = root / entry.path().filename().string();
    export_onnx(entry.path(), out, {OnnxNumbers::kFp32, OnnxNumbers::kFp16}, kNeverStop);
    for (const char* name : {"model.onnx", "model_fp16.onnx"}) {
      const auto model = test::read_onnx(out / "onnx" / name);
      std::set<std::string> known;
      for (const auto& input : model.inputs) known.insert(input.substr(0, input.find(':')));
      for (const auto& [tensor, unused] : model.tensors) known.insert(tensor);
      for (const auto& node : model.nodes) {
        for (const auto& input : node.inputs) EXPECT_THAT(known, Contains(input)) << node.type;
        for (const auto& output : node.outputs) EXPECT_TRUE(known.insert(output).second) << output;
      }
      for (const auto& output : model.outputs) EXPECT_THAT(known, Contains(output.substr(0, output.find(':'))));
    }
  }
}

TEST(Onnx, WeightsAreTheModelsAndThoseOfProjectionsTransposed) {
  const test::TemporaryDirectory root;
  const fs::path directory = kGolden / "llama_untied_rope_theta";
  export_onnx(directory, root / "out", {OnnxNumbers::kFp32}, kNeverStop);
  const auto model = test::read_onnx(root / "out/onnx/model.onnx");
  const model::SafetensorsFile file(directory / "model.safetensors");
  for (const auto& [name, tensor] : file.tensors()) {
    const bool is_projection = tensor.shape.size() == 2 && name != "model.embed_tokens.weight";
    const auto& written = model.tensors.at(is_projection ? name + "_transposed" : name);
    if (!is_projection) {
      EXPECT_EQ(written.shape, tensor.shape) << name;
      EXPECT_EQ(written.bytes, bytes_of(tensor.bytes)) << name;
      continue;
    }
    const auto rows = static_cast<size_t>(tensor.shape[0]), cols = static_cast<size_t>(tensor.shape[1]);
    EXPECT_THAT(written.shape, ElementsAre(tensor.shape[1], tensor.shape[0])) << name;
    const std::string original = bytes_of(tensor.bytes);
    std::string transposed;
    for (size_t col = 0; col < cols; ++col)
      for (size_t row = 0; row < rows; ++row) transposed += original.substr((row * cols + col) * 4, 4);
    EXPECT_TRUE(written.bytes == transposed) << name;
  }
}

TEST(Onnx, WeightsGoIntoAFileOfTheirOwnWhereOneFileWouldBeTooLarge) {
  const test::TemporaryDirectory root;
  const fs::path directory = kGolden / "qwen3_gqa_untied";
  const model::SafetensorsFile file(directory / "model.safetensors");
  const auto graph = onnx_model(model::load_model_config(directory), file.tensors(), OnnxType::kFloat);
  EXPECT_FALSE(write_onnx_file(graph, root / "one.onnx", "here", kNeverStop));
  const uint64_t size = fs::file_size(root / "one.onnx");
  EXPECT_FALSE(write_onnx_file(graph, root / "fits.onnx", "here", kNeverStop, size));
  EXPECT_TRUE(write_onnx_file(graph, root / "two.onnx", "here", kNeverStop, size - 1));
  EXPECT_FALSE(fs::exists(root / "one.onnx_data"));
  EXPECT_LT(fs::file_size(root / "two.onnx"), size / 2);
  const auto one = test::read_onnx(root / "one.onnx"), two = test::read_onnx(root / "two.onnx");
  ASSERT_EQ(one.tensors.size(), two.tensors.size());
  for (const auto& [name, tensor] : one.tensors) {
    EXPECT_EQ(two.tensors.at(name).shape, tensor.shape) << name;
    EXPECT_TRUE(two.tensors.at(name).bytes == tensor.bytes) << name;
    EXPECT_EQ(two.tensors.at(name).offset % 4096, 0U) << name;
  }
}

TEST(Onnx, TheDirectorySaysWhatTransformersJsIsToTakeAndKeepsTheRest) {
  const test::TemporaryDirectory root;
  const fs::path directory = kGolden / "llama_gqa_tied";
  const auto files = export_onnx(directory, root / "out", {OnnxNumbers::kFp16, OnnxNumbers::kFp32}, kNeverStop);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ(files->at(0).path, root / "out/onnx/model.onnx");
  EXPECT_EQ(files->at(1).path, root / "out/onnx/model_fp16.onnx");
  EXPECT_EQ(files->at(1).size_bytes, fs::file_size(files->at(1).path));
  Json config = read_json_file(root / "out/config.json");
  EXPECT_EQ(config["transformers.js_config"],
            Json::parse(R"({"dtype": "fp16", "kv_cache_dtype": {"fp16": "float16"}})"));
  config.erase("transformers.js_config");
  EXPECT_EQ(config, read_json_file((directory / "config.json").string()));
  EXPECT_EQ(read_file(root / "out/generation_config.json"), read_file(directory / "generation_config.json"));
}

TEST(Onnx, TheTokenizerCutsAtTheSamePlacesInTransformersJs) {
  const test::TemporaryDirectory root;
  const fs::path model = root / "model", tokenizer = KTLM_TEST_DATA_DIR "/tokenizer/trained";
  fs::copy(kGolden / "llama_gqa_tied", model);
  fs::copy(tokenizer, model, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  export_onnx(model, root / "out", {OnnxNumbers::kFp32}, kNeverStop);
  EXPECT_EQ(read_file(root / "out/tokenizer.model"), read_file(tokenizer / "tokenizer.model"));
  Json written = read_json_file(root / "out/tokenizer.json"),
       expected = read_json_file((tokenizer / "tokenizer.json").string());
  EXPECT_EQ(written["pre_tokenizer"]["behavior"], "Isolated");
  written.erase("pre_tokenizer");
  expected.erase("pre_tokenizer");
  EXPECT_EQ(written, expected);
}

TEST(Onnx, ADamagedTokenizerIsToldBeforeAnythingIsWritten) {
  const test::TemporaryDirectory root;
  const fs::path model = root / "model", tokenizer = KTLM_TEST_DATA_DIR "/tokenizer/trained";
  fs::copy(kGolden / "llama_gqa_tied", model);
  for (const auto& entry : fs::directory_iterator(tokenizer)) fs::copy(entry.path(), model / entry.path().filename());
  write_file_atomically(model / "tokenizer.model", read_file(model / "tokenizer.model").substr(0, 5000));
  EXPECT_THAT(error_message([&] { export_onnx(model, root / "out", {OnnxNumbers::kFp32}, kNeverStop); }),
              HasSubstr("tokenizer.model: truncated or changed (hash "));
  EXPECT_FALSE(fs::exists(root / "out"));
}

TEST(Onnx, ANewExportTakesAnEarlierOnesPlaceAndNothingElses) {
  const test::TemporaryDirectory root;
  export_onnx(kGolden / "llama_gqa_tied", root / "out", {OnnxNumbers::kFp16}, kNeverStop);
  export_onnx(kGolden / "qwen3_gqa_tied", root / "out", {OnnxNumbers::kFp32}, kNeverStop);
  EXPECT_TRUE(fs::exists(root / "out/onnx/model.onnx"));
  EXPECT_FALSE(fs::exists(root / "out/onnx/model_fp16.onnx"));
  make_directories(root / "model");
  fs::copy_file(kGolden / "llama_gqa_tied/config.json", root / "model/config.json");
  fs::copy_file(kGolden / "llama_gqa_tied/model.safetensors", root / "model/model.safetensors");
  EXPECT_EQ(error_message([&] { export_onnx(root / "model", root / "model", {OnnxNumbers::kFp32}, kNeverStop); }),
            (root / "model").string() +
                ": holds model.safetensors, which is no part of an ONNX export; name another place with --out");
  write_file_atomically(root / "out/onnx/model_q4.onnx", "made of model.onnx");
  EXPECT_EQ(error_message([&] { export_onnx(root / "model", root / "out", {OnnxNumbers::kFp32}, kNeverStop); }),
            (root / "out").string() +
                ": holds onnx/model_q4.onnx, which is no part of an ONNX export; name another place with --out");
}

TEST(Onnx, APersonsFilesAreToldByTheirPlaces) {
  const test::TemporaryDirectory root;
  const auto error_of = [&](const char* name) {
    const std::string message =
        error_message([&] { export_onnx(kGolden / "llama_gqa_tied", root / name, {OnnxNumbers::kFp32}, kNeverStop); });
    const std::string start = (root / name).string() + ": ", end = "; name another place with --out";
    return message.starts_with(start) && message.ends_with(end)
               ? message.substr(start.size(), message.size() - start.size() - end.size())
               : message;
  };
  write_file_atomically(root / "tokenizer/tokenizer.json", "{}");
  EXPECT_EQ(error_of("tokenizer"), "is no ONNX export, for it holds no folder onnx");
  write_file_atomically(root / "file/onnx", "mine");
  EXPECT_EQ(error_of("file"), "holds onnx, which is no part of an ONNX export");
  write_file_atomically(root / "deep/onnx/model.onnx", "");
  write_file_atomically(root / "deep/photos/config.json", "{}");
  EXPECT_EQ(error_of("deep"), "holds photos, which is no part of an ONNX export");
  write_file_atomically(root / "inside/onnx/config.json", "{}");
  EXPECT_EQ(error_of("inside"), "holds onnx/config.json, which is no part of an ONNX export");
  for (const char* file : {"tokenizer/tokenizer.json", "file/onnx", "deep/photos/config.json"})
    EXPECT_TRUE(fs::exists(root / file)) << file;
}

TEST(Onnx, AFolderThatCantBeLookedThroughIsLeft) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everywhere";
  const test::TemporaryDirectory root;
  write_file_atomically(root / "out/onnx/mine.txt", "mine");
  fs::permissions(root / "out/onnx", fs::perms::none);
  EXPECT_EQ(
      error_message([&] { export_onnx(kGolden / "llama_gqa_tied", root / "out", {OnnxNumbers::kFp32}, kNeverStop); }),
      (root / "out").string() + ": can't be looked through (Permission denied); name another place with --out");
  fs::permissions(root / "out/onnx", fs::perms::owner_all);
  EXPECT_TRUE(fs::exists(root / "out/onnx/mine.txt"));
}

TEST(Onnx, AStopLeavesNothing) {
  const test::TemporaryDirectory root;
  StopFlag stop;
  stop.request(2);
  EXPECT_FALSE(export_onnx(kGolden / "llama_gqa_tied", root / "out", {OnnxNumbers::kFp32}, stop));
  EXPECT_TRUE(fs::is_empty(root.path()));
}

TEST(Onnx, WeightsThatAreNoNumbersOrTooLargeForFp16AreRefused) {
  const test::TemporaryDirectory root;
  copy_model_with(root / "infinite", "model.norm.weight", std::numeric_limits<float>::infinity());
  copy_model_with(root / "large", "model.layers.1.mlp.up_proj.weight", -65520);
  const auto message = [&](const char* model, OnnxNumbers numbers) {
    return error_message([&] { export_onnx(root / model, root / "out", {numbers}, kNeverStop); });
  };
  EXPECT_EQ(message("infinite", OnnxNumbers::kFp32),
            (root / "infinite/model.safetensors").string() +
                ": tensor \"model.norm.weight\" holds what is no finite number; the file is damaged, or training broke "
                "down: take another copy or checkpoint");
  EXPECT_EQ(message("large", OnnxNumbers::kFp16),
            (root / "large/model.safetensors").string() +
                ": tensor \"model.layers.1.mlp.up_proj.weight\" holds -65520, more than its form can, 65504; export "
                "the model in 32 bits");
  EXPECT_FALSE(fs::exists(root / "out"));
  EXPECT_EQ(message("large", OnnxNumbers::kFp32), "(nothing thrown)");
}

TEST(Onnx, ADirectoryWithoutAModelIsNamedAndLeavesNothing) {
  const test::TemporaryDirectory root;
  EXPECT_THAT(error_message([&] { export_onnx(root / "none", root / "out", {OnnxNumbers::kFp32}, kNeverStop); }),
              HasSubstr((root / "none/config.json").string()));
  EXPECT_TRUE(fs::is_empty(root.path()));
}

TEST(Onnx, NumbersAreOneKindOrBothInTheirOrder) {
  EXPECT_THAT(parse_onnx_numbers("fp32"), ElementsAre(OnnxNumbers::kFp32));
  EXPECT_THAT(parse_onnx_numbers("fp16,fp32,fp16"), ElementsAre(OnnxNumbers::kFp16, OnnxNumbers::kFp32));
  EXPECT_EQ(error_message([] { parse_onnx_numbers("fp32,int8"); }),
            "no ONNX numbers \"int8\"; choose fp32, fp16 or both, fp32,fp16");
}

}  // namespace
}  // namespace ktlm::formats
