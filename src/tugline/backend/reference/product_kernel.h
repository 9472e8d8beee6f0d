// The one loop of the reference backend that is not plain: a tile of a matrix product in f64, with vectors over rows of x. Each sum runs over
// `in` in order, one product after the other, as the plain loop would: vector width, threads and batch do not change a bit of it but
// for processors without fused multiply-add.
#pragma once

#include <cstdint>

namespace tugline::reference {

// Rows of x that lie side by side in a panel; depends on the processor only.
[[nodiscard]] int64_t panel_rows();

// Outputs that one call makes.
inline constexpr int64_t kPanelOutputs = 4;

// sums[o][r] += sum_i w[o][i] x[i][r].  x [count, panel_rows()]; w kPanelOutputs rows of `count`, `w_stride` apart;
// sums kPanelOutputs rows of panel_rows(), `sums_stride` apart.
struct PanelProduct {
  const double* x;
  const double* w;
  int64_t w_stride;
  int64_t count;
  double* sums;
  int64_t sums_stride;
};
void multiply_panel(const PanelProduct& product);

}  // namespace tugline::reference
