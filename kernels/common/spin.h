// Waiting for something that is microseconds away.
#pragma once

#include <chrono>
#include <thread>

namespace kvist {

// A thread that waits looks again and again for this long before it sleeps: the jobs of one layer follow each other
// within microseconds, and waking a thread costs more than a small job. At first it does nothing else; later it lets
// others have its core in between, among them the thread that it waits for.
constexpr auto kEager = std::chrono::microseconds(20);
constexpr auto kPatience = std::chrono::microseconds(200);

// Whether ready() came true in that time.
template <typename Ready>
bool spin_until(const Ready& ready) {
  if (ready()) return true;
  const auto started = std::chrono::steady_clock::now();
  for (std::chrono::steady_clock::duration waited{}; waited < kPatience;) {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
    waited = std::chrono::steady_clock::now() - started;
    if (waited > kEager) std::this_thread::yield();
  }
  return false;
}

}  // namespace kvist
