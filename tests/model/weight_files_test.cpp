#include "ktlm/model/weight_files.h"

#include <gtest/gtest.h>

#include <functional>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/model_dir.h"
#include "ktlm/model/safetensors.h"
#include "model/example_model.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

using test::error_message;

constexpr const char* kFirst = "model-00001-of-00002.safetensors";
constexpr const char* kSecond = "model-00002-of-00002.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kNorm = "model.norm.weight";

// A model directory whose weights stand in two files.
class Shards : public testing::Test {
 protected:
  Shards() {
    const auto model = test::example_model();
    save_model_files(model, {}, directory_.path());
    tensors_ = load_safetensors(directory_ / "model.safetensors");
    std::filesystem::remove(directory_ / "model.safetensors");
    for (const auto& [name, tensor] : tensors_) index_["weight_map"][name] = shard_of(name);
    write();
  }

  static const char* shard_of(const std::string& name) {
    return name.starts_with("model.layers.1") || name == kNorm ? kSecond : kFirst;
  }

  void write() {
    std::map<std::string, std::vector<std::pair<std::string, at::Tensor>>> files;
    for (const auto& [name, tensor] : tensors_) files[shard_of(name)].emplace_back(name, tensor);
    for (const auto& [file, tensors] : files) save_safetensors(directory_ / file, tensors);
    write_file_atomically(directory_ / kIndex, index_.dump());
  }

  // Behind the directory's name.
  std::string error_with(const std::function<void()>& change) {
    change();
    const std::string message = error_message([&] { open(); });
    const std::string start = directory_.path().string() + "/";
    EXPECT_TRUE(message.starts_with(start) || message.starts_with("(nothing")) << message;
    return message.substr(std::min(message.size(), start.size()));
  }

  void open() { WeightFiles(directory_.path(), test::small_config()); }

  test::TemporaryDirectory directory_;
  std::map<std::string, at::Tensor> tensors_;
  Json index_ = {{"metadata", {{"total_size", 1}}}, {"weight_map", Json::object()}};
};

TEST_F(Shards, GiveTheModelThatOneFileGives) {
  const auto model = test::example_model(), loaded = load_model(directory_.path(), at::kCPU, at::kFloat);
  ASSERT_EQ(loaded.parameters().size(), model.parameters().size());
  for (size_t i = 0; i < model.parameters().size(); ++i)
    EXPECT_TRUE(at::equal(loaded.parameters()[i].tensor, model.parameters()[i].tensor));
  EXPECT_EQ(WeightFiles(directory_.path(), test::small_config()).where(), (directory_ / kIndex).string());
}

TEST_F(Shards, OneFileGoesFirstWhereBothAreThere) {
  write_file_atomically(directory_ / kIndex, "damaged");
  std::vector<std::pair<std::string, at::Tensor>> all(tensors_.begin(), tensors_.end());
  save_safetensors(directory_ / "model.safetensors", all);
  EXPECT_EQ(WeightFiles(directory_.path(), test::small_config()).tensors().size(), tensors_.size());
}

TEST_F(Shards, MissingShardIsNamed) {
  EXPECT_EQ(error_with([&] { std::filesystem::remove(directory_ / kSecond); }),
            std::string(kSecond) + ": no such file, but model.safetensors.index.json lists it; copy it as well");
}

TEST_F(Shards, TensorThatItsShardLacksIsNamed) {
  EXPECT_EQ(error_with([&] {
              index_["weight_map"][kNorm] = kFirst;
              write();
            }),
            std::string(kFirst) +
                ": tensor \"model.norm.weight\" is missing, but model.safetensors.index.json lists it "
                "here; do the files belong to one model?");
}

TEST_F(Shards, TensorInTwoShardsIsNamed) {
  EXPECT_EQ(error_with([&] {
              auto first = load_safetensors(directory_ / kFirst);
              first[kNorm] = at::ones({24});
              save_safetensors(directory_ / kFirst, {first.begin(), first.end()});
            }),
            std::string(kFirst) + ": tensor \"model.norm.weight\" stands here and in " + kSecond +
                "; do the files belong to one model?");
}

TEST_F(Shards, IndexOfAnotherModelIsNoticed) {
  EXPECT_EQ(error_with([&] {
              index_["weight_map"].erase("model.layers.1.mlp.up_proj.weight");
              write();
            }),
            std::string(kSecond) +
                ": tensor \"model.layers.1.mlp.up_proj.weight\" is not listed in "
                "model.safetensors.index.json; do the files belong to one model?");
}

TEST_F(Shards, AnIndexLeadsNowhereElse) {
  for (const char* file :
       {"../model-00001-of-00002.safetensors", "/etc/passwd", "a\\b.safetensors", "config.json", ".."})
    EXPECT_EQ(error_with([&] {
                index_["weight_map"][kNorm] = file;
                write();
              }),
              std::string(kIndex) + ": tensor \"model.norm.weight\" is looked for in \"" + file +
                  "\", which is no safetensors file of this directory; copy the index again");
}

TEST_F(Shards, DamagedIndexIsNamed) {
  const auto error_of = [&](const char* text) {
    return error_with([&] { write_file_atomically(directory_ / kIndex, text); });
  };
  EXPECT_TRUE(error_of("{").starts_with(std::string(kIndex) + ": not valid JSON"));
  EXPECT_EQ(error_of("{}"), std::string(kIndex) + ": key \"weight_map\" is missing");
  EXPECT_EQ(error_of(R"({"weight_map": {}})"), std::string(kIndex) + ": lists no tensors; copy the index again");
  for (const char* text : {R"({"weight_map": {"a": 3}})", R"({"weight_map": ["a"]})", R"({"weight_map": 7})"})
    EXPECT_EQ(error_of(text), std::string(kIndex) +
                                  ": weight_map should name a file for each tensor; copy the index "
                                  "again");
}

TEST_F(Shards, DirectoryWithoutWeightsTellsWhatToDo) {
  std::filesystem::remove(directory_ / kIndex);
  EXPECT_EQ(error_with([] {}),
            "model.safetensors: no such file, nor model.safetensors.index.json; the model's directory is not complete, "
            "copy it again");
  write_file_atomically(directory_ / "pytorch_model.bin", "pickle");
  EXPECT_EQ(error_message([&] { open(); }),
            directory_.path().string() +
                ": the weights are in pytorch_model.bin, which ktlm does not read; save them with transformers as "
                "safetensors: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(NEW_DIR)");
}

class OneFile : public testing::Test {
 protected:
  OneFile() {
    const auto model = test::example_model();
    for (const auto& [name, tensor] : model.parameters()) tensors_[name] = tensor;
  }
  std::string error_of() {
    save_safetensors(directory_ / "model.safetensors", {tensors_.begin(), tensors_.end()});
    return error_message([&] { WeightFiles(directory_.path(), test::small_config()); });
  }
  test::TemporaryDirectory directory_;
  std::map<std::string, at::Tensor> tensors_;
};

TEST_F(OneFile, StoredCopyOfATiedOutputLayerIsNoParameter) {
  tensors_["lm_head.weight"] = tensors_.at("model.embed_tokens.weight").clone();
  EXPECT_EQ(error_of(), "(nothing thrown)");
  EXPECT_FALSE(WeightFiles(directory_.path(), test::small_config()).tensors().contains("lm_head.weight"));
  tensors_["lm_head.weight"][3][2] += 1;
  EXPECT_EQ(error_of(),
            (directory_ / "model.safetensors").string() +
                ": config.json says that the output layer is the embedding (tie_word_embeddings), but "
                "\"lm_head.weight\" is another tensor than \"model.embed_tokens.weight\"; set tie_word_embeddings to "
                "false");
}

TEST_F(OneFile, RotaryAnglesOfOldCheckpointsAreNoParameters) {
  tensors_["model.layers.0.self_attn.rotary_emb.inv_freq"] = at::ones({2});
  EXPECT_EQ(error_of(), "(nothing thrown)");
  EXPECT_EQ(WeightFiles(directory_.path(), test::small_config()).tensors().size(), tensors_.size() - 1);
}

TEST(RefuseNotFinite, NamesWiderDtypesForF16Alone) {
  const auto message = [](const char* dtype) {
    return error_message([&] { refuse_not_finite("a/model.safetensors", "model.norm.weight", dtype); });
  };
  for (const char* dtype : {"F32", "BF16"})
    EXPECT_EQ(message(dtype),
              "a/model.safetensors: tensor \"model.norm.weight\" holds what is no finite number; the file is damaged, "
              "or training broke down: take another copy or checkpoint");
  EXPECT_EQ(
      message("F16"),
      "a/model.safetensors: tensor \"model.norm.weight\", in F16, holds what is no finite number; the file is "
      "damaged, training broke down, or a number was beyond F16's largest, 65504: take another copy or checkpoint, "
      "or one in BF16 or F32");
}

}  // namespace
}  // namespace ktlm::model
