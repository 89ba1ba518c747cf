// Requests of one call, each with its own way to draw: by ktlm's own engine, without libtorch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "generate/tiny_cpu_model.h"
#include "ktlm/generate/generator.h"
#include "ktlm/generate/sampling.h"

namespace ktlm::generate {
namespace {

using test::greedy;
using test::wild;

const tokenizer::Tokenizer& tiny_tokenizer() {
  static const test::TemporaryDirectory directory;
  static const tokenizer::Tokenizer tokenizer = test::make_tiny_tokenizer(directory / "tokenizer");
  return tokenizer;
}

const TokenModel& tiny_model(int64_t num_threads = 1) {
  static const test::TinyCpuModel one(tiny_tokenizer().vocab_size(), 1), three(tiny_tokenizer().vocab_size(), 3);
  return num_threads == 1 ? one.get() : three.get();
}

std::vector<Generation> run(const std::vector<GenerationRequest>& requests, GenerationStats* stats = nullptr,
                            const TokenModel& model = tiny_model()) {
  return generate(model, tiny_tokenizer(), requests, nullptr, stats);
}

void expect_equal(const Generation& a, const Generation& b) {
  EXPECT_EQ(a.ids, b.ids);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(to_string(a.finish), to_string(b.finish));
  ASSERT_EQ(a.logprobs.size(), b.logprobs.size());
  for (size_t i = 0; i < a.logprobs.size(); ++i) EXPECT_EQ(a.logprobs[i].logprob, b.logprobs[i].logprob);
}

// Of the same text over and over: "봄봄봄...", by whatever tokens make it.
class OnlyThis : public TokenConstraint {
 public:
  explicit OnlyThis(std::string unit, size_t most_units) : unit_(std::move(unit)), most_units_(most_units) {}
  std::unique_ptr<TokenConstraint> clone() const override { return std::make_unique<OnlyThis>(*this); }
  bool allows(std::string_view bytes) override {
    if (text_.size() + bytes.size() > unit_.size() * most_units_) return false;
    for (size_t i = 0; i < bytes.size(); ++i)
      if (bytes[i] != unit_[(text_.size() + i) % unit_.size()]) return false;
    return true;
  }
  bool may_end() override { return !text_.empty() && text_.size() % unit_.size() == 0; }
  void accept(std::string_view bytes) override { text_ += bytes; }

 private:
  std::string unit_, text_;
  size_t most_units_;
};

GenerationOptions constrained(SamplingConfig sampling, const std::string& unit, size_t most_units) {
  return {.sampling = sampling, .constraint = std::make_shared<OnlyThis>(unit, most_units)};
}

std::vector<GenerationRequest> mixed_requests() {
  std::vector<GenerationRequest> requests;
  for (const char* prompt : {"서울은 한강을", "개", "서울은 한강을", "", "개"})
    requests.push_back({prompt, {.sampling = wild(static_cast<int64_t>(requests.size()) + 20, 24)}});
  requests[1].options.sampling.max_new_tokens = 5;
  requests[2].options.sampling = greedy(9);
  requests[3].options.stop_strings = {"다"};
  requests[4].options = constrained(wild(7, 12), "봄 ", 3);
  const auto add = [&](const auto& change) {
    requests.push_back({"고양이는 낮에", {.sampling = wild(static_cast<int64_t>(requests.size()) + 20, 24)}});
    change(requests.back().options.sampling);
  };
  add([](SamplingConfig& sampling) { sampling.typical_p = 0.5; });
  add([](SamplingConfig& sampling) { sampling.top_n_sigma = 1; });
  add([](SamplingConfig& sampling) { sampling.xtc_probability = 0.5; });
  add([](SamplingConfig& sampling) { sampling.frequency_penalty = sampling.presence_penalty = 0.5; });
  add([](SamplingConfig& sampling) { sampling.dry_multiplier = 0.8; });
  add([](SamplingConfig& sampling) { sampling.logit_bias = {"300=2", "</s>=-inf"}; });
  add([](SamplingConfig& sampling) { sampling.top_k = 5, sampling.top_p = 0.8, sampling.min_p = 0.1; });
  for (GenerationRequest& request : requests) request.options.top_logprobs = 2;
  return requests;
}

TEST(Requests, EachTextIsWhatTheRequestAloneGives) {
  const auto requests = mixed_requests();
  const auto together = run(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(together[i], run({requests[i]}).front());
  }
  EXPECT_LE(together[1].ids.size(), 5u);
}

TEST(Requests, EachTextIsTheSameWhereOneOfThemFillsTheContext) {
  auto requests = mixed_requests();
  requests[0].options.sampling.max_new_tokens = 0;
  const auto together = run(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    expect_equal(together[i], run({requests[i]}).front());
  }
}

TEST(Requests, TextsAreTheSameOnAnyNumberOfThreads) {
  const auto requests = mixed_requests();
  const auto one = run(requests), three = run(requests, nullptr, tiny_model(3));
  for (size_t i = 0; i < requests.size(); ++i) expect_equal(one[i], three[i]);
}

TEST(Requests, PromptsOfOneCallDrawWithTheSeedsThatFollowTheFirst) {
  const std::vector<std::string> prompts = {"개", "봄", "개"};
  const auto together = generate(tiny_model(), tiny_tokenizer(), prompts, GenerationOptions{.sampling = wild(5, 20)});
  for (size_t i = 0; i < prompts.size(); ++i)
    expect_equal(together[i], run({{prompts[i], {.sampling = wild(5 + static_cast<int64_t>(i), 20)}}}).front());
  EXPECT_NE(together[0].ids, together[2].ids);
}

TEST(Requests, APromptGoesThroughTheModelOnceForAllItsTexts) {
  const std::string prompt = "서울은 한강을 끼고 있는";
  std::vector<GenerationRequest> requests;
  for (int64_t seed = 0; seed < 4; ++seed) requests.push_back({prompt, {.sampling = wild(seed, 10)}});
  GenerationStats stats;
  run(requests, &stats);
  EXPECT_EQ(stats.prefill_tokens, static_cast<int64_t>(encode_prompt(tiny_tokenizer(), prompt).size()));
}

// The tiny model, which notes how many texts its contexts hold.
class WatchedModel : public TokenModel {
 public:
  const model::ModelConfig& config() const override { return tiny_model().config(); }
  std::unique_ptr<TokenContext> make_context(int64_t num_texts, int64_t max_len) const override {
    widest = std::max(widest, num_texts);
    return tiny_model().make_context(num_texts, max_len);
  }
  mutable int64_t widest = 0;
};

TEST(Requests, TextsAndPrefillAreTheSameWithAnyNumberOfRowsAtATime) {
  for (const int64_t longest : {24, 0}) {  // 0: to the end of the context, so that prompts of one length keep together
    auto requests = mixed_requests();
    requests[0].options.sampling.max_new_tokens = longest;
    for (int64_t i = 0; i < 5; ++i) {
      requests.push_back({"서울은 한강을", {.sampling = wild(50 + i, 6 + 3 * i)}});
      requests.push_back({"봄", {.sampling = wild(60 + i, 4)}});
    }
    GenerationStats expected_stats;
    const auto expected = run(requests, &expected_stats);
    for (const int64_t most_rows : {1, 2, 3, 7, 64}) {
      const WatchedModel model;
      GenerationStats stats;
      const auto texts = generate(model, tiny_tokenizer(), requests, nullptr, &stats, most_rows);
      EXPECT_LE(model.widest, most_rows);
      EXPECT_EQ(stats.prefill_tokens, expected_stats.prefill_tokens);
      EXPECT_EQ(stats.decode_tokens, expected_stats.decode_tokens);
      for (size_t i = 0; i < requests.size(); ++i) {
        SCOPED_TRACE(std::to_string(i) + ", " + std::to_string(most_rows) + " rows");
        expect_equal(texts[i], expected[i]);
      }
    }
  }
}

TEST(Requests, ATextThatWaitsHasAsMuchRoomAsThoseThatFilledTheContextBefore) {
  std::vector<GenerationRequest> requests;
  for (int64_t seed = 0; seed < 3; ++seed) {
    requests.push_back({"개", {.sampling = wild(seed, 0)}});
    requests.back().options.sampling.logit_bias = {"</s>=-inf", "<|im_end|>=-inf", "<|im_start|>=-inf"};
  }
  const auto texts = generate(tiny_model(), tiny_tokenizer(), requests, nullptr, nullptr, 2);
  for (size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(to_string(texts[i].finish), "context");
    expect_equal(texts[i], run({requests[i]}).front());
  }
}

TEST(Requests, ATextThatWaitsIsNotBegunWhereItIsNoLongerWanted) {
  std::vector<GenerationRequest> requests;
  for (int64_t seed = 0; seed < 5; ++seed) requests.push_back({"개", constrained(wild(seed, 8), "봄", 1)});
  size_t pieces = 0;
  const auto until_the_third = [&](size_t i, std::string_view piece) {
    pieces += piece.empty() ? 0 : 1;
    return i < 2 || pieces == 0;
  };
  const auto texts = generate(tiny_model(), tiny_tokenizer(), requests, until_the_third, nullptr, 2);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(texts[i].ids.empty(), i >= 2) << i;
    EXPECT_EQ(texts[i].finish == FinishReason::kInterrupted, i >= 2) << i;
    EXPECT_EQ(texts[i].is_whole, i < 2) << i;
  }
}

TEST(CopiedText, GoesOnAsTheOne) {
  const auto context = tiny_model().make_context(3, 64);
  std::vector<std::vector<int32_t>> prompts(2);
  for (int32_t i = 0; i < 37; ++i) prompts[0].push_back(5 + i);  // no multiple of what a vector holds
  prompts[1] = {7, 8, 9};
  context->prefill(prompts);
  context->copy_text(0, 2);
  context->copy_text(0, 1);
  for (const int32_t id : {11, 12}) {
    const NextLogits next = context->step(std::vector<int32_t>{id, id, 20});
    EXPECT_TRUE(std::equal(next[0].begin(), next[0].end(), next[1].begin(), next[1].end()));
    EXPECT_FALSE(std::equal(next[0].begin(), next[0].end(), next[2].begin(), next[2].end()));
  }
}

TEST(Logprobs, AreTheModelsOwnWhateverTheDrawChanges) {
  SamplingConfig strange = wild(3, 12);
  strange.temperature = 0.7;
  strange.top_k = 5;
  strange.repetition_penalty = 1.8;
  const std::string prompt = "서울은";
  const Generation generation = run({{prompt, {.sampling = strange, .top_logprobs = 3}}}).front();
  ASSERT_EQ(generation.logprobs.size(), generation.ids.size());
  ASSERT_GT(generation.ids.size(), 3u);
  // The obvious version: the whole text through the model for every token.
  std::vector<int32_t> text = encode_prompt(tiny_tokenizer(), prompt);
  for (size_t i = 0; i < generation.ids.size(); ++i) {
    const auto context = tiny_model().make_context(1, 64);
    const std::span<float> logits = context->prefill({&text, 1}).front();
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    const auto logprob = [&](int32_t id) {
      return static_cast<double>(logits[static_cast<size_t>(id)]) - std::log(sum);
    };
    EXPECT_NEAR(generation.logprobs[i].logprob, logprob(generation.ids[i]), 1e-9);
    ASSERT_EQ(generation.logprobs[i].top.size(), 3u);
    EXPECT_EQ(generation.logprobs[i].top.front().id, likeliest_token(logits));
    for (const auto& [id, top_logprob] : generation.logprobs[i].top) EXPECT_NEAR(top_logprob, logprob(id), 1e-9);
    EXPECT_GE(generation.logprobs[i].top[0].logprob, generation.logprobs[i].top[1].logprob);
    EXPECT_GE(generation.logprobs[i].top[1].logprob, generation.logprobs[i].top[2].logprob);
    text.push_back(generation.ids[i]);
  }
}

TEST(Logprobs, AreLeftOutWhereNobodyAsks) {
  EXPECT_TRUE(run({{"개", {.sampling = greedy(5)}}}).front().logprobs.empty());
}

TEST(Requests, ATextEndsWhereAMessageWouldBegin) {
  for (const int64_t beams : {1, 2}) {
    GenerationOptions options{.sampling = greedy(9)};
    options.sampling.logit_bias = {"<|im_start|>=1000"};
    options.beam.beams = beams;
    const Generation generation = run({{"고양이는", options}}).front();
    EXPECT_TRUE(generation.ids.empty());
    EXPECT_EQ(to_string(generation.finish), "eos");
  }
}

TEST(Constraint, EveryTextIsAWholeOneOrRanOutOfTokens) {
  int whole = 0, cut = 0;
  for (int64_t seed = 0; seed < 40; ++seed) {
    SamplingConfig sampling = seed % 4 == 0 ? greedy(6) : wild(seed, 6);
    if (seed % 4 == 1) sampling.min_p = 0.05;
    const Generation generation = run({{"고양이는", constrained(sampling, "개는 ", 3)}}).front();
    std::string bytes;  // may end inside a character
    for (const int32_t id : generation.ids) bytes += tiny_tokenizer().token_bytes(id);
    EXPECT_TRUE(std::string("개는 개는 개는 ").starts_with(bytes)) << generation.text;
    EXPECT_EQ(generation.is_whole, bytes.size() % std::string("개는 ").size() == 0 && !bytes.empty()) << bytes;
    if (generation.finish == FinishReason::kEndOfText) {
      EXPECT_EQ(generation.text.size() % std::string("개는 ").size(), 0u);
      EXPECT_FALSE(generation.text.empty());
      ++whole;
    } else {
      EXPECT_EQ(to_string(generation.finish), "length");
      ++cut;
    }
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(cut, 0);
}

TEST(Constraint, ATextEndsWhereNothingCanFollow) {
  // The end of the text is drawn as the one token left.
  const Generation generation = run({{"고양이는", constrained(greedy(30), "개는", 1)}}).front();
  EXPECT_EQ(generation.text, "개는");
  EXPECT_EQ(to_string(generation.finish), "eos");
}

// Nothing may follow "개", and "개" is no whole text.
class Corner : public OnlyThis {
 public:
  Corner() : OnlyThis("개", 1) {}
  std::unique_ptr<TokenConstraint> clone() const override { return std::make_unique<Corner>(*this); }
  bool may_end() override { return false; }
};

TEST(Constraint, ACornerIsSaid) {
  const GenerationOptions options{.sampling = wild(1, 30), .constraint = std::make_shared<Corner>()};
  const Generation generation = run({{"고양이는", options}}).front();
  EXPECT_EQ(generation.text, "개");
  EXPECT_EQ(to_string(generation.finish), "constraint");
  EXPECT_FALSE(generation.is_whole);
}

TEST(Constraint, ATextIsJudgedByWhatAStopStringOrABeamSearchLeavesOfIt) {
  GenerationOptions options = constrained(greedy(30), "개는 ", 1);
  for (const int64_t beams : {1, 2}) {
    options.beam.beams = beams;
    options.stop_strings = {};
    EXPECT_TRUE(run({{"고양이는", options}}).front().is_whole);
    options.stop_strings = {"는 "};
    const Generation cut = run({{"고양이는", options}}).front();
    EXPECT_EQ(cut.text, "개");
    EXPECT_FALSE(cut.is_whole);
  }
}

TEST(LikeliestTokens, AreTheFirstAllowedOfTheWholeOrder) {
  std::vector<float> logits(300);
  Random random(4);
  for (float& logit : logits) logit = static_cast<float>(random.below(40));  // many equals
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
  });
  EXPECT_EQ(likeliest_tokens(logits, 0), order);
  EXPECT_EQ(likeliest_tokens(logits, 7), std::vector<int32_t>(order.begin(), order.begin() + 7));
  for (const int32_t divisor : {2, 50}) {
    int asked = 0;
    const auto allowed = [&](int32_t id) { return ++asked, id % divisor == 0; };
    std::vector<int32_t> expected;
    int until = 0;  // the last one that has to be asked about
    for (size_t i = 0; i < order.size() && expected.size() < 3; ++i) {
      until = static_cast<int>(i) + 1;
      if (order[i] % divisor == 0) expected.push_back(order[i]);
    }
    EXPECT_EQ(likeliest_tokens(logits, 3, allowed), expected);
    EXPECT_EQ(asked, until);
  }
  EXPECT_TRUE(likeliest_tokens(logits, 3, [](int32_t) { return false; }).empty());
}

TEST(LikeliestTokens, AFewAllowedAmongManyAreFoundInTheirOrder) {
  std::vector<float> logits(5000);
  Random random(4);
  for (float& logit : logits) logit = static_cast<float>(random.uniform());
  const auto allowed = [](int32_t id) { return id % 500 == 3; };
  std::vector<int32_t> expected;
  for (int32_t id = 3; id < 5000; id += 500) expected.push_back(id);
  const auto logit = [&](int32_t id) { return logits[static_cast<size_t>(id)]; };
  std::sort(expected.begin(), expected.end(), [&](int32_t a, int32_t b) { return logit(a) > logit(b); });
  EXPECT_EQ(likeliest_tokens(logits, 40, allowed), expected);
  EXPECT_EQ(likeliest_tokens(logits, 1, allowed), std::vector<int32_t>{expected.front()});
  // None is less than so many times as likely as the first that is allowed.
  const double least_ratio = std::exp(static_cast<double>(logit(expected[4]) - logit(expected[0])) - 1e-9);
  expected.resize(5);
  EXPECT_EQ(likeliest_tokens(logits, 40, allowed, least_ratio), expected);
}

}  // namespace
}  // namespace ktlm::generate
