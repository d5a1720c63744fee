// Memory for intermediate results, aligned to cache lines: a vector load across two of them costs two.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

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

// Memory that is needed again and again, by one owner at a time: the last buffer of a thread is kept for its next one,
// unless it is large. Not initialised.
class Recycled {
 public:
  explicit Recycled(int64_t bytes) : size_(bytes) {
    if (kept().size >= bytes) buffer_ = std::move(kept().buffer), size_ = std::exchange(kept().size, 0);
    else buffer_ = aligned<char>(bytes);
  }
  Recycled(Recycled&&) = default;
  ~Recycled() {
    if (buffer_ && size_ > kept().size && size_ <= kMost) kept() = {std::move(buffer_), size_};
  }

  char* get() const { return buffer_.get(); }

 private:
  static constexpr int64_t kMost = 1 << 18;
  struct Kept {
    Aligned<char> buffer;
    int64_t size = 0;
  };
  static Kept& kept() {
    static thread_local Kept kept;
    return kept;
  }

  Aligned<char> buffer_;
  int64_t size_;
};

// `count` floats that belong to this thread until its next call.
inline float* thread_scratch(int64_t count) {
  static thread_local Aligned<float> buffer;
  static thread_local int64_t size = 0;
  if (size < count) buffer = aligned<float>(count), size = count;
  return buffer.get();
}

}  // namespace kvist
