#include "ktlm/tokenizer/analysis_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
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
            "longest of Hangul: ▁대한민국에서, 하였습니다\n"
            "measured on val: 1,234 documents, 5.0 MB\n"
            "vocabulary                                       16,000\n"
            "bytes per token                                    5.00\n"
            "characters per token                               2.00\n"
            "tokens per 어절                                    2.45\n"
            "tokens per sentence                                20.0\n"
            "byte fallback, of all tokens                      0.3 %\n"
            "newlines and tabs, of all tokens                  2.0 %\n"
            "particles a token begins with                    25.0 %\n"
            "endings a token begins with                      20.0 %\n"
            "hangul: tokens per character, bytes  0.40 (0.2 % bytes)\n"
            "jamo: tokens per character, bytes    0.25 (0.0 % bytes)\n"
            "pieces seen < 100 times                           2.0 %\n"
            "unigram bits per byte                             2.100\n"
            "small: embedding, of all parameters      8.00M (16.0 %)\n"
            "small: training MFLOP per byte                     60.0");
}

TEST(AnalysisReport, TableOfSeveralHasAColumnEach) {
  const std::vector<TokenizerAnalysis> analyses = {example(16'000, 1'000'000), example(32'000, 800'000)};
  const std::string table = to_table(analyses, {});
  EXPECT_THAT(table, HasSubstr("\nvocabulary                                       16,000              32,000\n"
                               "bytes per token                                    5.00                6.25\n"));
  EXPECT_THAT(table, testing::Not(HasSubstr("longest of Hangul")));
}

// The table's rows, whose cells stand apart by two spaces or more.
std::vector<std::string> words_of_table(const std::string& table) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < table.size();) {
    const size_t end = std::min({table.find("  ", begin), table.find('\n', begin), table.size()});
    if (end > begin) words.push_back(table.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::string& word : words) word.erase(0, word.find_first_not_of(' '));
  return words;
}

TEST(AnalysisReport, PageShowsEveryFigureAndAllSizes) {
  const std::vector<TokenizerAnalysis> analyses = {example(16'000, 1'000'000), example(32'000, 800'000)};
  const std::string page = to_page(analyses, 1, {{kModel}});
  for (const char* words : {"<title>Tokenizer of 32,000 pieces</title>", "6.25", "particles, 16,000", "16,000",
                            "대한민국에서", "particles, 32,000", "endings, 16,000"})
    EXPECT_THAT(page, HasSubstr(words));
  for (std::string words : words_of_table(to_table(analyses, {{kModel}}))) {
    for (size_t at = 0; (at = words.find('<', at)) != std::string::npos; ++at) words.replace(at, 1, "&lt;");
    EXPECT_THAT(page, HasSubstr(words));
  }
}

TEST(AnalysisReport, PageDrawsSharesOnAScaleOfAllAndTellsTheRecommendation) {
  const std::vector<TokenizerAnalysis> analyses = {example(16'000, 1'000'000)};
  const std::string page = to_page(analyses, 0, {}, "16,000 pieces: the least <training>");
  EXPECT_THAT(page, HasSubstr("<rect x=\"0%\" width=\"25%\""));  // particles: 25.0 %
  EXPECT_THAT(page, HasSubstr("16,000 pieces: the least &lt;training&gt;"));
  EXPECT_THAT(page, HasSubstr("▁대한민국에서"));
  EXPECT_THAT(to_page(analyses, 0, {}), testing::Not(HasSubstr("recommended")));
}

TEST(AnalysisReport, JsonTellsWhatItCostsEachModel) {
  const Json json = to_json(example(16'000, 1'000'000), {{kModel}});
  EXPECT_EQ(json.at("vocab_size"), 16'000);
  EXPECT_EQ(json.at("models").at("small").at("embedding_parameters"), 8'000'000);
  EXPECT_DOUBLE_EQ(json.at("models").at("small").at("embedding_share").get<double>(), 0.16);
  EXPECT_DOUBLE_EQ(json.at("models").at("small").at("training_flops_per_byte").get<double>(), 60e6);
}

TEST(AnalysisReport, JsonHoldsEachFigureUnderItsName) {
  const Json expected = parse_json(R"({
    "vocab_size": 16000, "characters_per_token": 2.0, "bytes_per_token": 5.0, "tokens_per_word": 2.45,
    "tokens_per_sentence": 20.0, "byte_fallback_rate": 0.0025, "newline_and_tab_rate": 0.02,
    "unigram_bits_per_byte": 2.1, "learned_pieces": 15000, "rare_pieces": 300, "measured_on": "val",
    "documents": 1234, "bytes": 5000000, "characters": 2000000, "words": 400000, "sentences": 49000, "tokens": 1000000,
    "particle_boundaries": {"words": 1000, "cut": 250, "share": 0.25},
    "ending_boundaries": {"words": 200, "cut": 40, "share": 0.2},
    "scripts": {"hangul": {"characters": 1500000, "tokens": 600000, "tokens_per_character": 0.4, "byte_rate": 0.002},
                "space": {"characters": 400000, "tokens": 10, "tokens_per_character": 0.000025, "byte_rate": 0.0},
                "jamo": {"characters": 1000, "tokens": 250, "tokens_per_character": 0.25, "byte_rate": 0.0}},
    "pieces_by_script": {"hangul": 15000, "byte": 256}, "longest_pieces": [" 대한민국에서", "하였습니다"]})",
                                   "expected");
  EXPECT_EQ(to_json(example(16'000, 1'000'000)), expected);
}

}  // namespace
}  // namespace ktlm::tokenizer
