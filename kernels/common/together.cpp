#include "common/together.h"

#include <thread>

#include "common/parallel.h"
#include "common/spin.h"

namespace kvist {

void Together::run(int64_t steps, const std::function<void(Walker&)>& program) {
  Together team(steps);
  const auto caller = std::this_thread::get_id();
  each_thread([&] {
    Walker walker(team, std::this_thread::get_id() == caller);
    program(walker);
  });
}

void Together::Walker::wait(std::atomic<int64_t>& done, int64_t pieces, Clock::time_point started) {
  const auto all = [&] { return done.load(std::memory_order_acquire) >= pieces; };
  if (all()) return;
  const auto before = Clock::now();
  if (spin_until(all)) return;
  for (int64_t seen; (seen = done.load(std::memory_order_acquire)) < pieces;) done.wait(seen);
  const auto own = before - started, waited = Clock::now() - before;
  if (waited > kTooLong && waited > 4 * own) team_.scattered_.store(true, std::memory_order_relaxed);
}

}  // namespace kvist
