// The quality filters' switches and values. Definitions and values are FineWeb-2's for Korean (configs/kor_Hang.yml of
// huggingface/fineweb-2; datatrove's GopherRepetitionFilter, FineWebQualityFilter and GopherQualityFilter), over our
// word units (text/word_units.h). A share is of the text's characters, lines or word units, as its name says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ktlm/core/config.h"

namespace ktlm::corpus {

struct QualityConfig {
  std::string quality = "standard";
  std::vector<std::string> quality_off;
  double min_hangul_share = 0.3;  // pages on Latin or Hanja names have 0.36 and more
  double min_word_chars = 1;
  double max_word_chars = 6;
  // FineWeb-2 has 0.791, of Kiwi's morphemes, of which a text has 1.2 times as many as word units; that would be 0.75
  // here and drop 3 % of an encyclopedia's paragraphs, for the dates and names in brackets that they open with.
  double min_letter_word_share = 0.6;
  int64_t min_stop_words = 2;
  double max_hashes_per_word = 0.1;
  double max_ellipses_per_word = 0.1;
  double max_bullet_line_share = 0.9;
  double max_ellipsis_line_share = 0.3;
  double min_ended_line_share = 0.062;
  double max_line_breaks_per_word = 0.196;
  double max_repeated_line_share = 0.374;
  double max_repeated_line_char_share = 0.1;
  double max_top_2gram_share = 0.282;
  double max_top_3gram_share = 0.228;
  double max_top_4gram_share = 0.185;
  double max_repeated_5gram_share = 0.201;
  double max_repeated_6gram_share = 0.184;
  double max_repeated_7gram_share = 0.168;
  double max_repeated_8gram_share = 0.154;
  double max_repeated_9gram_share = 0.14;
  double max_repeated_10gram_share = 0.127;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("quality", &QualityConfig::quality, one_of({"standard", "off"}),
      "drops poor text by the filters below; off keeps it");
    v("quality_off", &QualityConfig::quality_off, any_value(),
      "inputs, file names or \"source\" values of JSONL documents that skip the quality filters");
    v("min_hangul_share", &QualityConfig::min_hangul_share, between(0, 1),
      "drops texts in other languages: share of Hangul among the letters; 0 keeps them");
    v("min_word_chars", &QualityConfig::min_word_chars, at_least(0), "least average length of a word unit; 0 is off");
    v("max_word_chars", &QualityConfig::max_word_chars, at_least(1), "greatest average length of a word unit");
    v("min_letter_word_share", &QualityConfig::min_letter_word_share, between(0, 1),
      "least share of word units that hold a letter; 0 is off");
    v("min_stop_words", &QualityConfig::min_stop_words, between(0, 21),
      "least number of different stop words (의, 이, 는, 에, 을 ...); 0 is off");
    v("max_hashes_per_word", &QualityConfig::max_hashes_per_word, at_least(0), "most # per word unit");
    v("max_ellipses_per_word", &QualityConfig::max_ellipses_per_word, at_least(0), "most ... and … per word unit");
    v("max_bullet_line_share", &QualityConfig::max_bullet_line_share, between(0, 1),
      "greatest share of lines that begin with - or •; 1 is off");
    v("max_ellipsis_line_share", &QualityConfig::max_ellipsis_line_share, between(0, 1),
      "greatest share of lines that end in ... or …; 1 is off");
    v("min_ended_line_share", &QualityConfig::min_ended_line_share, between(0, 1),
      "least share of lines that hold the end of a sentence; 0 is off");
    v("max_line_breaks_per_word", &QualityConfig::max_line_breaks_per_word, at_least(0),
      "most line breaks per word unit: above it the text is a list");
    v("max_repeated_line_share", &QualityConfig::max_repeated_line_share, between(0, 1),
      "greatest share of lines that stood before in the text; 1 is off");
    v("max_repeated_line_char_share", &QualityConfig::max_repeated_line_char_share, between(0, 1),
      "greatest share of characters in lines that stood before in the text; 1 is off");
    v("max_top_2gram_share", &QualityConfig::max_top_2gram_share, between(0, 1),
      "greatest share of characters in the most frequent 2-gram of word units; 1 is off, also below");
    v("max_top_3gram_share", &QualityConfig::max_top_3gram_share, between(0, 1), "the same for 3-grams");
    v("max_top_4gram_share", &QualityConfig::max_top_4gram_share, between(0, 1), "the same for 4-grams");
    v("max_repeated_5gram_share", &QualityConfig::max_repeated_5gram_share, between(0, 1),
      "greatest share of characters in 5-grams that came before within 1,000 word units; 1 is off, also below");
    v("max_repeated_6gram_share", &QualityConfig::max_repeated_6gram_share, between(0, 1), "the same for 6-grams");
    v("max_repeated_7gram_share", &QualityConfig::max_repeated_7gram_share, between(0, 1), "the same for 7-grams");
    v("max_repeated_8gram_share", &QualityConfig::max_repeated_8gram_share, between(0, 1), "the same for 8-grams");
    v("max_repeated_9gram_share", &QualityConfig::max_repeated_9gram_share, between(0, 1), "the same for 9-grams");
    v("max_repeated_10gram_share", &QualityConfig::max_repeated_10gram_share, between(0, 1), "the same for 10-grams");
  }
};

}  // namespace ktlm::corpus
