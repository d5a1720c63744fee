// An array of four axes whose rows, along the last one, are contiguous: as it is, or as a copy.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "mlx/array.h"

namespace kvist {

struct Strided {
  const char* data;
  int64_t shape[4], stride[4], size;
  std::shared_ptr<char[]> copy;  // shared, because a task must be copyable

  explicit Strided(const mlx::core::array& array) : data(array.data<char>()), size(int64_t(array.itemsize())) {
    for (int axis = 0; axis < 4; ++axis) shape[axis] = array.shape(axis), stride[axis] = array.strides(axis);
  }

  // The first element, and the strides of the first three axes. Call it when the data is there.
  const void* rows(int64_t (&outer)[3]) {
    if (stride[3] != 1 && shape[3] > 1) pack();
    for (int axis = 0; axis < 3; ++axis) outer[axis] = stride[axis];
    return data;
  }

 private:
  void pack() {
    copy.reset(new char[shape[0] * shape[1] * shape[2] * shape[3] * size]);
    char* next = copy.get();
    for (int64_t i = 0; i < shape[0]; ++i) {
      for (int64_t j = 0; j < shape[1]; ++j) {
        for (int64_t k = 0; k < shape[2]; ++k) {
          const char* row = data + (i * stride[0] + j * stride[1] + k * stride[2]) * size;
          for (int64_t l = 0; l < shape[3]; ++l, next += size) std::memcpy(next, row + l * stride[3] * size, size);
        }
      }
    }
    data = copy.get();
    stride[3] = 1, stride[2] = shape[3], stride[1] = shape[2] * stride[2], stride[0] = shape[1] * stride[1];
  }
};

}  // namespace kvist
