// Split rows among threads.
#pragma once

#include <cstdint>
#include <functional>

namespace kvist {

// Calls body(begin, end) on disjoint ranges that cover [0, rows), on several threads when there are at least
// two pieces of `grain` rows. Which thread takes which rows never changes a result: rows are independent.
void parallel_rows(int64_t rows, int64_t grain, const std::function<void(int64_t, int64_t)>& body);

// Calls body() on every thread, as many times as there are threads: a thread may have several turns, or none, the
// calling one too.
void each_thread(const std::function<void()>& body);

// Threads in use: KVIST_THREADS, else the cores this process may run on.
int num_threads();

}  // namespace kvist
