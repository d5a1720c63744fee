// Threads that walk through one program together, for many short steps that follow each other: handing each step to
// a pool by itself would take longer than the step.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "common/runs.h"

namespace kvist {

class Together {
 public:
  // Runs program(walker) on every thread that is free, and returns when all its steps are done. The program must take
  // the same steps on each thread, and write what others see within steps only.
  class Walker;
  static void run(int64_t steps, const std::function<void(Walker&)>& program);

 private:
  static constexpr int64_t kRuns = 2;  // a step has few pieces

  struct Step {
    Run runs[kRuns];
    alignas(64) std::atomic<int64_t> done{0};  // pieces, which threads wait for
  };

  explicit Together(int64_t steps) : steps_(new Step[steps]) {}

  std::unique_ptr<Step[]> steps_;
  std::atomic<int64_t> walkers_{0};
  std::atomic<bool> caller_walks_{false};  // on its way through the program, which it will not leave
  std::atomic<bool> scattered_{false};     // the machine has taken a thread away in the middle of a piece
};

class Together::Walker {
 public:
  // One step: piece(i) for i in [0, pieces), at least one, shared out among the threads that are here. Afterwards all
  // are done, and what they wrote is seen. A thread that comes late finds nothing left of the steps that it missed:
  // nobody waits for a thread, only for pieces. Without any, nobody would end the step.
  template <typename Piece>
  void each(int64_t pieces, const Piece& piece) {
    each(pieces, piece, [] {});
  }

  // The same, and then, within the step, last(): by the thread that did the last piece, which needs to wait for nobody.
  template <typename Piece, typename Last>
  void each(int64_t pieces, const Piece& piece, const Last& last) {
    if (gone_ || (gone_ = may_leave())) return;
    const auto started = Clock::now();
    Step& step = team_.steps_[at_++];
    take_runs(step.runs, kRuns, mine_, pieces, [&](int64_t i) {
      piece(i);
      if (step.done.fetch_add(1, std::memory_order_acq_rel) + 1 < pieces) return;
      last();
      step.done.fetch_add(1, std::memory_order_release);
      step.done.notify_all();
    });
    wait(step.done, pieces + 1, started);
  }

 private:
  friend class Together;
  using Clock = std::chrono::steady_clock;

  // A piece takes microseconds. Who waited this long, and four times as long as its own pieces took, waited for a thread
  // that did not run. When others want the cores, that goes on: all pieces in one thread are over sooner than pieces
  // in two of which one is always away. So the others leave, and the caller walks the rest of this program alone: once
  // it walks. Threads that leave are free for another turn, and may have had all of them before the caller has any; if
  // they left those as well, the steps that nobody has taken would never be done.
  static constexpr auto kTooLong = std::chrono::microseconds(500);

  Walker(Together& team, bool caller) : team_(team), caller_(caller), mine_(team.walkers_.fetch_add(1) % kRuns) {
    if (caller) team.caller_walks_.store(true, std::memory_order_relaxed);
  }
  bool may_leave() const {
    return !caller_ && team_.caller_walks_.load(std::memory_order_relaxed) &&
           team_.scattered_.load(std::memory_order_relaxed);
  }
  void wait(std::atomic<int64_t>& done, int64_t pieces, Clock::time_point started);

  Together& team_;
  int64_t at_ = 0;
  bool caller_, gone_ = false;
  int64_t mine_;  // run of pieces to begin with
};

}  // namespace kvist
