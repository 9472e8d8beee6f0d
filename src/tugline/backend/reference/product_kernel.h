// The loops of the reference backend that are optimised, because audits take time: a tile of a matrix product
// in f64, and the two halves of attention. A tile's sums run over `in` in order, as in a plain loop. Vector
// width, threads and batch do not change a bit of them, except on processors without fused multiply-add. The
// sums of attention depend on the vector width.
#pragma once

#include <cstdint>

namespace tugline::reference {

// The number of rows of x side by side in a panel. It depends only on the processor.
[[nodiscard]] int64_t panel_rows();

// The number of outputs of one call.
inline constexpr int64_t kPanelOutputs = 4;

// sums[o][r] += sum_i w[o][i] x[i][r].  x [count, panel_rows()]; w kPanelOutputs rows of `count`, `w_stride`
// apart; sums kPanelOutputs rows of panel_rows(), `sums_stride` apart.
struct PanelProduct {
  const double* x;
  const double* w;
  int64_t w_stride;
  int64_t count;
  double* sums;
  int64_t sums_stride;
};
void multiply_panel(const PanelProduct& product);

// Rows [count, columns] of f64, `stride` apart.
struct RowBlock {
  const double* rows;
  int64_t stride;
  int64_t count;
  int64_t columns;
};
// out[j] = sum_c x[c] rows[j][c]
void row_dots(const double* x, const RowBlock& block, double* out);
// out[c] += sum_j weights[j] rows[j][c]
void add_weighted_rows(const double* weights, const RowBlock& block, double* out);

}  // namespace tugline::reference
