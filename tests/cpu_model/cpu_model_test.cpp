#include "ktlm/cpu_model/cpu_model.h"

#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/model/language_model.h"
#include "ktlm/model/model_dir.h"

namespace ktlm::cpu_model {
namespace {

using model::KvCache;
using model::LanguageModel;
using model::ModelConfig;

const ModelConfig kLlama{
    .vocab_size = 160, .d_model = 64, .n_layers = 3, .n_heads = 4, .n_kv_heads = 2, .d_ff = 96, .max_seq_len = 200};

// Nothing of it is a multiple of a vector.
const ModelConfig kOdd{.vocab_size = 101,
                       .d_model = 40,
                       .n_layers = 2,
                       .n_heads = 3,
                       .n_kv_heads = 1,
                       .head_dim = 10,
                       .d_ff = 50,
                       .max_seq_len = 64,
                       .rope_theta = 500.0,
                       .tie_embeddings = false,
                       .qk_norm = true};

// Weights as bf16 holds them, in fp32; large enough for attention to be sharp and logits to differ.
LanguageModel make_reference(const ModelConfig& config) {
  LanguageModel reference(config, at::kCPU, at::kFloat, 7, 0.5);
  at::manual_seed(3);
  for (const auto& [name, tensor] : reference.parameters()) {
    at::Tensor values = tensor;
    if (values.dim() == 1) {
      values.add_(at::randn_like(values).mul_(0.2));
    } else if (name != "model.embed_tokens.weight") {
      values.mul_(8);
    }
    if (values.dim() > 1) values.copy_(values.to(at::kBFloat16));
  }
  return reference;
}

CpuModel::Tensors tensors_of(const LanguageModel& reference) {
  CpuModel::Tensors tensors;
  for (const auto& [name, tensor] : reference.parameters())
    tensors[name] = {"F32",
                     tensor.sizes().vec(),
                     {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())}};
  return tensors;
}

CpuModel make_model(const LanguageModel& reference, WeightFormat format, int64_t num_threads = 2) {
  return {reference.config(), tensors_of(reference), format, num_threads, "model"};
}

std::vector<int32_t> some_ids(int64_t count, int64_t vocab_size, int64_t seed = 1) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>((i * i * 7 + seed * 31 + i) % vocab_size));
  return ids;
}

// The reference's logits behind each of the tokens, (T, V).
at::Tensor reference_logits(const LanguageModel& reference, const std::vector<int32_t>& ids) {
  const at::NoGradGuard no_grad;
  const auto row = at::tensor(std::vector<int64_t>(ids.begin(), ids.end()), at::kLong).unsqueeze(0);
  return reference.logits(reference.hidden_states(row))[0];
}

std::vector<float> copy(std::span<const float> values) { return {values.begin(), values.end()}; }

double error_of(std::span<const float> got, const at::Tensor& expected) {
  const auto values = at::tensor(at::ArrayRef<float>(got.data(), got.size()));
  return ((values - expected).norm() / expected.norm()).item<double>();
}

TEST(CpuModel, GivesTheReferencesLogitsTokenByToken) {
  for (const ModelConfig& config : {kLlama, kOdd}) {
    const LanguageModel reference = make_reference(config);
    CpuModel model = make_model(reference, WeightFormat::kBf16);
    const auto ids = some_ids(50, config.vocab_size);
    const at::Tensor expected = reference_logits(reference, ids);
    Cache cache(model, 1, 50);
    for (size_t i = 0; i < ids.size(); ++i) {
      const TextTokens token{0, {&ids[i], 1}};
      EXPECT_LT(error_of(model.feed({&token, 1}, cache)[0], expected[static_cast<int64_t>(i)]), 3e-3) << i;
    }
    EXPECT_EQ(cache.length(0), 50);
  }
}

TEST(CpuModel, StretchesTheContextAsTheReferenceDoes) {
  ModelConfig linear = kOdd, llama3 = kLlama;
  linear.rope_scaling = "linear";
  linear.rope_factor = 2.5;
  llama3.rope_scaling = "llama3";
  llama3.rope_factor = 8;
  llama3.rope_original_seq_len = 32;
  for (const ModelConfig& config : {linear, llama3}) {
    const LanguageModel reference = make_reference(config);
    CpuModel model = make_model(reference, WeightFormat::kBf16);
    const auto ids = some_ids(50, config.vocab_size);
    Cache cache(model, 1, 50);
    const TextTokens text{0, ids};
    EXPECT_LT(error_of(model.feed({&text, 1}, cache)[0], reference_logits(reference, ids)[49]), 3e-3);
  }
}

TEST(CpuModel, OpensAModelThatIsSplitOverSeveralFiles) {
  const auto directory = std::filesystem::path(KTLM_TEST_DATA_DIR) / "golden" / "llama_rope_llama3";
  const auto reference = model::load_model(directory, at::kCPU, at::kFloat);
  CpuModel model(directory, WeightFormat::kBf16, 1);
  const auto ids = some_ids(40, reference.config().vocab_size);
  Cache cache(model, 1, 40);
  const TextTokens text{0, ids};
  EXPECT_LT(error_of(model.feed({&text, 1}, cache)[0], reference_logits(reference, ids)[39]), 0.02);
}

TEST(CpuModel, QuantizedWeightsStayNearTheReference) {
  const LanguageModel reference = make_reference(kLlama);
  const auto ids = some_ids(30, kLlama.vocab_size);
  const at::Tensor expected = reference_logits(reference, ids)[29];
  for (const auto& [format, most] : {std::pair(WeightFormat::kInt8, 0.05), std::pair(WeightFormat::kInt4, 0.5)}) {
    CpuModel model = make_model(reference, format);
    Cache cache(model, 1, 30);
    const TextTokens text{0, ids};
    EXPECT_LT(error_of(model.feed({&text, 1}, cache)[0], expected), most) << to_string(format);
  }
}

TEST(CpuModel, APromptGivesTheSameBitsInOnePieceOrTokenByToken) {
  for (const WeightFormat format : {WeightFormat::kBf16, WeightFormat::kInt8, WeightFormat::kInt4}) {
    const LanguageModel reference = make_reference(kLlama);
    CpuModel model = make_model(reference, format);
    const auto ids = some_ids(180, kLlama.vocab_size);  // more than a block
    Cache whole(model, 1, 200), single(model, 1, 200);
    const TextTokens text{0, ids};
    const auto at_once = copy(model.feed({&text, 1}, whole)[0]);
    std::vector<float> one_by_one;
    for (const int32_t& id : ids) {
      const TextTokens token{0, {&id, 1}};
      one_by_one = copy(model.feed({&token, 1}, single)[0]);
    }
    EXPECT_EQ(at_once, one_by_one) << to_string(format);
  }
}

TEST(CpuModel, NeitherThreadsNorTheBatchChangeABit) {
  const LanguageModel reference = make_reference(kOdd);
  const std::vector<std::vector<int32_t>> prompts = {some_ids(20, 101, 1), some_ids(3, 101, 2), some_ids(11, 101, 3)};
  std::vector<std::vector<float>> expected;
  for (const int64_t num_threads : {1, 2, 5}) {
    CpuModel model = make_model(reference, WeightFormat::kInt8, num_threads);
    Cache together(model, 3, 40);
    std::vector<TextTokens> texts;
    for (size_t i = 0; i < prompts.size(); ++i) texts.push_back({static_cast<int64_t>(i), prompts[i]});
    const Logits logits = model.feed(texts, together);
    std::vector<std::vector<float>> got = {copy(logits[0]), copy(logits[1]), copy(logits[2])};
    const int32_t next = 5;
    const TextTokens others[] = {{2, {&next, 1}}, {0, {&next, 1}}};  // a text may rest, and the order is free
    const Logits later = model.feed(others, together);
    got.push_back(copy(later[0]));
    got.push_back(copy(later[1]));
    if (expected.empty()) expected = got;
    EXPECT_EQ(got, expected) << num_threads << " threads";

    Cache alone(model, 1, 40);
    for (size_t i = 0; i < prompts.size(); ++i) {
      alone.truncate(0, 0);
      const TextTokens text{0, prompts[i]};
      EXPECT_EQ(copy(model.feed({&text, 1}, alone)[0]), got[i]);
    }
  }
}

TEST(CpuModel, ATruncatedTextGoesOnAsIfNothingHadBeen) {
  const LanguageModel reference = make_reference(kLlama);
  CpuModel model = make_model(reference, WeightFormat::kInt8);
  const auto ids = some_ids(20, kLlama.vocab_size), others = some_ids(9, kLlama.vocab_size, 5);
  Cache cache(model, 1, 64);
  const TextTokens text{0, ids}, other{0, others};
  const auto first = copy(model.feed({&text, 1}, cache)[0]);
  model.feed({&other, 1}, cache);
  cache.truncate(0, 19);
  const TextTokens last{0, {&ids[19], 1}};
  EXPECT_EQ(copy(model.feed({&last, 1}, cache)[0]), first);
}

TEST(CpuModel, OpensAModelDirectoryInAnyOfItsDtypes) {
  const LanguageModel reference = make_reference(kLlama);
  const auto ids = some_ids(10, kLlama.vocab_size);
  const TextTokens text{0, ids};
  const auto directory = std::filesystem::path(testing::TempDir()) / "cpu_model_test";
  std::vector<std::vector<float>> logits;
  for (const auto dtype : {at::kFloat, at::kBFloat16, at::kHalf}) {
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, tensor] : reference.parameters()) tensors[name] = tensor.to(dtype);
    make_directories(directory);
    model::save_model_files(LanguageModel(kLlama, tensors, "test"), {}, directory);
    CpuModel model(directory, WeightFormat::kBf16, 1);
    Cache cache(model, 1, 10);
    logits.push_back(copy(model.feed({&text, 1}, cache)[0]));
  }
  const auto expected = at::tensor(logits[0]);
  EXPECT_LT(error_of(logits[1], expected), 0.02);  // the norms' weights are rounded
  EXPECT_LT(error_of(logits[2], expected), 0.003);
  std::filesystem::remove_all(directory);
}

TEST(CpuModel, RefusesNumbersThatAreNotFinite) {
  for (const char* name : {"model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight", "model.norm.weight"}) {
    for (const float wrong : {std::nanf(""), -INFINITY}) {
      const LanguageModel reference = make_reference(kOdd);
      for (const auto& parameter : reference.parameters())
        if (parameter.name == name) parameter.tensor.view(-1)[37] = wrong;
      for (const auto format : {WeightFormat::kBf16, WeightFormat::kInt8, WeightFormat::kInt4}) {
        try {
          make_model(reference, format);
          ADD_FAILURE() << name;
        } catch (const Error& error) {
          EXPECT_EQ(error.what(), std::string("model: tensor \"") + name +
                                      "\" holds what is no finite number; the file is damaged, or training broke down: "
                                      "take another copy or checkpoint");
        }
      }
    }
  }
}

TEST(CpuModel, SaysWhatDoesNotFit) {
  const LanguageModel reference = make_reference(kLlama);
  const auto message = [](const auto& f) -> std::string {
    try {
      f();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  auto tensors = tensors_of(reference);
  tensors.erase("model.norm.weight");
  EXPECT_EQ(message([&] { CpuModel(kLlama, tensors, WeightFormat::kInt8, 1, "m.safetensors"); }),
            "m.safetensors: tensor \"model.norm.weight\" is missing; is the file of this config.json?");

  CpuModel model = make_model(reference, WeightFormat::kInt8);
  EXPECT_THAT(message([&] { Cache(model, 1, 0); }), testing::HasSubstr("room for 0 tokens of 1 texts asked for"));
  EXPECT_THAT(message([&] { Cache(model, 1, 201); }), testing::HasSubstr("the model's context ends at 200"));
  Cache cache(model, 1, 4);
  const auto ids = some_ids(5, kLlama.vocab_size);
  const TextTokens text{0, ids};
  EXPECT_EQ(message([&] {
              model.feed({&text, 1}, cache);
            }),
            "KV cache: full, 0 tokens held and 5 more, but room for 4");
  const int32_t unknown = 160;
  const TextTokens wrong{0, {&unknown, 1}};
  EXPECT_EQ(message([&] { model.feed({&wrong, 1}, cache); }), "model: token id 160, but the vocabulary ends at 159");
  EXPECT_EQ(cache.length(0), 0);
}

}  // namespace
}  // namespace ktlm::cpu_model
