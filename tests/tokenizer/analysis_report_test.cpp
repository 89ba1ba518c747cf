#include "ktlm/tokenizer/analysis_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ktlm::tokenizer {
namespace {

using testing::HasSubstr;

TokenizerAnalysis example(int64_t vocab_size, int64_t tokens) {
  TokenizerAnalysis analysis;
  analysis.vocab_size = vocab_size;
  analysis.pieces_by_script = {{"hangul", 15'000}, {"byte", 256}};
  analysis.longest_pieces = {" 대한민국에서", "하였습니다"};
  analysis.learned_pieces = 15'000;
  analysis.rare_pieces = 300;
  analysis.measured_on = "val";
  analysis.documents = 1234;
  analysis.bytes = 5'000'000;
  analysis.characters = 2'000'000;
  analysis.words = 400'000;
  analysis.sentences = 49'000;
  analysis.tokens = tokens;
  analysis.fallback_tokens = 2'500;
  analysis.whitespace_tokens = 20'000;
  analysis.scripts = {{"hangul", 1'500'000, 600'000, 1200}, {"space", 400'000, 10, 0}, {"jamo", 1000, 250, 0}};
  analysis.particles = {1000, 250};
  analysis.endings = {200, 40};
  analysis.unigram_bits_per_byte = 2.1;
  return analysis;
}

const ModelShape kModel = {.name = "small", .d_model = 500, .layer_weights = 42'000'000, .attention_products = 0};

TEST(AnalysisReport, TableTellsTheFiguresOfOne) {
  EXPECT_EQ(to_table({{example(16'000, 1'000'000)}}, {{kModel}}),
            "pieces: hangul 15,000, byte 256\n"
            "longest of Hangul:  대한민국에서, 하였습니다\n"
            "measured on val: 1,234 documents, 5.0 MB\n"
            "vocabulary                                  16,000\n"
            "bytes per token                               5.00\n"
            "characters per token                          2.00\n"
            "tokens per 어절                               2.45\n"
            "tokens per sentence                           20.0\n"
            "byte fallback, of all tokens                 0.3 %\n"
            "newlines and tabs, of all tokens             2.0 %\n"
            "particles a token begins with               25.0 %\n"
            "endings a token begins with                 20.0 %\n"
            "hangul: tokens per character, bytes    0.40  0.2 %\n"
            "jamo: tokens per character, bytes      0.25  0.0 %\n"
            "pieces seen < 100 times                      2.0 %\n"
            "unigram bits per byte                        2.100\n"
            "small: embedding, of all parameters  8.00M  16.0 %\n"
            "small: training MFLOP per byte                60.0");
}

TEST(AnalysisReport, TableOfSeveralHasAColumnEach) {
  const std::vector<TokenizerAnalysis> analyses = {example(16'000, 1'000'000), example(32'000, 800'000)};
  const std::string table = to_table(analyses, {});
  EXPECT_THAT(table, HasSubstr("\nvocabulary                                16,000       32,000\n"
                               "bytes per token                             5.00         6.25\n"));
  EXPECT_THAT(table, testing::Not(HasSubstr("longest of Hangul")));
}

TEST(AnalysisReport, PageShowsEveryFigureAndAllSizes) {
  const std::vector<TokenizerAnalysis> analyses = {example(16'000, 1'000'000), example(32'000, 800'000)};
  const std::string page = to_page(analyses, 1, {{kModel}});
  for (const char* words : {"<title>Tokenizer of 32,000 pieces</title>", "6.25", "particles, 16,000", "16,000",
                            "대한민국에서", "small: training MFLOP per byte"})
    EXPECT_THAT(page, HasSubstr(words));
}

TEST(AnalysisReport, JsonTellsWhatItCostsEachModel) {
  const Json json = to_json(example(16'000, 1'000'000), {{kModel}});
  EXPECT_EQ(json.at("vocab_size"), 16'000);
  EXPECT_EQ(json.at("models").at("small").at("embedding_parameters"), 8'000'000);
  EXPECT_DOUBLE_EQ(json.at("models").at("small").at("training_flops_per_byte").get<double>(), 60e6);
}

}  // namespace
}  // namespace ktlm::tokenizer
