#include "ktlm/tokenizer/tokenizer_trainer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bpe_trainer.h"
#include "hf_files.h"
#include "ktlm/core/error.h"
#include "ktlm/core/files.h"
#include "ktlm/core/hash.h"
#include "ktlm/core/text_format.h"
#include "ktlm/text/normalize.h"
#include "ktlm/tokenizer/analysis_report.h"
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

// What the text allows: from its characters alone to all that was learned for the largest size asked for.
struct SizeRange {
  int64_t smallest, largest;

  explicit SizeRange(const BpeVocabulary& learned)
      : smallest(static_cast<int64_t>(fixed_pieces().size() + learned.characters.size())),
        largest(smallest + static_cast<int64_t>(learned.merged.size())) {}
  bool holds(int64_t vocab_size) const { return smallest <= vocab_size && vocab_size <= largest; }
  [[noreturn]] void refuse(int64_t vocab_size, const std::string& name) const {
    if (vocab_size < smallest)
      throw Error(name + ": special tokens, bytes and the text's characters need " + std::to_string(smallest) +
                  " pieces, vocab_size is " + std::to_string(vocab_size) + "; pass --vocab-size " +
                  std::to_string(smallest) + " or more");
    throw Error(name + ": the text gives at most " + std::to_string(largest) + " pieces, vocab_size is " +
                std::to_string(vocab_size) + "; pass --vocab-size " + std::to_string(largest) +
                " or prepare more text");
  }
};

struct AssembledVocabulary {
  const VocabularyTarget* target;
  std::vector<Piece> pieces;
};

// A smaller vocabulary's merges are the first ones of what was learned for the largest.
std::vector<Piece> assemble(const BpeVocabulary& learned, int64_t num_merges) {
  std::vector<Piece> pieces = fixed_pieces();
  for (size_t i = 0; i < static_cast<size_t>(num_merges); ++i) pieces.push_back({learned.merged[i]});
  for (const std::string& text : learned.characters) pieces.push_back({text});
  return pieces;
}

// Throws where a size that is not optional is impossible, or the first one where all are.
std::vector<AssembledVocabulary> assemble_all(const BpeVocabulary& learned,
                                              const std::vector<VocabularyTarget>& targets, const std::string& name,
                                              UnfilledSizes& unfilled) {
  const SizeRange range(learned);
  std::vector<AssembledVocabulary> vocabularies;
  for (const VocabularyTarget& target : targets) {
    if (range.holds(target.vocab_size))
      vocabularies.push_back({&target, assemble(learned, target.vocab_size - range.smallest)});
    else if (target.is_optional)
      unfilled.sizes.push_back(target.vocab_size);
    else
      range.refuse(target.vocab_size, name);
  }
  if (vocabularies.empty()) range.refuse(targets.front().vocab_size, name);
  unfilled.smallest = range.smallest;
  unfilled.largest = range.largest;
  return vocabularies;
}

// How often each piece occurs in the training text. No piece reaches across segments, so that each is encoded once.
std::vector<int64_t> count_pieces(const Tokenizer& tokenizer, const std::vector<SegmentCounts::Segment>& segments) {
  std::vector<int64_t> counts(static_cast<size_t>(tokenizer.vocab_size()), 0);
  std::string text;
  for (const SegmentCounts::Segment& segment : segments) {
    text = segment.text;
    if (text.starts_with(kSpaceMarkUtf8)) text.replace(0, kSpaceMarkUtf8.size(), " ");
    for (const TokenId id : tokenizer.encode_normalized(text)) counts[static_cast<size_t>(id)] += segment.count;
  }
  return counts;
}

void write_tokenizer(const fs::path& directory, const std::vector<Piece>& pieces, double character_coverage) {
  const std::string model = sentencepiece_model(pieces, character_coverage);
  write_file_atomically(directory / kModelFile, model);
  write_hf_files(directory, pieces, to_hex(hash128(model)));
}

}  // namespace

// A mistyped --out must not cost anybody a folder of other things: a model directory holds a tokenizer too.
void require_replaceable(const fs::path& out_dir) {
  if (!fs::exists(out_dir)) return;
  if (!fs::is_directory(out_dir))
    throw Error(out_dir.string() + ": is a file, expected a folder; choose another --out");
  for (const auto& entry : fs::directory_iterator(out_dir)) {
    const std::string name = entry.path().filename().string();
    const bool is_ours = std::ranges::find(kTokenizerFiles, name) != kTokenizerFiles.end() || name == kAnalysisFile ||
                         name == kAnalysisPage;
    if (!is_ours && name != ".DS_Store")  // macOS leaves that in every folder that was looked at
      throw Error(out_dir.string() + ": holds something else than a tokenizer (" + name +
                  ") and is left as it is; remove it or choose another --out");
  }
}

std::optional<TrainedVocabularies> train_tokenizers(const TrainingTexts& texts,
                                                    const std::vector<VocabularyTarget>& targets,
                                                    const TokenizerTrainConfig& config,
                                                    std::span<const ModelShape> models,
                                                    const ProgressCallback& progress, const StopFlag& stop) {
  for (const VocabularyTarget& target : targets) require_replaceable(target.out_dir);
  SegmentCounts counts = count_segments(texts, progress, stop);
  if (stop.requested()) return std::nullopt;
  if (counts.empty()) throw Error(texts.name + ": no text to train a tokenizer on; give ktlm prepare more input");

  const std::vector<SegmentCounts::Segment> segments = counts.take();
  const int64_t largest = std::ranges::max_element(targets, {}, &VocabularyTarget::vocab_size)->vocab_size;
  const int64_t learned_size = largest - static_cast<int64_t>(fixed_pieces().size());
  const auto keep_going = [&](int64_t num_merges) {
    report(progress, "merging", num_merges, learned_size, "pieces");
    return !stop.requested();
  };
  // The pieces are counted on the uncut segments, as the encoder takes them: it does not know where training cut.
  std::vector<SegmentCounts::Segment> cut;
  if (config.split_particles) cut = split_particles(segments);
  const BpeVocabulary learned =
      train_bpe(config.split_particles ? cut : segments, learned_size, config.character_coverage, keep_going);
  if (stop.requested()) return std::nullopt;

  TrainedVocabularies result;
  const std::vector<AssembledVocabulary> vocabularies = assemble_all(learned, targets, texts.name, result.unfilled);
  std::vector<std::unique_ptr<AtomicDirectory>> directories;
  std::vector<Tokenizer> tokenizers;
  std::vector<std::vector<int64_t>> piece_counts;
  int64_t measured_bytes = 0;
  const TextSource measured = [&](const auto& visit) {
    texts.measure([&](std::string_view text) {
      measured_bytes += static_cast<int64_t>(text.size());
      report(progress, "measuring", measured_bytes, 0, "bytes");
      return !stop.requested() && visit(text);
    });
  };
  for (const AssembledVocabulary& vocabulary : vocabularies) {
    directories.push_back(std::make_unique<AtomicDirectory>(vocabulary.target->out_dir));
    const fs::path& directory = directories.back()->path();
    write_tokenizer(directory, vocabulary.pieces, config.character_coverage);
    tokenizers.push_back(Tokenizer::load(directory));
    piece_counts.push_back(count_pieces(tokenizers.back(), segments));
    if (stop.requested()) return std::nullopt;
  }
  std::vector<MeasuredTokenizer> to_measure;
  for (size_t i = 0; i < tokenizers.size(); ++i) to_measure.push_back({&tokenizers[i], piece_counts[i]});
  const std::vector<TokenizerAnalysis> analyses = analyze(to_measure, measured, texts.measured_on);
  if (stop.requested()) return std::nullopt;
  for (size_t i = 0; i < directories.size(); ++i) {
    const fs::path& directory = directories[i]->path();
    write_file_atomically(directory / kAnalysisFile, to_json(analyses[i], models).dump(2) + "\n");
    write_file_atomically(directory / kAnalysisPage, to_page(analyses, i, models));
    result.trained.push_back({vocabularies[i].target->out_dir, analyses[i]});
  }
  for (const auto& directory : directories) directory->commit();
  return result;
}

std::optional<TokenizerAnalysis> train_tokenizer(const TrainingTexts& texts, const fs::path& out_dir,
                                                 const TokenizerTrainConfig& config, const ProgressCallback& progress,
                                                 const StopFlag& stop) {
  auto trained = train_tokenizers(texts, {{config.vocab_size, out_dir}}, config, {}, progress, stop);
  if (!trained) return std::nullopt;
  return std::move(trained->trained.front().analysis);
}

void copy_tokenizer(const fs::path& from_dir, const fs::path& out_dir) {
  require_replaceable(out_dir);
  AtomicDirectory directory(out_dir);
  for (const auto& entry : fs::directory_iterator(from_dir))
    write_file_atomically(directory.path() / entry.path().filename(), read_file(entry.path()));
  directory.commit();
}

TrainingTexts training_texts(const corpus::PreparedCorpus& corpus, const TokenizerTrainConfig& config) {
  using corpus::Split;
  const int64_t corpus_bytes = corpus.text_bytes(Split::kTrain);
  const int64_t limit = config.max_training_bytes;
  const double share =
      limit == 0 || corpus_bytes <= limit ? 1.0 : static_cast<double>(limit) / static_cast<double>(corpus_bytes);
  const TextSource train = [&corpus, share](const auto& visit) {
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
  const TextSource measure = [&corpus, measured](const auto& visit) {
    corpus.for_each_document(measured, [&](corpus::Document&& document) { return visit(document.text); });
  };
  return {
      .name = corpus.directory().string(),
      .train = train,
      .train_bytes = std::min(corpus_bytes, limit == 0 ? corpus_bytes : limit),
      .measure = measure,
      .measured_on = measured == Split::kVal ? "val" : "train",
  };
}

}  // namespace ktlm::tokenizer
