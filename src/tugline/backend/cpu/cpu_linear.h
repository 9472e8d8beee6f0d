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
  // dx itself where it is dense and f32 is wanted; else a dense copy, rounded in bf16, until the next call.
  [[nodiscard]] Matrix of(const Matrix& dx);

 private:
  DifferenceProducts products_;
  FloatRoom room_;
};

// The map as it multiplies differences.
[[nodiscard]] OneDnnLinear pack_for_differences(OneDnn& onednn, const LinearSource& source,
                                                DifferenceProducts products);

// What a map multiplies.
enum class Operands { kValuesAndDifferences, kDifferences };

class CpuLinear final : public Linear {
 public:
  // What `source` reads from must outlive the map unless `products` is kF32 or only differences are multiplied.
  CpuLinear(OneDnn& onednn, const LinearSource& source, DifferenceProducts products,
            Operands operands = Operands::kValuesAndDifferences);
  // out (+)= W x + b
  void run(const Matrix& x, const Matrix& out, Accumulate accumulate) const;
  // out (+)= W dx, with dx as DifferenceOperands made it.
  void run_difference(const Matrix& dx, const Matrix& out, Accumulate accumulate) const;
  // A rounded weight is packed the first time that it is needed, here or there: layers below every push never pay for one.
  void prepare_difference() const { (void)for_differences(); }
  [[nodiscard]] int64_t out_size() const { return out_; }

 private:
  [[nodiscard]] const OneDnnLinear& for_differences() const;

  OneDnn& onednn_;
  DifferenceProducts products_;
  int64_t out_;
  std::unique_ptr<OneDnnLinear> values_;  // f32; none where only rounded differences are multiplied
  mutable LinearSource source_;           // of the rounded weight, until it is packed
  mutable std::unique_ptr<OneDnnLinear> rounded_;
};

}  // namespace tugline::cpu
