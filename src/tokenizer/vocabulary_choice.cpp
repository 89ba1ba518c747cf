#include "ktlm/tokenizer/vocabulary_choice.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "ktlm/core/html_page.h"

namespace ktlm::tokenizer {
namespace {

constexpr double kMaxRareShare = 0.1;
constexpr double kAsGood = 1.01;
constexpr int64_t kFlopsPerWeight = 6;

std::string megaflops(double flops) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", flops / 1e6);
  return text;
}

}  // namespace

int64_t ModelShape::embedding_parameters(int64_t vocab_size) const {
  return vocab_size * d_model * (tie_embeddings ? 1 : 2);
}

double ModelShape::embedding_share(int64_t vocab_size) const {
  const auto embedding = static_cast<double>(embedding_parameters(vocab_size));
  return embedding / (embedding + static_cast<double>(layer_weights));
}

double ModelShape::training_flops_per_byte(const TokenizerAnalysis& analysis) const {
  const int64_t products = layer_weights + attention_products + analysis.vocab_size * d_model;
  const double bytes_per_token = analysis.bytes_per_token();
  return bytes_per_token == 0 ? 0 : static_cast<double>(kFlopsPerWeight * products) / bytes_per_token;
}

Recommendation recommend_vocabulary(const ModelShape& model, std::span<const TokenizerAnalysis> analyses) {
  std::vector<size_t> allowed;
  for (size_t i = 0; i < analyses.size(); ++i)
    if (analyses[i].rare_share() <= kMaxRareShare) allowed.push_back(i);
  if (allowed.empty()) allowed.push_back(0);
  const auto cost = [&](size_t i) { return model.training_flops_per_byte(analyses[i]); };
  const double least = cost(*std::ranges::min_element(allowed, {}, cost));
  const auto best =
      std::ranges::find_if(allowed.rbegin(), allowed.rend(), [&](size_t i) { return cost(i) <= kAsGood * least; });
  const size_t chosen = *best;

  std::string others, rare;
  for (size_t i = 0; i < analyses.size(); ++i) {
    if (i == chosen) continue;
    const std::string size = format_grouped(analyses[i].vocab_size);
    others += (others.empty() ? "" : ", ") + size + ": " + megaflops(cost(i));
    if (std::ranges::find(allowed, i) == allowed.end())
      rare += (rare.empty() ? "" : ", ") + size + ": " + format_share(analyses[i].rare_share());
  }
  const TokenizerAnalysis& analysis = analyses[chosen];
  std::string reason = format_grouped(analysis.vocab_size) + " pieces suit " + model.name + ": a byte of text costs " +
                       megaflops(cost(chosen)) + " MFLOP of training" + (others.empty() ? "" : " (" + others + ")") +
                       ", and the embedding is " + format_share(model.embedding_share(analysis.vocab_size)) +
                       " of the model.";
  if (!rare.empty())
    reason += " Left out for pieces that the training text holds fewer than " + std::to_string(kRarePieceCount) +
              " times (" + rare + "): prepare more text for them.";
  return {chosen, reason};
}

}  // namespace ktlm::tokenizer
