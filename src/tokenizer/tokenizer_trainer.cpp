#include "ktlm/tokenizer/tokenizer_trainer.h"

#include <algorithm>

#include "bpe_trainer.h"
#include "hf_files.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/tokenizer_files.h"
#include "pieces.h"
#include "segment_counts.h"
#include "sentencepiece_model.h"

namespace ktlm::tokenizer {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMinMeasuredBytes = 10'000;  // an analysis of less says little

void report(const ProgressCallback& progress, const std::string& stage, int64_t done, int64_t total, const char* unit) {
  if (progress) progress({.stage = stage, .done = done, .total = total, .unit = unit});
}

// A mistyped --out must not cost anybody a folder of other things: a model directory holds a tokenizer too.
void require_replaceable(const fs::path& out_dir) {
  if (!fs::exists(out_dir)) return;
  if (!fs::is_directory(out_dir))
    throw Error(out_dir.string() + ": is a file, expected a folder; choose another --out");
  for (const auto& entry : fs::directory_iterator(out_dir)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = std::ranges::find(kTokenizerFiles, name) != kTokenizerFiles.end() || name == kAnalysisFile;
    if (!is_ours && name != ".DS_Store")  // macOS leaves that in every folder that was looked at
      throw Error(out_dir.string() + ": holds something else than a tokenizer (" + name +
                  ") and is left as it is; remove it or choose another --out");
  }
}

SegmentCounts count_segments(const TrainingTexts& texts, const ProgressCallback& progress, const StopFlag& stop) {
  SegmentCounts counts;
  int64_t bytes = 0;
  texts.train([&](std::string_view text) {
    counts.add(text::normalize(text));
    bytes += static_cast<int64_t>(text.size());
    report(progress, "counting", bytes, texts.train_bytes, "bytes");
    return !stop.requested();
  });
  return counts;
}

// Throws where the text does not fill the vocabulary, or its characters overfill it.
std::vector<Piece> assemble(const BpeVocabulary& learned, const TokenizerTrainConfig& config, const std::string& name) {
  std::vector<Piece> pieces = fixed_pieces();
  const int64_t smallest = static_cast<int64_t>(pieces.size() + learned.characters.size());
  if (config.vocab_size < smallest)
    throw Error(name + ": special tokens, bytes and the text's characters need " + std::to_string(smallest) +
                " pieces, vocab_size is " + std::to_string(config.vocab_size) + "; pass --vocab-size " +
                std::to_string(smallest) + " or more");
  for (const std::string& text : learned.merged) pieces.push_back({text});
  for (const std::string& text : learned.characters) pieces.push_back({text});
  const auto largest = static_cast<int64_t>(pieces.size());
  if (largest < config.vocab_size)
    throw Error(name + ": the text gives at most " + std::to_string(largest) + " pieces, vocab_size is " +
                std::to_string(config.vocab_size) + "; pass --vocab-size " + std::to_string(largest) +
                " or prepare more text");
  return pieces;
}

}  // namespace

std::optional<TokenizerAnalysis> train_tokenizer(const TrainingTexts& texts, const fs::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop) {
  require_replaceable(out_dir);
  SegmentCounts counts = count_segments(texts, progress, stop);
  if (stop.requested()) return std::nullopt;
  if (counts.empty()) throw Error(texts.name + ": no text to train a tokenizer on; give ktlm prepare more input");

  const int64_t learned_size = config.vocab_size - static_cast<int64_t>(fixed_pieces().size());
  const BpeVocabulary learned =
      train_bpe(counts.take(), learned_size, config.character_coverage, [&](int64_t num_merges) {
        report(progress, "merging", num_merges, learned_size, "pieces");
        return !stop.requested();
      });
  if (stop.requested()) return std::nullopt;
  const std::vector<Piece> pieces = assemble(learned, config, texts.name);

  AtomicDirectory directory(out_dir);
  const std::string model = sentencepiece_model(pieces, config.character_coverage);
  write_file_atomically(directory.path() / kModelFile, model);
  write_hf_files(directory.path(), pieces, to_hex(hash128(model)));
  const Tokenizer tokenizer = Tokenizer::load(directory.path());
  const TextSource measured = [&](const auto& visit) {
    texts.measure([&](std::string_view text) { return !stop.requested() && visit(text); });
  };
  TokenizerAnalysis analysis = analyze(tokenizer, measured, texts.measured_on);
  if (stop.requested()) return std::nullopt;
  write_file_atomically(directory.path() / kAnalysisFile, to_json(analysis).dump(2) + "\n");
  directory.commit();
  return analysis;
}

std::optional<TokenizerAnalysis> train_tokenizer(const corpus::PreparedCorpus& corpus, const fs::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop) {
  using corpus::Split;
  const int64_t corpus_bytes = corpus.text_bytes(Split::kTrain);
  const int64_t limit = config.max_training_bytes;
  const double share =
      limit == 0 || corpus_bytes <= limit ? 1.0 : static_cast<double>(limit) / static_cast<double>(corpus_bytes);
  const TextSource train = [&](const auto& visit) {
    corpus.for_each_document(Split::kTrain, [&](corpus::Document&& document) {
      // Drawn by the document's id: the same ones in every run, from every part of the corpus.
      if (static_cast<double>(hash64(document.id)) * 0x1.0p-64 >= share) return true;
      // A dialogue's ids hold its roles too: "assistant" in pieces would cost several tokens an answer.
      for (const auto& message : document.messages)
        if (!visit(message.role)) return false;
      return visit(document.text);
    });
  };
  const Split measured = corpus.text_bytes(Split::kVal) >= kMinMeasuredBytes ? Split::kVal : Split::kTrain;
  const TextSource measure = [&](const auto& visit) {
    corpus.for_each_document(measured, [&](corpus::Document&& document) { return visit(document.text); });
  };
  const TrainingTexts texts = {
      .name = corpus.directory().string(),
      .train = train,
      .train_bytes = std::min(corpus_bytes, limit == 0 ? corpus_bytes : limit),
      .measure = measure,
      .measured_on = measured == Split::kVal ? "val" : "train",
  };
  return train_tokenizer(texts, out_dir, config, progress, stop);
}

}  // namespace ktlm::tokenizer
