#include "ktlm/tokenizer/vocabulary_choice.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "ktlm/core/html_page.h"

namespace ktlm::tokenizer {
namespace {

constexpr int64_t kFlopsPerWeight = 6;

std::string megaflops(double flops) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", flops / 1e6);
  return text;
}

// The numbers of those of which few pieces are rare.
std::vector<size_t> sizes_without_rare_pieces(std::span<const TokenizerAnalysis> analyses) {
  std::vector<size_t> allowed;
  for (size_t i = 0; i < analyses.size(); ++i)
    if (analyses[i].rare_share() <= kMaxRareShare) allowed.push_back(i);
  return allowed;
}

std::string rare_shares(std::span<const TokenizerAnalysis> analyses, const std::vector<size_t>& allowed) {
  std::string shares;
  for (size_t i = 0; i < analyses.size(); ++i) {
    if (std::ranges::find(allowed, i) != allowed.end()) continue;
    shares += (shares.empty() ? "" : ", ") + format_grouped(analyses[i].vocab_size) + " (" +
              format_share(analyses[i].rare_share()) + ")";
  }
  return shares;
}

// Empty where the text gives every size.
std::string unfilled_sentence(const UnfilledSizes& unfilled) {
  if (unfilled.sizes.empty()) return "";
  std::string sizes;
  for (const int64_t size : unfilled.sizes) sizes += (sizes.empty() ? "" : ", ") + format_grouped(size);
  return " Not trained: " + sizes + ", for the text gives " + format_grouped(unfilled.smallest) + " to " +
         format_grouped(unfilled.largest) + " pieces.";
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

std::string small_text_sentence(std::span<const TokenizerAnalysis> analyses) {
  const auto allowed = sizes_without_rare_pieces(analyses);
  if (allowed.size() == analyses.size()) return "";
  return "the text is too small for " + rare_shares(analyses, allowed) +
         ": that share of the pieces occurs fewer than " + std::to_string(kRarePieceCount) +
         " times in it, too seldom for a model to learn them; take a smaller --vocab-size, or prepare more text";
}

Recommendation recommend_vocabulary(const ModelShape& model, std::span<const TokenizerAnalysis> analyses,
                                    const UnfilledSizes& unfilled) {
  std::vector<size_t> allowed = sizes_without_rare_pieces(analyses);
  const std::string rare = rare_shares(analyses, allowed);
  const bool all_are_rare = allowed.empty();
  if (all_are_rare) allowed.push_back(0);
  const auto cost = [&](size_t i) { return model.training_flops_per_byte(analyses[i]); };
  const double least = cost(*std::ranges::min_element(allowed, {}, cost));
  const size_t chosen =
      *std::ranges::find_if(allowed.rbegin(), allowed.rend(), [&](size_t i) { return cost(i) <= kAsGood * least; });

  std::string others;
  for (size_t i = 0; i < analyses.size(); ++i) {
    if (i == chosen) continue;
    others += (others.empty() ? "" : ", ") + format_grouped(analyses[i].vocab_size) + ": " + megaflops(cost(i));
  }
  const TokenizerAnalysis& analysis = analyses[chosen];
  std::string reason =
      format_grouped(analysis.vocab_size) + (all_are_rare ? " pieces, the fewest, suit " : " pieces suit ") +
      model.name + ": a byte of text costs " + megaflops(cost(chosen)) + " MFLOP of training" +
      (others.empty() ? "" : " (" + others + ")") +
      (cost(chosen) > least ? ", within 1 % of the least while its window holds more text" : "") +
      ", and the embedding is " + format_share(model.embedding_share(analysis.vocab_size)) + " of the model.";
  const std::string too_often = "the training text holds more than " + format_share(kMaxRareShare) +
                                " of the pieces fewer than " + std::to_string(kRarePieceCount) + " times: " + rare +
                                ".";
  if (all_are_rare)
    reason += " Even for them the text is too small: " + too_often;
  else if (!rare.empty())
    reason += " Left out, for " + too_often;
  reason += unfilled_sentence(unfilled);
  if (!rare.empty() || !unfilled.sizes.empty()) reason += " Prepare more text to make use of more pieces.";
  return {chosen, reason};
}

}  // namespace ktlm::tokenizer
