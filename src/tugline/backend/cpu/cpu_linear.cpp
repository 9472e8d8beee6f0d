#include "tugline/backend/cpu/cpu_linear.h"

#include <algorithm>
#include <cassert>

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/row.h"
#include "tugline/core/parallel_for.h"

namespace tugline::cpu {

ConstMatrix DifferenceOperands::of(const ConstMatrix& dx) {
  if (products_ == DifferenceProducts::kF32 && dx.is_dense()) return dx;
  const bool packed = products_ == DifferenceProducts::kBf16;
  Matrix operand = room_.matrix(dx.rows, dx.columns);
  if (packed) operand.element = Element::kBf16;
  parallel_for(dx.rows, [&](int64_t r) {
    const float* from = row(dx, r);
    std::byte* to = operand.row_range(r, 1).data;
    if (packed)
      pack_bf16_row(from, dx.columns, reinterpret_cast<uint16_t*>(to));
    else if (products_ == DifferenceProducts::kEmulatedBf16)
      round_to_bf16_row(from, dx.columns, reinterpret_cast<float*>(to));
    else
      std::copy_n(from, dx.columns, reinterpret_cast<float*>(to));
  });
  return operand;
}

OneDnnLinear pack_for_differences(OneDnn& onednn, const LinearSource& source, DifferenceProducts products) {
  switch (products) {
    case DifferenceProducts::kBf16:
      return {onednn, source, Element::kBf16};
    case DifferenceProducts::kEmulatedBf16:
      return {onednn, rounded_to_bf16(source)};
    case DifferenceProducts::kF32:
      break;
  }
  return {onednn, source};
}

CpuLinear::CpuLinear(OneDnn& onednn, const LinearSource& source, DifferenceProducts products,
                     Operands operands)
    : onednn_(onednn), products_(products), out_(source.out) {
  const bool rounds = products != DifferenceProducts::kF32;
  if (!rounds || operands == Operands::kValuesAndDifferences)
    values_ = std::make_unique<OneDnnLinear>(onednn, source);
  if (rounds) source_ = {.out = source.out, .in = source.in, .fill_rows = source.fill_rows, .bias = {}};
  if (operands == Operands::kDifferences) prepare_difference();
}

void CpuLinear::run(const ConstMatrix& x, const Matrix& out, Accumulate accumulate) const {
  assert(values_);
  values_->run(x, out, accumulate);
}

void CpuLinear::run_difference(const ConstMatrix& dx, const Matrix& out, Accumulate accumulate) const {
  for_differences().run(dx, out, accumulate, Bias::kLeaveOut);
}

const OneDnnLinear& CpuLinear::for_differences() const {
  if (products_ == DifferenceProducts::kF32) return *values_;
  if (!rounded_) {
    rounded_ = std::make_unique<OneDnnLinear>(pack_for_differences(onednn_, source_, products_));
    source_ = {};
  }
  return *rounded_;
}

}  // namespace tugline::cpu
