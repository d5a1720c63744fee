// Several products of the same rows of x with weights of one format, in pieces that threads may share out.
#pragma once

#include <vector>

#include "common/scratch.h"
#include "linear/linear_kernels.h"

namespace kvist {

struct ProductOptions {
  bool batch_invariant = false;  // a row gets the same bits whatever the number of rows
  int activation_bits = 0;       // 8 or 16: round x to whole numbers; 0: as is best for their type
  bool operator==(const ProductOptions&) const = default;
};

class Products {
 public:
  // m rows of x, each of `type`.
  Products(std::vector<Weights> weights, ProductOptions options, Float type, int64_t m);

  // Where the results go: (M, N_i) of `type` for each of the weights.
  void write_to(std::vector<void*> out);

  // Row `row` of x, its K elements side by side. Rows may be set by different threads.
  void set_row(int64_t row, const void* x);

  // The columns of all outputs, numbered through; and how many of them are worth handing to a thread.
  int64_t columns() const { return columns_; }
  int64_t columns_per_piece() const;

  // Columns [begin, end) of that numbering, when all rows are set. Uses thread_scratch.
  void compute(int64_t begin, int64_t end) const;

  const Weights& weights(size_t i) const { return weights_[i]; }

 private:
  template <typename Body>
  void each_output(int64_t begin, int64_t end, const Body& body) const;
  void mend(const Weights& w, float* y, int64_t row, int64_t begin, int64_t end) const;
  void many_rows(const Weights& w, float* y, int64_t begin, int64_t end, float* tile) const;
  int64_t groups() const { return weights_[0].group ? weights_[0].k / weights_[0].group : 0; }
  int64_t place(char* memory);
  Fixed fixed_row(int64_t row) const;

  const LinearKernels& kernels_;
  std::vector<Weights> weights_;
  Float type_;
  int64_t m_, k_padded_, columns_;
  bool one_row_;    // no tile of W made explicit, which pays from two rows on
  int fixed_bits_;  // of activations: 0 for float32
  std::vector<void*> out_;
  std::vector<float*> y_;  // the same, in float32
  Recycled memory_;  // of all that follows, and of the results in float32 where they have another type
  float *x_, *sums_, *steps_, *own_;
  char* values_;
};

}  // namespace kvist
