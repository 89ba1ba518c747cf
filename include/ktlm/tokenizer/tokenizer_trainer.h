// From documents to tokenizer directories: counts the text's segments, learns a BPE vocabulary, and writes it as
// SentencePiece and Hugging Face read it, with an analysis. Vocabularies of several sizes cost little more than the
// largest: the smaller one's merges are the first ones of the larger.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ktlm/core/config.h"
#include "ktlm/core/progress.h"
#include "ktlm/core/stop_flag.h"
#include "ktlm/corpus/prepared_corpus.h"
#include "ktlm/tokenizer/analysis.h"
#include "ktlm/tokenizer/text_source.h"
#include "ktlm/tokenizer/vocabulary_choice.h"

namespace ktlm::tokenizer {

/// Section "tokenizer".
struct TokenizerTrainConfig {
  int64_t vocab_size = 16000;
  double character_coverage = 0.9995;
  int64_t max_training_bytes = 1'000'000'000;
  bool split_particles = false;

  template <class Visitor>
  static void visit_fields(Visitor&& v) {
    v("vocab_size", &TokenizerTrainConfig::vocab_size, between(273, 1'000'000),
      "number of pieces, the special tokens and 256 bytes among them");
    v("character_coverage", &TokenizerTrainConfig::character_coverage, between(0.9, 1.0),
      "share of the text's characters that get a piece; the rarest become bytes");
    v("max_training_bytes", &TokenizerTrainConfig::max_training_bytes, at_least(0),
      "of a larger corpus, documents of about so many bytes are drawn evenly; 0 takes all");
    v("split_particles", &TokenizerTrainConfig::split_particles, any_value(),
      "learns no piece that spans a Korean stem and its particle or ending");
  }
};

struct TrainingTexts {
  std::string name;  // for messages: the directory they come from
  TextSource train;
  int64_t train_bytes = 0;  // for the progress; 0: not known
  TextSource measure;       // the analysis is made on these
  std::string measured_on;  // "val"
};

/// The train split's texts, drawn as `config` says, measured on the val split (where that holds next to nothing: on the
/// train split). `corpus` must outlive them.
TrainingTexts training_texts(const corpus::PreparedCorpus& corpus, const TokenizerTrainConfig& config);

struct VocabularyTarget {
  int64_t vocab_size;
  std::filesystem::path out_dir;
  bool is_optional = false;  // left out where the text allows no such size, which is an error else
};

/// Throws Error where `out_dir` is there and holds anything but a tokenizer's files.
void require_replaceable(const std::filesystem::path& out_dir);

struct TrainedVocabulary {
  std::filesystem::path out_dir;
  TokenizerAnalysis analysis;
};

struct TrainedVocabularies {
  std::vector<TrainedVocabulary> trained;  // in the order of the targets
  UnfilledSizes unfilled;                  // the optional ones that were left out
};

/// Writes each `out_dir` as a whole, in the place of a tokenizer that stands there: the same bytes, but for the pages'
/// comparison, as training each alone would. All are measured in one pass over `texts.measure`. Its analysis says what
/// the vocabulary costs `models`. Returns nothing where `stop` was requested; all directories are then as they were.
/// Throws Error: no text, a vocabulary larger or smaller than the text allows (with the number that it does), an
/// `out_dir` holds something else, disk full.
std::optional<TrainedVocabularies> train_tokenizers(const TrainingTexts& texts,
                                                    const std::vector<VocabularyTarget>& targets,
                                                    const TokenizerTrainConfig& config,
                                                    std::span<const ModelShape> models,
                                                    const ProgressCallback& progress, const StopFlag& stop);

/// One, of config.vocab_size.
std::optional<TokenizerAnalysis> train_tokenizer(const TrainingTexts& texts, const std::filesystem::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop);

/// Puts a copy of a trained tokenizer's directory at `out_dir`, in the place of a tokenizer that stands there. Throws
/// Error: `out_dir` holds something else, disk full.
void copy_tokenizer(const std::filesystem::path& from_dir, const std::filesystem::path& out_dir);

}  // namespace ktlm::tokenizer
