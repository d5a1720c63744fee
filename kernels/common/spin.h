// Waiting for something that is microseconds away.
#pragma once

#include <chrono>

namespace kvist {

// A thread that waits looks again and again for this long before it sleeps: the jobs of one layer follow each other
// within microseconds, and waking a thread costs as much as a small job.
constexpr auto kPatience = std::chrono::microseconds(50);

// Whether ready() came true in that time.
template <typename Ready>
bool spin_until(const Ready& ready) {
  if (ready()) return true;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

}  // namespace kvist
