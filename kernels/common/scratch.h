// Memory for intermediate results, aligned to cache lines: a vector load across two of them costs two.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

namespace kvist {

constexpr std::align_val_t kLine{64};

struct AlignedDelete {
  void operator()(void* p) const { ::operator delete(p, kLine); }
};

template <typename T>
using Aligned = std::unique_ptr<T[], AlignedDelete>;

// Not initialised.
template <typename T>
Aligned<T> aligned(int64_t count) {
  return Aligned<T>(static_cast<T*>(::operator new(size_t(std::max<int64_t>(count, 1)) * sizeof(T), kLine)));
}

// `count` floats that belong to this thread until its next call.
inline float* thread_scratch(int64_t count) {
  static thread_local Aligned<float> buffer;
  static thread_local int64_t size = 0;
  if (size < count) buffer = aligned<float>(count), size = count;
  return buffer.get();
}

}  // namespace kvist
