#include "ktlm/data/dialogue_windows.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "ktlm/core/error.h"
#include "ktlm/core/random.h"
#include "ktlm/tokenizer/chat_template.h"

namespace ktlm::data {

namespace {

size_t index(int64_t i) { return static_cast<size_t>(i); }

int64_t num_tokens_of(const std::vector<tokenizer::TokenRange>& ranges) {
  int64_t count = 0;
  for (const auto& range : ranges) count += range.end - range.begin;
  return count;
}

}  // namespace

DialogueWindows::DialogueWindows(const TokenDataset& dataset, const tokenizer::Tokenizer& tokenizer, int64_t seq_len)
    : dataset_(&dataset), tokenizer_(&tokenizer), seq_len_(seq_len) {
  read_dialogues(dataset);
  pack();
}

void DialogueWindows::read_dialogues(const TokenDataset& dataset) {
  const auto offsets = dataset.document_offsets();
  std::vector<int64_t> ids;
  for (size_t i = 0; i < offsets.size(); ++i) {
    const auto begin = static_cast<int64_t>(offsets[i]);
    const auto end = i + 1 < offsets.size() ? static_cast<int64_t>(offsets[i + 1]) : dataset.num_tokens();
    ids.resize(index(end - begin));
    if (!ids.empty()) dataset.copy(begin, ids);
    const auto all = tokenizer::find_answers(*tokenizer_, ids);
    // The last token of a window has its target behind the window.
    ids.resize(std::min(ids.size(), index(seq_len_ + 1)));
    const auto answers = tokenizer::find_answers(*tokenizer_, ids);
    if (all.empty()) {
      ++counts_.without_answers;
    } else if (answers.empty()) {
      ++counts_.answers_beyond;
    } else {
      const int64_t length = answers.back().end - 1;
      dialogues_.push_back({begin, length});
      counts_.cut += all.back().end - 1 > seq_len_ ? 1 : 0;
      counts_.answer_tokens += num_tokens_of(answers);
      counts_.tokens += length;
    }
  }
  counts_.dialogues = static_cast<int64_t>(dialogues_.size());
}

void DialogueWindows::pack() {
  std::ranges::sort(dialogues_, [](const Dialogue& a, const Dialogue& b) {
    return std::tuple(-a.length, a.offset) < std::tuple(-b.length, b.offset);
  });
  std::vector<std::vector<int64_t>> windows;
  std::map<int64_t, std::vector<size_t>> windows_by_room;
  for (size_t i = 0; i < dialogues_.size(); ++i) {
    const int64_t length = dialogues_[i].length;
    auto fullest = windows_by_room.lower_bound(length);
    if (fullest == windows_by_room.end()) {
      fullest = windows_by_room.emplace(seq_len_, std::vector<size_t>()).first;
      fullest->second.push_back(windows.size());
      windows.emplace_back();
    }
    const int64_t room = fullest->first - length;
    const size_t window = fullest->second.back();
    fullest->second.pop_back();
    if (fullest->second.empty()) windows_by_room.erase(fullest);
    windows[window].push_back(static_cast<int64_t>(i));
    windows_by_room[room].push_back(window);
  }
  first_slots_ = {0};
  for (const auto& window : windows) {
    slots_.insert(slots_.end(), window.begin(), window.end());
    first_slots_.push_back(static_cast<int64_t>(slots_.size()));
  }
  order_.resize(dialogues_.size());
  std::iota(order_.begin(), order_.end(), int64_t{0});
}

void DialogueWindows::shuffle(uint64_t seed) {
  Random random(seed);
  std::iota(order_.begin(), order_.end(), int64_t{0});
  for (size_t begin = 0, end = 0; begin < dialogues_.size(); begin = end) {
    while (end < dialogues_.size() && dialogues_[end].length == dialogues_[begin].length) ++end;
    const auto permutation = random_permutation(static_cast<int64_t>(end - begin), random.next());
    for (size_t i = begin; i < end; ++i) order_[i] = static_cast<int64_t>(begin) + permutation[i - begin];
  }
}

void DialogueWindows::fill_row(int64_t window, std::span<int64_t> ids, std::span<int64_t> targets,
                               std::span<int64_t> text_starts) const {
  std::ranges::fill(targets, -1);
  int64_t used = 0;
  std::vector<int64_t> dialogue_ids;
  for (int64_t slot = first_slots_[index(window)]; slot < first_slots_[index(window + 1)]; ++slot) {
    const Dialogue& dialogue = dialogues_[index(order_[index(slots_[index(slot)])])];
    dialogue_ids.resize(index(dialogue.length + 1));
    dataset_->copy(dialogue.offset, dialogue_ids);
    std::copy_n(dialogue_ids.begin(), dialogue.length, ids.begin() + used);
    std::fill_n(text_starts.begin() + used, dialogue.length, used);
    for (const auto& answer : tokenizer::find_answers(*tokenizer_, dialogue_ids))
      std::copy(dialogue_ids.begin() + answer.begin, dialogue_ids.begin() + answer.end,
                targets.begin() + used + answer.begin - 1);
    used += dialogue.length;
  }
  std::fill(ids.begin() + used, ids.end(), 0);
  std::fill(text_starts.begin() + used, text_starts.end(), used);
}

DialogueLoader::DialogueLoader(DialogueWindows windows, int64_t batch_size, uint64_t seed, int64_t rank,
                               int64_t world_size)
    : windows_(std::move(windows)), batch_size_(batch_size), rank_(rank), world_size_(world_size), seed_(seed) {
  if (windows_.num_windows() == 0)
    throw Error(
        "token dataset: holds no answer to train on; give ktlm prepare dialogues, as lines of JSON with \"messages\", "
        "\"conversations\", or \"instruction\" and \"output\", and see that an answer begins within model.max_seq_len "
        "tokens");
}

double DialogueLoader::epoch_at(int64_t index) const {
  return static_cast<double>(index * world_size_ * batch_size_) / static_cast<double>(windows_.num_windows());
}

Batch DialogueLoader::batch(int64_t number) {
  const int64_t seq_len = windows_.seq_len();
  const auto empty = [&] { return at::empty({batch_size_, seq_len}, at::kLong); };
  Batch batch{empty(), empty(), empty()};
  for (int64_t row = 0; row < batch_size_; ++row) {
    const int64_t row_of_run = (number * world_size_ + rank_) * batch_size_ + row;
    start_epoch(row_of_run / windows_.num_windows());
    const auto row_of = [&](const at::Tensor& tensor) {
      return std::span(tensor.mutable_data_ptr<int64_t>() + row * seq_len, index(seq_len));
    };
    windows_.fill_row(permutation_[index(row_of_run % windows_.num_windows())], row_of(batch.ids),
                      row_of(batch.targets), row_of(batch.text_starts));
  }
  return batch;
}

void DialogueLoader::start_epoch(int64_t epoch) {
  if (epoch == epoch_) return;
  Random random(mix64(seed_ ^ mix64(static_cast<uint64_t>(epoch))));
  windows_.shuffle(random.next());
  permutation_ = random_permutation(windows_.num_windows(), random.next());
  epoch_ = epoch;
}

}  // namespace ktlm::data
