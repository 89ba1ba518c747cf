// Dialogues, whole, in windows of seq_len tokens: for fine-tuning, where a question must stand before its answer and
// nothing else may. A dialogue ends with its last answer; one that is longer than a window is cut at the window's end.
// Packing is best-fit decreasing (Johnson 1974; for training Ding et al. 2024): the longest dialogue first, each into
// the fullest window that has room. Windows follow from the lengths alone, so that their number is the same in every
// epoch; which dialogue of a length stands where, and the order of the windows, is drawn anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ktlm/data/batch.h"
#include "ktlm/data/token_dataset.h"
#include "ktlm/tokenizer/tokenizer.h"

namespace ktlm::data {

struct DialogueCounts {
  int64_t dialogues = 0;        // in the windows
  int64_t cut = 0;              // of these, longer than a window
  int64_t answers_beyond = 0;   // left out: the first answer begins behind the window's end
  int64_t without_answers = 0;  // left out: no message of the assistant; plain documents
  int64_t answer_tokens = 0;    // targets of an epoch: the answers and the markers that end them
  int64_t tokens = 0;           // in the windows, of num_windows * seq_len places
};

class DialogueWindows {
 public:
  /// Reads all documents once, and packs. `dataset` and `tokenizer` must outlive the windows.
  DialogueWindows(const TokenDataset& dataset, const tokenizer::Tokenizer& tokenizer, int64_t seq_len);

  const DialogueCounts& counts() const { return counts_; }
  /// 0 where no document holds an answer.
  int64_t num_windows() const { return static_cast<int64_t>(first_slots_.size()) - 1; }
  int64_t seq_len() const { return seq_len_; }

  /// Deals the dialogues of each length out over the places that they may have, as `seed` says, whatever was before.
  void shuffle(uint64_t seed);
  /// A window's row of a batch, seq_len values each. Only tokens of answers, and the marker behind them, are targets.
  /// What is left behind the last dialogue is padding without targets, a text of its own.
  void fill_row(int64_t window, std::span<int64_t> ids, std::span<int64_t> targets,
                std::span<int64_t> text_starts) const;

 private:
  struct Dialogue {
    int64_t offset;  // of its first token in the dataset
    int64_t length;  // tokens in the window; the last target stands behind them
  };

  void read_dialogues(const TokenDataset& dataset);
  void pack();

  const TokenDataset* dataset_;
  const tokenizer::Tokenizer* tokenizer_;
  int64_t seq_len_;
  DialogueCounts counts_;
  std::vector<Dialogue> dialogues_;   // the longest first
  std::vector<int64_t> order_;        // of dialogues_, among those of the same length
  std::vector<int64_t> slots_;        // indices into order_, window after window
  std::vector<int64_t> first_slots_;  // of each window, and of the one behind the last
};

/// Micro-batches of dialogues: each epoch is a permutation of all windows, drawn from (seed, epoch).
class DialogueLoader : public BatchSource {
 public:
  /// Throws Error where no window stands.
  DialogueLoader(DialogueWindows windows, int64_t batch_size, uint64_t seed, int64_t rank = 0, int64_t world_size = 1);

  /// Of this rank: the ranks' batches of one number follow each other, as BatchLoader's do.
  Batch batch(int64_t index) override;
  double epoch_at(int64_t index) const override;

 private:
  void start_epoch(int64_t epoch);

  DialogueWindows windows_;
  int64_t batch_size_, rank_, world_size_;
  uint64_t seed_;
  int64_t epoch_ = -1;                // the one that the following stands for
  std::vector<int64_t> permutation_;  // of the windows
};

}  // namespace ktlm::data
