// What a vocabulary costs a model, and which of several suits it. A larger vocabulary puts more text into a token, so
// that fewer are to be computed; but each costs more, for the output layer has a row per piece, and the embedding takes
// parameters that the layers could have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ktlm/tokenizer/analysis.h"

namespace ktlm::tokenizer {

/// As much of a model as the choice needs.
struct ModelShape {
  std::string name;
  int64_t d_model = 0;
  int64_t layer_weights = 0;       // of all matrices of all layers
  int64_t attention_products = 0;  // multiplications with keys and values, per token, mean over the training window
  bool tie_embeddings = true;

  int64_t embedding_parameters(int64_t vocab_size) const;  // and the output layer's, where it has its own
  /// Of all parameters. Norms (a ten-thousandth) are left out.
  double embedding_share(int64_t vocab_size) const;
  /// Floating-point operations that a training step takes for a byte of text: 6 per weight and token (2 forward, 4
  /// backward: Kaplan et al. 2020), attention alike, over the bytes per token.
  double training_flops_per_byte(const TokenizerAnalysis& analysis) const;
};

inline constexpr double kMaxRareShare = 0.1;  // of the pieces learned; more: the text is too small for the vocabulary
inline constexpr double kAsGood = 1.01;       // so many times the least cost counts as no more than the least

struct Recommendation {
  size_t index;        // among the analyses
  std::string reason;  // some sentences
};

/// Sizes that were asked for and not trained, for the text gives no such vocabulary.
struct UnfilledSizes {
  std::vector<int64_t> sizes;
  int64_t smallest = 0, largest = 0;  // what it does give: from its characters alone to all pairs that repeat
};

/// That the text is too small for the vocabularies of which more than a tenth of the pieces are rare; "" where it is
/// large enough for all.
std::string small_text_sentence(std::span<const TokenizerAnalysis> analyses);

/// The vocabulary with which a byte of text costs the least to train on: in equal time the model reads the most text.
/// Of those within 1 % the largest, whose window holds more text. Those of which more than a tenth of the pieces are
/// rare are left out, unless all are: then the smallest. What is not in it: how well the model learns from the same
/// bytes in other pieces, which only training tells. The reason says so where the text was too small for a size, by
/// either measure. `analyses` is not empty; from the smallest vocabulary to the largest.
Recommendation recommend_vocabulary(const ModelShape& model, std::span<const TokenizerAnalysis> analyses,
                                    const UnfilledSizes& unfilled = {});

}  // namespace ktlm::tokenizer
