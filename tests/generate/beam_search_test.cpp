// Beam search by ktlm's own engine, against all texts that there are.
#include "ktlm/generate/beam_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "generate/tiny_cpu_model.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/pattern_constraint.h"

namespace ktlm::generate {
namespace {

const tokenizer::Tokenizer& tiny_tokenizer() {
  static const test::TemporaryDirectory directory;
  static const tokenizer::Tokenizer tokenizer = test::make_tiny_tokenizer(directory / "tokenizer");
  return tokenizer;
}

const TokenModel& tiny_model(int64_t num_threads = 1) {
  static const test::TinyCpuModel one(tiny_tokenizer().vocab_size(), 1), three(tiny_tokenizer().vocab_size(), 3);
  return num_threads == 1 ? one.get() : three.get();
}

GenerationOptions with_beams(int64_t beams, int64_t max_new_tokens, double length_penalty = 1) {
  GenerationOptions options;
  options.sampling.max_new_tokens = max_new_tokens;
  options.beam = {beams, length_penalty};
  options.top_logprobs = 0;
  return options;
}

Generation search(const std::string& prompt, const GenerationOptions& options, const TokenModel& model = tiny_model()) {
  const GenerationRequest request{prompt, options};
  return generate(model, tiny_tokenizer(), {&request, 1}).front();
}

double sum_of(const std::vector<Logprobs>& logprobs) {
  double sum = 0;
  for (const Logprobs& token : logprobs) sum += token.logprob;
  return sum;
}

std::vector<double> log_softmax(std::span<const float> logits) {
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  std::vector<double> result;
  for (const float logit : logits) result.push_back(static_cast<double>(logit) - std::log(sum));
  return result;
}

TEST(BeamSearch, WithABeamForEachTokenFindsTheLikeliestOfAllTexts) {
  const auto vocab_size = tiny_tokenizer().vocab_size();
  for (const std::string prompt : {"서울은", "개", "고양이는 낮에"}) {
    // All texts of two tokens, and those that end before.
    const std::vector<std::vector<int32_t>> ids = {encode_prompt(tiny_tokenizer(), prompt)};
    const auto ends = [](int32_t id) {
      return id == tiny_tokenizer().eos_id() || id == tiny_tokenizer().control_id(tokenizer::kImEnd);
    };
    const auto context = tiny_model().make_context(1, 32);
    const auto first = log_softmax(context->prefill(ids).front());
    double best = -std::numeric_limits<double>::infinity();
    std::vector<int32_t> best_ids;
    const auto offer = [&](double logprob, std::vector<int32_t> text) {
      if (logprob <= best) return;
      best = logprob;
      best_ids = std::move(text);
    };
    for (int32_t a = 0; a < vocab_size; ++a) {
      const auto index = static_cast<size_t>(a);
      if (ends(a)) {
        offer(first[index], {});
        continue;
      }
      context->truncate(static_cast<int64_t>(ids.front().size()));
      const auto second = log_softmax(context->step({&a, 1}).front());
      for (int32_t b = 0; b < vocab_size; ++b)
        offer(first[index] + second[static_cast<size_t>(b)],
              ends(b) ? std::vector<int32_t>{a} : std::vector<int32_t>{a, b});
    }
    const Generation found = search(prompt, with_beams(vocab_size, 2, 0));
    EXPECT_EQ(found.ids, best_ids) << prompt;
    EXPECT_NEAR(found.score, best, 1e-9) << prompt;
  }
}

TEST(BeamSearch, AScoreIsTheTextsLogProbabilityByItsLength) {
  int by_length = 0;
  for (const double length_penalty : {0.0, 1.0, 1.5}) {
    GenerationOptions options = with_beams(3, 12, length_penalty);
    options.num_best = 3;
    Generation best = search("할머니는 시장에서", options);
    std::vector<Generation> all = best.others;
    all.push_back(best);
    ASSERT_EQ(all.size(), 3u);
    for (const Generation& generation : all) {
      ASSERT_EQ(generation.logprobs.size(), generation.ids.size());
      if (generation.finish != FinishReason::kLength) continue;  // the end's log-probability is not among them
      EXPECT_NEAR(generation.score, sum_of(generation.logprobs) / std::pow(12, length_penalty), 1e-9);
      ++by_length;
    }
  }
  EXPECT_GT(by_length, 0);
}

TEST(BeamSearch, TheBestComeInTheirOrderAndDiffer) {
  GenerationOptions options = with_beams(6, 10);
  options.num_best = 4;
  const Generation best = search("봄에는", options);
  ASSERT_EQ(best.others.size(), 3u);
  std::set<std::vector<int32_t>> texts = {best.ids};
  double previous = best.score;
  for (const Generation& other : best.others) {
    EXPECT_LE(other.score, previous);
    previous = other.score;
    texts.insert(other.ids);
  }
  EXPECT_EQ(texts.size(), 4u);
}

TEST(BeamSearch, AmongOtherRequestsAndOnAnyNumberOfThreadsFindsTheSame) {
  std::vector<GenerationRequest> requests;
  requests.push_back({"서울은 한강을", with_beams(4, 16)});
  requests.push_back({"개", {.sampling = test::wild(3, 20)}});
  requests.push_back({"서울은 한강을", with_beams(2, 8)});
  const auto together = generate(tiny_model(), tiny_tokenizer(), requests);
  const auto threads = generate(tiny_model(3), tiny_tokenizer(), requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto alone = search(requests[i].prompt, requests[i].options);
    EXPECT_EQ(together[i].ids, alone.ids) << i;
    EXPECT_EQ(together[i].score, alone.score) << i;
    EXPECT_EQ(threads[i].ids, alone.ids) << i;
    EXPECT_EQ(threads[i].score, alone.score) << i;
  }
}

TEST(BeamSearch, OfTextsOfAFormTheWholeOnesComeFirst) {
  GenerationOptions options = with_beams(8, 1);  // more than there are tokens to begin with
  options.num_best = 8;
  options.sampling.logit_bias = {"<0x62>=1000"};  // "b"
  options.constraint = std::make_shared<PatternConstraint>(std::make_shared<TextPattern>("a|bb", "test"));
  const Generation best = search("개", options);
  EXPECT_EQ(best.text, "a");
  EXPECT_TRUE(best.is_whole);
  const auto cut =
      std::find_if(best.others.begin(), best.others.end(), [](const auto& text) { return text.text == "b"; });
  ASSERT_NE(cut, best.others.end());
  EXPECT_FALSE(cut->is_whole);
  EXPECT_GT(cut->score, best.score);
}

TEST(BeamSearch, StopStringsEndATextBeforeThem) {
  const Generation whole = search("할머니는", with_beams(4, 20));
  ASSERT_GT(whole.text.size(), 12u);
  GenerationOptions options = with_beams(4, 20);
  // A character of it that is no part of a broken one.
  size_t begin = 0;
  const auto is_hangul = [&](size_t i) { return (static_cast<unsigned char>(whole.text[i]) & 0xF0) == 0xE0; };
  while (begin + 3 <= whole.text.size() && (!is_hangul(begin) || whole.text.compare(begin, 3, "�") == 0)) ++begin;
  ASSERT_LE(begin + 3, whole.text.size());
  options.stop_strings = {whole.text.substr(begin, 3)};
  const Generation cut = search("할머니는", options);
  EXPECT_EQ(cut.text.find(options.stop_strings.front()), std::string::npos);
}

TEST(BeamSearch, LogitBiasHolds) {
  const Generation free = search("봄에는", with_beams(3, 8));
  ASSERT_FALSE(free.ids.empty());
  GenerationOptions options = with_beams(3, 8);
  options.sampling.logit_bias = {std::to_string(free.ids.front()) + "=-inf"};
  const Generation biased = search("봄에는", options);
  EXPECT_EQ(std::count(biased.ids.begin(), biased.ids.end(), free.ids.front()), 0);
}

TEST(BeamSearch, TextComesInOnePieceAndTheCallbackEndsTheSearch) {
  const GenerationRequest request{"개", with_beams(3, 20)};
  std::vector<std::string> pieces;
  const auto keep = [&](size_t, std::string_view piece) {
    if (!piece.empty()) pieces.emplace_back(piece);
    return true;
  };
  const Generation generation = generate(tiny_model(), tiny_tokenizer(), {&request, 1}, keep).front();
  EXPECT_EQ(pieces, std::vector<std::string>{generation.text});
  int asked = 0;
  const auto stop = [&](size_t, std::string_view) { return ++asked < 5; };
  const Generation stopped = generate(tiny_model(), tiny_tokenizer(), {&request, 1}, stop).front();
  EXPECT_EQ(to_string(stopped.finish), "interrupted");
  EXPECT_LE(stopped.ids.size(), 5u);
}

TEST(BeamSearch, GoesOnToTheEndOfTheContext) {
  GenerationOptions options = with_beams(2, 0);
  options.sampling.logit_bias = {"</s>=-inf", "<|im_end|>=-inf"};
  const Generation generation = search("개", options);
  EXPECT_EQ(to_string(generation.finish), "context");
  // The last token needs no room: nothing comes after it.
  EXPECT_EQ(encode_prompt(tiny_tokenizer(), "개").size() + generation.ids.size(), 128u + 1);
}

}  // namespace
}  // namespace ktlm::generate
