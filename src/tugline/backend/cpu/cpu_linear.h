// A linear map of the CPU backend: on values in f32, on differences in f32 or in bf16 (docs/method.md, "Precision").
#pragma once

#include <memory>

#include "tugline/backend/cpu/aligned_floats.h"
#include "tugline/backend/cpu/onednn_linear.h"

namespace tugline::cpu {

// The arithmetic of matrix products on differences; sums and results are f32 in all of them. kEmulatedBf16 rounds the operands as
// kBf16 does and multiplies them in f32, where products of two bf16 are exact: the same numbers but for the order of sums.
enum class DifferenceProducts { kF32, kBf16, kEmulatedBf16 };

// Makes differences what the products take, in memory that it keeps from call to call.
class DifferenceOperands {
 public:
  explicit DifferenceOperands(DifferenceProducts products) : products_(products) {}
  [[nodiscard]] DifferenceProducts products() const { return products_; }
  // dx itself in f32; else its rows rounded, until the next call.
  [[nodiscard]] Matrix of(const Matrix& dx);

 private:
  DifferenceProducts products_;
  FloatRoom room_;
};

class CpuLinear final : public Linear {
 public:
  // What `source` reads from must outlive the map unless `products` is kF32.
  CpuLinear(OneDnn& onednn, const LinearSource& source, DifferenceProducts products);
  // out (+)= W x + b
  void run(const Matrix& x, const Matrix& out, Accumulate accumulate) const;
  // out (+)= W dx, with dx as DifferenceOperands made it. A rounded weight is packed the first time: layers below every push never
  // pay for one.
  void run_difference(const Matrix& dx, const Matrix& out, Accumulate accumulate) const;
  [[nodiscard]] int64_t out_size() const { return values_.out_size(); }

 private:
  [[nodiscard]] const OneDnnLinear& for_differences() const;

  OneDnn& onednn_;
  DifferenceProducts products_;
  OneDnnLinear values_;
  mutable LinearSource source_;  // of the rounded weight, until it is packed
  mutable std::unique_ptr<OneDnnLinear> rounded_;
};

}  // namespace tugline::cpu
