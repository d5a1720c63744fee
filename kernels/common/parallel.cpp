#include "common/parallel.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "common/spin.h"

namespace kvist {
namespace {

// Workers wait between jobs and take pieces of the current job by a shared counter, so an uneven machine
// (a busy core) does not hold the others up.
class Pool {
 public:
  explicit Pool(int threads) : process_(getpid()) {
    for (int i = 1; i < threads; ++i) std::thread([this] { work(); }).detach();
  }

  bool usable() const { return process_ == getpid(); }  // threads do not survive fork()

  void run(int64_t pieces, const std::function<void(int64_t)>& piece) {
    std::lock_guard<std::mutex> one_job(job_mutex_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      piece_ = &piece;
      pieces_ = pieces;
      next_.store(0);
      ++generation_;
    }
    wake_.notify_all();
    take_pieces();
    spin_until([this] { return active_.load() == 0; });
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return active_ == 0; });
    piece_ = nullptr;
  }

 private:
  void take_pieces() {
    for (int64_t i; (i = next_.fetch_add(1)) < pieces_;) (*piece_)(i);
  }

  void work() {
    uint64_t seen = 0;
    for (;;) {
      spin_until([&] { return generation_.load() != seen; });
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (piece_ == nullptr) continue;  // woke after the job was over
      ++active_;
      lock.unlock();
      take_pieces();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex job_mutex_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t)>* piece_ = nullptr;
  int64_t pieces_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<uint64_t> generation_{0};  // written under mutex_, as active_
  std::atomic<int> active_{0};
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
  const int64_t pieces = std::min<int64_t>(rows / std::max<int64_t>(grain, 1), 4 * num_threads());
  if (pieces < 2 || num_threads() == 1 || !pool().usable()) {
    body(0, rows);
    return;
  }
  pool().run(pieces, [&](int64_t i) { body(rows * i / pieces, rows * (i + 1) / pieces); });
}

void each_thread(const std::function<void()>& body) {
  if (num_threads() == 1 || !pool().usable()) return body();
  pool().run(num_threads(), [&](int64_t) { body(); });
}

}  // namespace kvist
