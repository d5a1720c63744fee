#include "common/parallel.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "common/runs.h"
#include "common/spin.h"

namespace kvist {
namespace {

// Workers take pieces of the current job from a counter, so an uneven machine (a busy core) does not hold the others
// up: whoever has given a job waits for its pieces, never for a thread that found nothing left of it.
class Pool {
 public:
  explicit Pool(int threads) : process_(getpid()) {
    for (int i = 1; i < threads; ++i) std::thread([this] { work(); }).detach();
  }

  // Whether piece(i) has been called for all i in [0, pieces). Not while another job runs: a second caller, or a piece
  // itself, is better off doing its own work.
  bool run(int64_t pieces, const std::function<void(int64_t)>& piece) {
    std::unique_lock<std::mutex> one_job(job_mutex_, std::try_to_lock);
    if (!one_job.owns_lock() || process_ != getpid()) return false;  // threads do not survive fork()
    piece_ = &piece, pieces_ = pieces;
    done_.store(0);
    left_.store((job_of(left_.load()) + 1) << kCountBits | uint64_t(pieces));
    if (asleep_.load() > 0) {
      { std::lock_guard<std::mutex> lock(mutex_); }  // whoever has decided to sleep does so by now
      wake_.notify_all();
    }
    take_pieces();
    const auto done = [&] { return done_.load() == pieces; };
    if (!spin_until(done)) {
      std::unique_lock<std::mutex> lock(mutex_);
      caller_asleep_.store(true);
      finished_.wait(lock, done);
      caller_asleep_.store(false);
    }
    return true;
  }

 private:
  static constexpr int kCountBits = 32;
  static uint64_t job_of(uint64_t left) { return left >> kCountBits; }
  static int64_t count_of(uint64_t left) { return int64_t(left & ((uint64_t(1) << kCountBits) - 1)); }

  // A piece is taken by counting down together with the number of the job, so a thread that looks at a job that is
  // over takes nothing of the next one by mistake. Until the piece is done, the job and what it points at stay.
  void take_pieces() {
    uint64_t left = left_.load();
    while (count_of(left) > 0) {
      if (!left_.compare_exchange_weak(left, left - 1)) continue;
      const int64_t pieces = pieces_;
      (*piece_)(pieces - count_of(left));
      if (done_.fetch_add(1) + 1 == pieces && caller_asleep_.load()) {
        { std::lock_guard<std::mutex> lock(mutex_); }
        finished_.notify_one();
      }
      left = left_.load();
    }
  }

  void work() {
    const auto ready = [this] { return count_of(left_.load()) > 0; };
    for (;;) {
      if (!spin_until(ready)) {
        std::unique_lock<std::mutex> lock(mutex_);
        asleep_.fetch_add(1);
        wake_.wait(lock, ready);
        asleep_.fetch_sub(1);
      }
      take_pieces();
    }
  }

  std::mutex job_mutex_, mutex_;
  std::condition_variable wake_, finished_;
  const std::function<void(int64_t)>* piece_ = nullptr;  // of the job, as pieces_: written before left_, read behind it
  int64_t pieces_ = 0;
  // Each on a cache line of its own: one is what threads wait for, the other is written with each piece.
  alignas(64) std::atomic<uint64_t> left_{0};  // number of the job, and pieces that nobody has taken
  alignas(64) std::atomic<int64_t> done_{0};
  alignas(64) std::atomic<int> asleep_{0};
  std::atomic<bool> caller_asleep_{false};
  pid_t process_;
};

Pool& pool() {
  // Never destroyed: the workers are detached and may outlive every static destructor.
  static Pool* const instance = new Pool(num_threads());
  return *instance;
}

}  // namespace

int num_threads() {
  static const int count = [] {
    const char* wanted = std::getenv("KVIST_THREADS");
    const int threads = wanted ? std::atoi(wanted) : int(std::thread::hardware_concurrency());
    return std::clamp(threads, 1, 256);
  }();
  return count;
}

void parallel_rows(int64_t rows, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  const int64_t threads = num_threads(), runs = std::min(threads, kMostRuns);
  const int64_t pieces = std::min<int64_t>(rows / std::max<int64_t>(grain, 1), 8 * threads);
  if (pieces < 2 || threads == 1) return body(0, rows);
  Run taken[kMostRuns];
  const auto piece = [&](int64_t i) { body(rows * i / pieces, rows * (i + 1) / pieces); };
  const auto own = [&](int64_t thread) { take_runs(taken, runs, thread % runs, pieces, piece); };
  if (!pool().run(threads, own)) body(0, rows);
}

void each_thread(const std::function<void()>& body) {
  if (num_threads() == 1 || !pool().run(num_threads(), [&](int64_t) { body(); })) body();
}

}  // namespace kvist
