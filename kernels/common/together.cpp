#include "common/together.h"

#include <thread>

#include "common/parallel.h"
#include "common/spin.h"

namespace kvist {

void Together::run(int64_t steps, const std::function<void(Walker&)>& program) {
  Together team(steps);
  each_thread([&] {
    Walker walker(team);
    program(walker);
  });
}

void Together::Walker::wait(std::atomic<int64_t>& done, int64_t pieces) {
  const auto all = [&] { return done.load(std::memory_order_acquire) >= pieces; };
  if (spin_until(all)) return;
  for (int64_t seen; (seen = done.load(std::memory_order_acquire)) < pieces;) done.wait(seen);
}

}  // namespace kvist
