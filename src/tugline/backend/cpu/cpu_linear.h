// A linear map of the CPU backend: on values in f32, on differences in f32 or in bf16 (docs/method.md,
// "Precision").
#pragma once

#include <memory>

#include "tugline/backend/cpu/aligned_floats.h"
#include "tugline/backend/cpu/onednn_linear.h"

namespace tugline::cpu {

// The arithmetic of matrix products of differences. Sums and results are always f32. kEmulatedBf16 rounds the
// operands as kBf16 does and multiplies them in f32, where a product of two bf16 is exact, so only the order
// of sums differs.
enum class DifferenceProducts { kF32, kBf16, kEmulatedBf16 };

// Converts differences to operands of the products, in memory that it keeps between calls.
class DifferenceOperands {
 public:
  explicit DifferenceOperands(DifferenceProducts products) : products_(products) {}
  [[nodiscard]] DifferenceProducts products() const { return products_; }
  // Returns dx itself if it is dense and the products are f32; else a dense copy, rounded if they are bf16,
  // valid until the next call.
  [[nodiscard]] ConstMatrix of(const ConstMatrix& dx);

 private:
  DifferenceProducts products_;
  FloatRoom room_;
};

// Packs a weight for products of differences, rounded if `products` is bf16.
[[nodiscard]] OneDnnLinear pack_for_differences(OneDnn& onednn, const LinearSource& source,
                                                DifferenceProducts products);

// What a map multiplies.
enum class Operands { kValuesAndDifferences, kDifferences };

class CpuLinear final : public Linear {
 public:
  // The data that `source` reads must outlive the map, unless `products` is kF32 or only differences are
  // multiplied.
  CpuLinear(OneDnn& onednn, const LinearSource& source, DifferenceProducts products,
            Operands operands = Operands::kValuesAndDifferences);
  // out (+)= W x + b
  void run(const ConstMatrix& x, const Matrix& out, Accumulate accumulate) const;
  // out (+)= W dx, with dx as DifferenceOperands made it.
  void run_difference(const ConstMatrix& dx, const Matrix& out, Accumulate accumulate) const;
  // A rounded weight is packed when it is first needed, by one of these two, so layers below every push have
  // none.
  void prepare_difference() const { (void)for_differences(); }
  [[nodiscard]] int64_t out_size() const { return out_; }

 private:
  [[nodiscard]] const OneDnnLinear& for_differences() const;

  OneDnn& onednn_;
  DifferenceProducts products_;
  int64_t out_;
  std::unique_ptr<OneDnnLinear> values_;  // f32; null if only rounded differences are multiplied
  mutable LinearSource source_;           // of the rounded weight, until it is packed
  mutable std::unique_ptr<OneDnnLinear> rounded_;
};

}  // namespace tugline::cpu
