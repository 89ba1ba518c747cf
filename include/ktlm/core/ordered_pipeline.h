// Work spread over threads whose results come back in order: one thread produces, several transform, and the calling
// thread consumes each result in the order in which its input was produced. What the caller sees is therefore the same
// whatever the number of threads. At most a few inputs per worker are under way, so that memory stays constant.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ktlm {

template <class In, class Out>
class OrderedPipeline {
 public:
  using Transform = std::function<Out(In&&)>;

  explicit OrderedPipeline(size_t num_workers) : num_workers_(num_workers), max_under_way_(2 * num_workers + 2) {}

  /// Runs `produce` (which calls emit()) in a thread of its own, `transform` in the workers, `consume` here. An
  /// exception of any of them comes out of run() in its turn: behind the results of all earlier inputs.
  void run(const std::function<void()>& produce, const Transform& transform,
           const std::function<void(Out&&)>& consume) {
    Threads threads(*this);
    threads.start([&] { produce_all(produce); });
    for (size_t i = 0; i < num_workers_; ++i) threads.start([&] { work(transform); });
    Result result;
    while (take_next(result)) {
      if (result.failure) std::rethrow_exception(result.failure);
      consume(std::move(result.out));
      finish_one();
    }
    if (producer_failure_) std::rethrow_exception(producer_failure_);
  }

  /// For the producer: waits while too much is under way. Throws Cancelled where the work has failed elsewhere.
  void emit(In&& in) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancelled_ || num_emitted_ - num_consumed_ < max_under_way_; });
    if (cancelled_) throw Cancelled{};
    todo_.emplace_back(num_emitted_++, std::move(in));
    changed_.notify_all();
  }

  /// For a producer that waits for something else: throws Cancelled where the work has failed elsewhere.
  void check() {
    std::lock_guard lock(mutex_);
    if (cancelled_) throw Cancelled{};
  }

 private:
  struct Cancelled {};
  struct Result {
    Out out;
    std::exception_ptr failure;
  };

  // Joins on the way out; after a failure, cancels first.
  class Threads {
   public:
    explicit Threads(OrderedPipeline& pipeline) : pipeline_(pipeline) {}
    ~Threads() {
      pipeline_.cancel();
      for (std::thread& thread : threads_) thread.join();
    }
    Threads(const Threads&) = delete;
    Threads& operator=(const Threads&) = delete;
    template <class Work>
    void start(Work work) {
      threads_.emplace_back(std::move(work));
    }

   private:
    OrderedPipeline& pipeline_;
    std::vector<std::thread> threads_;
  };

  void produce_all(const std::function<void()>& produce) {
    std::exception_ptr failure;
    try {
      produce();
    } catch (const Cancelled&) {
    } catch (...) {
      failure = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    producer_failure_ = failure;
    producer_done_ = true;
    changed_.notify_all();
  }

  void work(const Transform& transform) {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return cancelled_ || producer_done_ || !todo_.empty(); });
      if (cancelled_ || todo_.empty()) return;
      auto [number, in] = std::move(todo_.front());
      todo_.pop_front();
      lock.unlock();
      Result result;
      try {
        result.out = transform(std::move(in));
      } catch (...) {
        result.failure = std::current_exception();
      }
      lock.lock();
      done_.emplace(number, std::move(result));
      changed_.notify_all();
    }
  }

  // False once everything that was emitted has been consumed.
  bool take_next(Result& result) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return (!done_.empty() && done_.begin()->first == num_consumed_) ||
             (producer_done_ && num_consumed_ == num_emitted_);
    });
    if (done_.empty()) return false;
    result = std::move(done_.begin()->second);
    done_.erase(done_.begin());
    return true;
  }

  void finish_one() {
    std::lock_guard lock(mutex_);
    ++num_consumed_;
    changed_.notify_all();
  }

  void cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

  size_t num_workers_;
  uint64_t max_under_way_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<uint64_t, In>> todo_;
  std::map<uint64_t, Result> done_;
  uint64_t num_emitted_ = 0, num_consumed_ = 0;
  bool producer_done_ = false, cancelled_ = false;
  std::exception_ptr producer_failure_;
};

}  // namespace ktlm
