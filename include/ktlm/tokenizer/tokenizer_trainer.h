// From documents to a tokenizer directory: counts the text's segments, learns a BPE vocabulary, and writes it as
// SentencePiece and Hugging Face read it, with an analysis.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "ktlm/core/config.h"
#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/analysis.h"
#include "ktlm/tokenizer/text_source.h"

namespace ktlm::tokenizer {

/// Section "tokenizer".
struct TokenizerTrainConfig {
  int64_t vocab_size = 16000;
  double character_coverage = 0.9995;
  int64_t max_training_bytes = 1'000'000'000;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("vocab_size", &TokenizerTrainConfig::vocab_size, between(273, 1'000'000),
      "number of pieces, the special tokens and 256 bytes among them");
    v("character_coverage", &TokenizerTrainConfig::character_coverage, between(0.9, 1.0),
      "share of the text's characters that get a piece; the rarest become bytes");
    v("max_training_bytes", &TokenizerTrainConfig::max_training_bytes, at_least(0),
      "of a larger corpus, documents of about so many bytes are drawn evenly; 0 takes all");
  }
};

struct TrainingTexts {
  std::string name;  // for messages: the directory they come from
  TextSource train;
  int64_t train_bytes = 0;  // for the progress; 0: not known
  TextSource measure;       // the analysis is made on these
  std::string measured_on;  // "val"
};

/// Writes `out_dir` as a whole, in the place of a tokenizer that stands there. Returns nothing where `stop` was
/// requested; `out_dir` is then as it was. Throws Error: no text, a vocabulary larger or smaller than the text allows
/// (with the number that it does), `out_dir` holds something else, disk full.
std::optional<TokenizerAnalysis> train_tokenizer(const TrainingTexts& texts, const std::filesystem::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop);

/// The same on the train split, measured on the val split (where that holds next to nothing: on the train split).
std::optional<TokenizerAnalysis> train_tokenizer(const corpus::PreparedCorpus& corpus,
                                                 const std::filesystem::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop);

}  // namespace ktlm::tokenizer
