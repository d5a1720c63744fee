// Pieces of work shared out among threads in runs: memory that one thread reads in one go comes faster than pieces of it
// that alternate between threads, because whatever fetches ahead has to start anew with each.
#pragma once

#include <atomic>
#include <cstdint>

namespace kvist {

// How many pieces of one run are taken. On a cache line of its own: others are written by other threads.
struct alignas(64) Run {
  std::atomic<int64_t> taken{0};
};

// Calls piece(i) for those i in [0, pieces) that no other thread takes: first those of run `mine`, one behind the other,
// then what is left of the others. The threads share `runs`, which start at 0.
template <typename Piece>
void take_runs(Run* runs, int64_t count, int64_t mine, int64_t pieces, const Piece& piece) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t run = (mine + i) % count, first = pieces * run / count, size = pieces * (run + 1) / count - first;
    for (int64_t at; (at = runs[run].taken.fetch_add(1, std::memory_order_relaxed)) < size;) piece(first + at);
  }
}

constexpr int64_t kMostRuns = 8;

}  // namespace kvist
