// Threads that walk through one program together, for many short steps that follow each other: handing each step to
// a pool by itself would take longer than the step.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace kvist {

class Together {
 public:
  // Runs program(walker) on every thread that is free, and returns when all its steps are done. The program must take
  // the same steps on each thread, and write what others see within steps only.
  class Walker;
  static void run(int64_t steps, const std::function<void(Walker&)>& program);

 private:
  // Each on a cache line of its own: one is written by all threads, the other is what they wait for.
  struct Step {
    alignas(64) std::atomic<int64_t> next{0};
    alignas(64) std::atomic<int64_t> done{0};
  };

  explicit Together(int64_t steps) : steps_(new Step[steps]), count_(steps) {}

  std::unique_ptr<Step[]> steps_;
  int64_t count_;
};

class Together::Walker {
 public:
  // One step: piece(i) for i in [0, pieces), shared out among the threads that are here. Afterwards all are done, and
  // what they wrote is seen. A thread that comes late finds nothing left of the steps that it missed: nobody waits
  // for a thread, only for pieces.
  template <typename Piece>
  void each(int64_t pieces, const Piece& piece) {
    Step& step = team_.steps_[at_++];
    for (int64_t i; (i = step.next.fetch_add(1, std::memory_order_relaxed)) < pieces;) {
      piece(i);
      if (step.done.fetch_add(1, std::memory_order_acq_rel) + 1 == pieces) step.done.notify_all();
    }
    wait(step.done, pieces);
  }

 private:
  friend class Together;
  explicit Walker(Together& team) : team_(team) {}
  static void wait(std::atomic<int64_t>& done, int64_t pieces);

  Together& team_;
  int64_t at_ = 0;
};

}  // namespace kvist
