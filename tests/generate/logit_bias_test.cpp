#include "ktlm/generate/logit_bias.h"

#include <gtest/gtest.h>

#include <cmath>

#include "error_message.h"
#include "generate/tiny_tokenizer.h"

namespace ktlm::generate {
namespace {

const tokenizer::Tokenizer& tiny_tokenizer() {
  static const test::TemporaryDirectory directory;
  static const tokenizer::Tokenizer tokenizer = test::make_tiny_tokenizer(directory / "tokenizer");
  return tokenizer;
}

std::vector<LogitBias> parse(const std::vector<std::string>& texts) {
  return parse_logit_bias(texts, tiny_tokenizer());
}

TEST(LogitBias, NamesATokenByItsIdOrItsPiece) {
  const tokenizer::TokenId id = tiny_tokenizer().encode("한강").front();
  const auto biases = parse({"15=+1", tiny_tokenizer().piece(id) + "=-2.5", "</s>=-inf", "<0x3D>=3"});
  ASSERT_EQ(biases.size(), 4u);
  EXPECT_EQ(biases[0].id, 15);
  EXPECT_EQ(biases[0].bias, 1);
  EXPECT_EQ(biases[1].id, id);
  EXPECT_EQ(biases[1].bias, -2.5);
  EXPECT_EQ(biases[2].id, tiny_tokenizer().eos_id());
  EXPECT_TRUE(std::isinf(biases[2].bias) && biases[2].bias < 0);
  EXPECT_EQ(tiny_tokenizer().token_bytes(biases[3].id), "=");
}

TEST(LogitBias, ASpaceStandsForTheMarkOfThePiece) {
  ASSERT_GE(tiny_tokenizer().id_of("▁"), 0);
  EXPECT_EQ(parse({" =1"}).front().id, tiny_tokenizer().id_of("▁"));
}

TEST(LogitBias, IsAddedToTheLogit) {
  std::vector<float> logits = {1, 2, 3};
  apply_logit_bias(logits, std::vector<LogitBias>{{1, 0.5}, {2, -INFINITY}});
  EXPECT_EQ(logits, (std::vector<float>{1, 2.5, -INFINITY}));
}

TEST(LogitBias, WhatNamesNoTokenOrNoNumberIsAnError) {
  const std::string expected = ": expected TOKEN=NUMBER, such as 15043=+1 or \"</s>=-inf\"";
  for (const std::string text : {"15", "15=", "15=x", "15=inf", "15=1e9", ""})
    EXPECT_EQ(test::error_message([&] { parse({text}); }), "logit_bias \"" + text + "\"" + expected);
  EXPECT_EQ(test::error_message([] { parse({"384=1"}); }),
            "logit_bias \"384=1\": token id 384, but the vocabulary ends at 383");
  EXPECT_EQ(test::error_message([] { parse({"없는말=1"}); }),
            "logit_bias \"없는말=1\": \"없는말\" is no piece of the vocabulary; `ktlm tokenize --pieces` shows those "
            "of a text");
}

}  // namespace
}  // namespace ktlm::generate
