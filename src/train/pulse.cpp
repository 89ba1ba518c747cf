#include "pulse.h"

#include <torch/types.h>

#include <exception>
#include <utility>
#include <vector>

#include "ktlm/core/error.h"

namespace ktlm::train {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kLastWords(2);  // that rank 0 leaves in the store
constexpr const char* kLastWordsKey = "last_words";
constexpr int kTag = 0;

}  // namespace

Pulse::Pulse(c10::intrusive_ptr<c10d::Backend> backend, c10::intrusive_ptr<c10d::Store> store, LostCallback lost,
             const PulseTiming& timing)
    : backend_(std::move(backend)), store_(std::move(store)), lost_(std::move(lost)), timing_(timing), thread_([this] {
        run();
      }) {}

Pulse::~Pulse() {
  if (!thread_.joinable()) return;
  end(kFailed);
  thread_.join();
}

void Pulse::run() {
  Answer answer;
  for (;;) {
    int64_t status = kRunning;
    {
      std::unique_lock lock(mutex_);
      if (status_ == kRunning) changed_.wait_for(lock, timing_.interval);
      status = status_;
    }
    answer = backend_->getRank() == 0 ? ask_all(status) : ask_rank_0(status);
    if (answer.event != kGoOn || status == kFailed) break;
  }
  std::unique_lock lock(mutex_);
  over_ = true;
  if (answer.event != kGoOn && answer.event != kAllLeave) verdict_ = words(answer);
  changed_.notify_all();
  if (verdict_.empty()) return;
  if (changed_.wait_for(lock, timing_.grace, [&] { return status_ != kRunning; })) return;
  lock.unlock();
  lost_(verdict_);
}

void Pulse::send(const std::vector<int64_t>& values, int64_t rank) {
  std::vector<at::Tensor> tensors = {at::tensor(values, at::kLong)};
  backend_->send(tensors, static_cast<int>(rank), kTag)->wait(timing_.rank_0_is_gone);
}

std::vector<int64_t> Pulse::receive(int64_t count, int64_t rank, std::chrono::milliseconds patience) {
  std::vector<at::Tensor> tensors = {at::zeros({count}, at::kLong)};
  backend_->recv(tensors, static_cast<int>(rank), kTag)->wait(patience);
  const auto* values = tensors[0].const_data_ptr<int64_t>();
  return {values, values + count};
}

Pulse::Answer Pulse::ask_all(int64_t own_status) {
  const int64_t world_size = backend_->getSize();
  Answer answer{own_status == kFailed ? kRankFailed : kGoOn, 0};
  bool all_leave = own_status == kLeaving;
  for (int64_t rank = 1; rank < world_size; ++rank) {
    try {
      const int64_t status = receive(1, rank, timing_.rank_is_gone).front();
      all_leave = all_leave && status == kLeaving;
      if (status == kFailed && answer.event == kGoOn) answer = {kRankFailed, rank};
    } catch (const std::exception&) {
      // The first one: a wait that runs out closes the connections to the others as well.
      if (answer.event != kRankGone) answer = {kRankGone, rank};
    }
  }
  if (all_leave && answer.event == kGoOn) answer.event = kAllLeave;
  // For those whose connections are closed.
  if (answer.event == kRankGone || answer.event == kRankFailed) {
    try {
      store_->set(kLastWordsKey,
                  std::vector<uint8_t>{static_cast<uint8_t>(answer.event), static_cast<uint8_t>(answer.rank & 0xFF),
                                       static_cast<uint8_t>(answer.rank >> 8 & 0xFF),
                                       static_cast<uint8_t>(answer.rank >> 16 & 0xFF)});
    } catch (const std::exception&) {  // its keeper is gone as well
    }
  }
  for (int64_t rank = 1; rank < world_size; ++rank) {
    try {
      if (answer.event != kRankGone || rank != answer.rank) send({answer.event, answer.rank}, rank);
    } catch (const std::exception&) {  // the next round tells, where there is one
    }
  }
  return answer;
}

Pulse::Answer Pulse::ask_rank_0(int64_t own_status) {
  const auto start = Clock::now();
  try {
    send({own_status}, 0);
    const auto values = receive(2, 0, timing_.rank_0_is_gone);
    return {values[0], values[1]};
  } catch (const std::exception&) {
    // Where rank 0 is silent it may keep the store as well: asking it would be waiting again.
    return Clock::now() - start < timing_.rank_0_is_gone ? read_last_words() : Answer{kRankGone, 0};
  }
}

Pulse::Answer Pulse::read_last_words() {
  try {
    store_->wait({kLastWordsKey}, kLastWords);
    const auto bytes = store_->get(kLastWordsKey);
    if (bytes.size() == 4) return {bytes[0], bytes[1] | bytes[2] << 8 | bytes[3] << 16};
  } catch (const std::exception&) {  // none
  }
  return {kRankGone, 0};
}

void Pulse::end(Status status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  changed_.notify_all();
}

std::string Pulse::verdict(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return over_; });
  return verdict_;
}

void Pulse::leave() {
  end(kLeaving);
  thread_.join();
  if (!verdict_.empty()) throw Error(verdict_);
}

std::string Pulse::words(const Answer& answer) const {
  const std::string rank = "rank " + std::to_string(answer.rank) + " of " + std::to_string(backend_->getSize());
  return answer.event == kRankFailed
             ? rank + " ended with an error, so this process ends as well; put that right and go on with --resume"
             : rank +
                   " is gone (killed, hanging or cut off), so this process ends as well; go on from the last "
                   "checkpoint with --resume";
}

}  // namespace ktlm::train
