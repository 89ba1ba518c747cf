#include "ktlm/model/model_dir.h"

#include <gtest/gtest.h>

#include "error_message.h"
#include "ktlm/core/files.h"
#include "ktlm/core/json.h"
#include "ktlm/model/safetensors.h"
#include "ktlm/tokenizer/tokenizer.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "ktlm/tokenizer/tokenizer_trainer.h"
#include "model/example_model.h"
#include "temporary_directory.h"

namespace ktlm::model {
namespace {

using test::error_message;
using test::example_model;
using test::small_config;

const SpecialIds kIds{1, 2, 3};

Json golden_config(const char* name) {
  return read_json_file(std::string(KTLM_TEST_DATA_DIR) + "/golden/" + name + "/config.json");
}

std::vector<ModelConfig> variants() {
  auto untied = small_config(), qk_norm = small_config(), head_dim = small_config();
  untied.tie_embeddings = false;
  untied.rope_theta = 500000;
  qk_norm.qk_norm = true;
  qk_norm.norm_eps = 1e-6;
  head_dim.head_dim = 10;
  return {small_config(), untied, qk_norm, head_dim};
}

TEST(ModelDirectory, ComesBackBitEqual) {
  for (const auto& config : variants()) {
    for (const auto dtype : {at::kFloat, at::kBFloat16}) {
      const test::TemporaryDirectory directory;
      const LanguageModel model(config, at::kCPU, dtype, 1);
      save_model_files(model, {}, directory.path());
      const auto loaded = load_model(directory.path(), at::kCPU, dtype);
      EXPECT_EQ(loaded.config(), config);
      ASSERT_EQ(loaded.parameters().size(), model.parameters().size());
      for (size_t i = 0; i < model.parameters().size(); ++i) {
        EXPECT_EQ(loaded.parameters()[i].name, model.parameters()[i].name);
        EXPECT_TRUE(at::equal(loaded.parameters()[i].tensor, model.parameters()[i].tensor));
      }
    }
  }
}

TEST(ModelDirectory, ReadsWhatTransformers5Wrote) {
  const std::string golden = std::string(KTLM_TEST_DATA_DIR) + "/golden/";
  const auto llama = load_model_config(golden + "llama_untied_rope_theta");
  EXPECT_EQ(llama.rope_theta, 500000.0);
  EXPECT_EQ(llama.n_kv_heads, 1);
  EXPECT_FALSE(llama.tie_embeddings);
  EXPECT_FALSE(llama.qk_norm);
  const auto qwen = load_model_config(golden + "qwen3_gqa_tied");
  EXPECT_EQ(qwen.rope_theta, 1000000.0);
  EXPECT_EQ(qwen.head_dim, 12);
  EXPECT_TRUE(qwen.tie_embeddings);
  EXPECT_TRUE(qwen.qk_norm);
}

TEST(ModelDirectory, ReadsTheFormOfTransformers4) {
  auto json = golden_config("llama_untied_rope_theta");
  json.erase("rope_parameters");
  json.erase("dtype");
  json["rope_theta"] = 500000.0;
  json["rope_scaling"] = nullptr;
  json["torch_dtype"] = "float32";
  EXPECT_EQ(config_from_hf_json(json.dump(), "config.json"),
            config_from_hf_json(golden_config("llama_untied_rope_theta").dump(), "config.json"));
}

TEST(ModelDirectory, ReadsTheScalingOfStretchedContexts) {
  const std::string golden = std::string(KTLM_TEST_DATA_DIR) + "/golden/";
  const auto llama = load_model_config(golden + "llama_rope_llama3"),
             qwen = load_model_config(golden + "qwen3_rope_linear");
  EXPECT_EQ(llama.rope_scaling, "llama3");
  EXPECT_EQ(llama.rope_factor, 8.0);
  EXPECT_EQ(llama.rope_original_seq_len, 32);
  EXPECT_EQ(qwen.rope_scaling, "linear");
  EXPECT_EQ(qwen.rope_factor, 4.0);
  for (const auto& config : {llama, qwen})
    EXPECT_EQ(config_from_hf_json(config_to_hf_json(config, kIds, "float32"), "config.json"), config);
}

TEST(ModelDirectory, TakesTransformersDefaultsForWhatIsNotSaid) {
  const Json llama = {{"model_type", "llama"},   {"vocab_size", 100},      {"hidden_size", 32},
                      {"intermediate_size", 64}, {"num_hidden_layers", 2}, {"num_attention_heads", 4}};
  const auto config = config_from_hf_json(llama.dump(), "config.json");
  EXPECT_EQ(config.n_kv_heads, 4);
  EXPECT_EQ(config.resolved_head_dim(), 8);
  EXPECT_EQ(config.max_seq_len, 2048);
  EXPECT_EQ(config.norm_eps, 1e-6);
  EXPECT_EQ(config.rope_theta, 10000.0);
  EXPECT_FALSE(config.tie_embeddings);
  Json qwen = llama;
  qwen["model_type"] = "qwen3";
  EXPECT_EQ(config_from_hf_json(qwen.dump(), "config.json").resolved_head_dim(), 128);
  EXPECT_EQ(config_from_hf_json(qwen.dump(), "config.json").max_seq_len, 32768);
}

TEST(ModelDirectory, WritesBothFormsOfTransformers) {
  auto config = small_config();
  config.rope_theta = 20000;
  const auto json = parse_json(config_to_hf_json(config, kIds, "bfloat16"), "config.json");
  EXPECT_EQ(json["rope_theta"], 20000.0);
  EXPECT_EQ(json["rope_parameters"]["rope_theta"], 20000.0);
  EXPECT_EQ(json["dtype"], "bfloat16");
  EXPECT_EQ(json["torch_dtype"], "bfloat16");
  EXPECT_EQ(json["eos_token_id"], 2);
}

TEST(ModelDirectory, RefusesWhatItDoesNotCompute) {
  const auto error_with = [](const char* key, const Json& value) {
    auto json = golden_config("llama_gqa_tied");
    json[key] = value;
    return error_message([&] { config_from_hf_json(json.dump(), "config.json"); });
  };
  EXPECT_EQ(error_with("model_type", "gpt2"),
            "config.json: model_type is \"gpt2\", which ktlm does not compute; it knows \"llama\" and \"qwen3\"");
  EXPECT_EQ(error_with("attention_bias", true),
            "config.json: attention_bias is true, which ktlm does not compute; it knows false");
  EXPECT_EQ(error_with("mlp_bias", true), "config.json: mlp_bias is true, which ktlm does not compute; it knows false");
  EXPECT_EQ(error_with("hidden_act", "gelu"),
            "config.json: hidden_act is \"gelu\", which ktlm does not compute; it knows \"silu\"");
  EXPECT_EQ(error_with("use_sliding_window", true),
            "config.json: use_sliding_window is true, which ktlm does not compute; it knows false");
  EXPECT_EQ(
      error_with("layer_types", {"full_attention", "sliding_attention"}),
      "config.json: layer_types is \"sliding_attention\", which ktlm does not compute; it knows \"full_attention\"");
  EXPECT_EQ(error_with("rope_parameters", {{"rope_type", "yarn"}, {"rope_theta", 1e4}}),
            "config.json: rope_parameters.rope_type is \"yarn\", which ktlm does not compute; it knows \"default\", "
            "\"linear\" and \"llama3\"");
  EXPECT_EQ(error_with("rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}),
            "config.json: rope_scaling.type is \"dynamic\", which ktlm does not compute; it knows \"default\", "
            "\"linear\" and \"llama3\"");
  EXPECT_EQ(error_with("num_local_experts", 8),
            "config.json: num_local_experts is 8, which ktlm does not compute; it knows 0");
  EXPECT_EQ(error_with("quantization_config", {{"bits", 4}}),
            "config.json: quantization_config is {\"bits\":4}, which ktlm does not compute; it knows F32, BF16 and F16 "
            "weights");
}

TEST(ModelDirectory, RefusesNumbersThatMakeNoModel) {
  const auto error_with = [](const char* key, const Json& value) {
    auto json = golden_config("llama_gqa_tied");
    json[key] = value;
    return error_message([&] { config_from_hf_json(json.dump(), "config.json"); });
  };
  EXPECT_EQ(error_with("num_key_value_heads", 4),
            "config.json: num_attention_heads 6 does not divide by num_key_value_heads 4; the file is damaged");
  EXPECT_EQ(error_with("head_dim", 7),
            "config.json: head_dim is 7, an odd number, but rotary positions turn channels in pairs; the file is "
            "damaged");
  EXPECT_EQ(error_with("num_hidden_layers", 0),
            "config.json: \"num_hidden_layers\" should be an integer, at least 1, is \"0\"");
  EXPECT_EQ(error_with("max_position_embeddings", -4),
            "config.json: \"max_position_embeddings\" should be an integer, at least 2, is \"-4\"");
  EXPECT_EQ(error_with("rope_scaling", {{"rope_type", "linear"}, {"factor", 0}}),
            "config.json: \"factor\" should be a number, above 0, is \"0\"");
  EXPECT_EQ(error_with("rope_scaling", {{"rope_type", "linear"}}),
            "config.json: rope_scaling: key \"factor\" is missing");
  EXPECT_EQ(error_with("rope_scaling", {{"rope_type", "llama3"},
                                        {"factor", 8},
                                        {"low_freq_factor", 4},
                                        {"high_freq_factor", 4},
                                        {"original_max_position_embeddings", 8192}}),
            "config.json: high_freq_factor is not above low_freq_factor; the file is damaged");
  EXPECT_EQ(error_with("vocab_size", "many"), "config.json: key \"vocab_size\" should be an integer, is \"many\"");
  EXPECT_TRUE(error_with("num_attention_heads", 0).starts_with("config.json: "))
      << error_with("num_attention_heads", 0);
}

TEST(ModelDirectory, MissingAndDamagedFilesAreNamed) {
  const test::TemporaryDirectory directory;
  EXPECT_TRUE(error_message([&] {
                load_model(directory.path(), at::kCPU, at::kFloat);
              }).starts_with((directory / "config.json").string()));
  save_model_files(example_model(), {}, directory.path());
  const auto weights = directory / "model.safetensors";
  const std::string bytes = read_file(weights);
  write_file_atomically(weights, std::string_view(bytes).substr(0, bytes.size() / 2));
  EXPECT_NE(error_message([&] { load_model(directory.path(), at::kCPU, at::kFloat); }).find("(truncated?)"),
            std::string::npos);
}

TEST(ModelDirectory, WeightsOfAnotherShapeAreRefused) {
  const test::TemporaryDirectory directory;
  save_model_files(example_model(), {}, directory.path());
  auto other = small_config();
  other.d_ff = 44;
  write_file_atomically(directory / "config.json", config_to_hf_json(other, kIds, "float32"));
  EXPECT_EQ(
      error_message([&] { load_model(directory.path(), at::kCPU, at::kFloat); }),
      (directory / "model.safetensors").string() +
          ": tensor \"model.layers.0.mlp.gate_proj.weight\" has shape [40, 24], but config.json asks for [44, 24]");
}

TEST(ModelDirectory, TakesTheTokenizersFilesAndSpecialIdsAlong) {
  const test::TemporaryDirectory directory, root;
  const std::string text = read_file(std::string(KTLM_TEST_DATA_DIR) + "/tokenizer/text.txt");
  const auto source = [&](const std::function<bool(std::string_view)>& visit) { visit(text); };
  tokenizer::TokenizerTrainConfig config;
  config.vocab_size = 650;
  tokenizer::train_tokenizer({"text.txt", source, 0, source, "train"}, root / "tokenizer", config, {}, StopFlag());
  save_model_files(example_model(), root / "tokenizer", directory.path());
  for (const char* name : tokenizer::kTokenizerFiles) {
    if (!std::filesystem::exists(root / "tokenizer" / name)) continue;
    EXPECT_EQ(read_file(directory / name), read_file(root / "tokenizer" / name));
  }
  EXPECT_FALSE(std::filesystem::exists(directory / tokenizer::kAnalysisFile));
  const auto loaded = tokenizer::Tokenizer::load(directory.path());
  const auto written = read_json_file((directory / "generation_config.json").string());
  EXPECT_EQ(written["bos_token_id"], loaded.bos_id());
  EXPECT_EQ(written["eos_token_id"], Json({loaded.eos_id(), loaded.control_id(tokenizer::kImEnd)}));
  EXPECT_EQ(read_json_file((directory / "config.json").string())["pad_token_id"], loaded.pad_id());
}

}  // namespace
}  // namespace ktlm::model
