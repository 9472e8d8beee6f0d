#include "tugline/backend/cpu/cpu_linear.h"

#include "tugline/backend/cpu/bf16.h"
#include "tugline/backend/cpu/row.h"

namespace tugline::cpu {

Matrix DifferenceOperands::of(const Matrix& dx) {
  if (products_ == DifferenceProducts::kF32) return dx;
  const bool packed = products_ == DifferenceProducts::kBf16;
  const Matrix rounded{reinterpret_cast<std::byte*>(room_.at_least(dx.rows * dx.columns)), dx.rows,
                       dx.columns, dx.columns, packed ? int64_t{sizeof(uint16_t)} : int64_t{sizeof(float)}};
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < dx.rows; ++r) {
    const float* from = row(dx, r);
    std::byte* to = rounded.row_range(r, 1).data;
    if (packed)
      pack_bf16_row(from, dx.columns, reinterpret_cast<uint16_t*>(to));
    else
      round_to_bf16_row(from, dx.columns, reinterpret_cast<float*>(to));
  }
  return rounded;
}

CpuLinear::CpuLinear(OneDnn& onednn, const LinearSource& source, DifferenceProducts products)
    : onednn_(onednn), products_(products), values_(onednn, source) {
  if (products == DifferenceProducts::kF32) return;
  source_ = {.out = source.out, .in = source.in, .fill_rows = source.fill_rows, .bias = {}};
}

void CpuLinear::run(const Matrix& x, const Matrix& out, Accumulate accumulate) const {
  values_.run(x, out, accumulate);
}

void CpuLinear::run_difference(const Matrix& dx, const Matrix& out, Accumulate accumulate) const {
  for_differences().run(dx, out, accumulate, Bias::kLeaveOut);
}

const OneDnnLinear& CpuLinear::for_differences() const {
  if (products_ == DifferenceProducts::kF32) return values_;
  if (!rounded_) {
    rounded_ = products_ == DifferenceProducts::kBf16
                   ? std::make_unique<OneDnnLinear>(onednn_, source_, Element::kBf16)
                   : std::make_unique<OneDnnLinear>(onednn_, rounded_to_bf16(source_));
    source_ = {};
  }
  return *rounded_;
}

}  // namespace tugline::cpu
