#include "ktlm/model/model_config.h"

#include <gtest/gtest.h>

#include "error_message.h"

namespace ktlm::model {
namespace {

using test::error_message;

TEST(ModelConfig, DefaultsFitTogether) { EXPECT_NO_THROW(ModelConfig().validate()); }

TEST(ModelConfig, RefusesNumbersThatDoNotDivide) {
  EXPECT_EQ(error_message([] { ModelConfig{.d_model = 100, .n_heads = 8}.validate(); }),
            "model: d_model 100 does not divide by n_heads 8; choose another of the two, or set head_dim");
  EXPECT_EQ(error_message([] { ModelConfig{.n_heads = 8, .n_kv_heads = 3}.validate(); }),
            "model: n_heads 8 does not divide by n_kv_heads 3; choose an n_kv_heads that divides n_heads");
  EXPECT_EQ(
      error_message([] { ModelConfig{.d_model = 40, .n_heads = 8, .n_kv_heads = 8}.validate(); }),
      "model: head_dim is 5 (d_model / n_heads), an odd number; rotary positions turn channels in pairs, so choose "
      "an even one");
  EXPECT_EQ(error_message([] { ModelConfig{.head_dim = 63}.validate(); }),
            "model: head_dim is 63, an odd number; rotary positions turn channels in pairs, so choose an even one");
}

TEST(ModelConfig, HeadDimOfItsOwnNeedNotDivide) {
  EXPECT_NO_THROW((ModelConfig{.d_model = 100, .n_heads = 8, .head_dim = 16}.validate()));
}

TEST(ModelConfig, SizesOfTheDesign) {
  // Embedding + layers (q, o: 2 C²; k, v: 2 C K D; feed-forward: 3 C F; two norms) + last norm.
  const ModelConfig bench{.vocab_size = 32000, .d_model = 512, .n_layers = 12, .d_ff = 1536};
  EXPECT_EQ(bench.num_parameters(), 32000 * 512 + 12 * (2 * 512 * 512 + 2 * 512 * 128 + 3 * 512 * 1536 + 1024) + 512);
  EXPECT_NEAR(static_cast<double>(bench.num_parameters()), 52.6e6, 0.1e6);
}

TEST(ModelConfig, EqualWhereTheHeadDimSpelledOutIsTheDefault) {
  ModelConfig spelled_out;
  spelled_out.head_dim = 64;
  EXPECT_EQ(ModelConfig(), spelled_out);
  spelled_out.head_dim = 32;
  EXPECT_NE(ModelConfig(), spelled_out);
  ModelConfig other;
  other.rope_theta = 20000;
  EXPECT_NE(ModelConfig(), other);
}

}  // namespace
}  // namespace ktlm::model
