#include "tugline/backend/reference/product_kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tugline/backend/reference/product_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tugline::reference::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

int64_t PanelRows() { return 2 * static_cast<int64_t>(hn::Lanes(D())); }

// Eight sums in registers keep two multiply-adds per cycle busy, whose latency is four cycles.
void MultiplyPanel(const PanelProduct& p) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const double* w0 = p.w;
  const double* w1 = w0 + p.w_stride;
  const double* w2 = w1 + p.w_stride;
  const double* w3 = w2 + p.w_stride;
  double* s0 = p.sums;
  double* s1 = s0 + p.sums_stride;
  double* s2 = s1 + p.sums_stride;
  double* s3 = s2 + p.sums_stride;
  V a0 = hn::LoadU(d, s0);
  V a1 = hn::LoadU(d, s1);
  V a2 = hn::LoadU(d, s2);
  V a3 = hn::LoadU(d, s3);
  V b0 = hn::LoadU(d, s0 + lanes);
  V b1 = hn::LoadU(d, s1 + lanes);
  V b2 = hn::LoadU(d, s2 + lanes);
  V b3 = hn::LoadU(d, s3 + lanes);
  const double* x = p.x;
  for (int64_t i = 0; i < p.count; ++i, x += 2 * lanes) {
    const V a = hn::LoadU(d, x);
    const V b = hn::LoadU(d, x + lanes);
    const V w0i = hn::Set(d, w0[i]);
    const V w1i = hn::Set(d, w1[i]);
    const V w2i = hn::Set(d, w2[i]);
    const V w3i = hn::Set(d, w3[i]);
    a0 = hn::MulAdd(w0i, a, a0);
    b0 = hn::MulAdd(w0i, b, b0);
    a1 = hn::MulAdd(w1i, a, a1);
    b1 = hn::MulAdd(w1i, b, b1);
    a2 = hn::MulAdd(w2i, a, a2);
    b2 = hn::MulAdd(w2i, b, b2);
    a3 = hn::MulAdd(w3i, a, a3);
    b3 = hn::MulAdd(w3i, b, b3);
  }
  hn::StoreU(a0, d, s0);
  hn::StoreU(a1, d, s1);
  hn::StoreU(a2, d, s2);
  hn::StoreU(a3, d, s3);
  hn::StoreU(b0, d, s0 + lanes);
  hn::StoreU(b1, d, s1 + lanes);
  hn::StoreU(b2, d, s2 + lanes);
  hn::StoreU(b3, d, s3 + lanes);
}

double SumOf(V v) { return hn::GetLane(hn::SumOfLanes(D(), v)); }

// Four rows at a time, so that four additions are under way.
void RowDots(const double* x, const RowBlock& b, double* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t whole = b.columns / lanes * lanes;
  for (int64_t j = 0; j < b.count; j += 4) {
    const int64_t last = b.count - 1;
    const double* r0 = b.rows + j * b.stride;
    const double* r1 = b.rows + std::min(j + 1, last) * b.stride;
    const double* r2 = b.rows + std::min(j + 2, last) * b.stride;
    const double* r3 = b.rows + std::min(j + 3, last) * b.stride;
    V a0 = hn::Zero(d);
    V a1 = hn::Zero(d);
    V a2 = hn::Zero(d);
    V a3 = hn::Zero(d);
    for (int64_t c = 0; c < whole; c += lanes) {
      const V xc = hn::LoadU(d, x + c);
      a0 = hn::MulAdd(xc, hn::LoadU(d, r0 + c), a0);
      a1 = hn::MulAdd(xc, hn::LoadU(d, r1 + c), a1);
      a2 = hn::MulAdd(xc, hn::LoadU(d, r2 + c), a2);
      a3 = hn::MulAdd(xc, hn::LoadU(d, r3 + c), a3);
    }
    double sums[] = {SumOf(a0), SumOf(a1), SumOf(a2), SumOf(a3)};
    for (int64_t c = whole; c < b.columns; ++c) {
      sums[0] += x[c] * r0[c];
      sums[1] += x[c] * r1[c];
      sums[2] += x[c] * r2[c];
      sums[3] += x[c] * r3[c];
    }
    std::copy_n(sums, std::min<int64_t>(4, b.count - j), out + j);
  }
}

// Four vectors of columns at a time: their sums stay in registers over all rows.
void AddWeightedRows(const double* weights, const RowBlock& b, double* out) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + 4 * lanes <= b.columns; c += 4 * lanes) {
    V a0 = hn::LoadU(d, out + c);
    V a1 = hn::LoadU(d, out + c + lanes);
    V a2 = hn::LoadU(d, out + c + 2 * lanes);
    V a3 = hn::LoadU(d, out + c + 3 * lanes);
    const double* row = b.rows + c;
    for (int64_t j = 0; j < b.count; ++j, row += b.stride) {
      const V w = hn::Set(d, weights[j]);
      a0 = hn::MulAdd(w, hn::LoadU(d, row), a0);
      a1 = hn::MulAdd(w, hn::LoadU(d, row + lanes), a1);
      a2 = hn::MulAdd(w, hn::LoadU(d, row + 2 * lanes), a2);
      a3 = hn::MulAdd(w, hn::LoadU(d, row + 3 * lanes), a3);
    }
    hn::StoreU(a0, d, out + c);
    hn::StoreU(a1, d, out + c + lanes);
    hn::StoreU(a2, d, out + c + 2 * lanes);
    hn::StoreU(a3, d, out + c + 3 * lanes);
  }
  for (; c < b.columns; ++c)
    for (int64_t j = 0; j < b.count; ++j) out[c] += weights[j] * b.rows[j * b.stride + c];
}

}  // namespace tugline::reference::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::reference {

HWY_EXPORT(PanelRows);
HWY_EXPORT(MultiplyPanel);
HWY_EXPORT(RowDots);
HWY_EXPORT(AddWeightedRows);

int64_t panel_rows() { return HWY_DYNAMIC_DISPATCH(PanelRows)(); }
void multiply_panel(const PanelProduct& product) { HWY_DYNAMIC_DISPATCH(MultiplyPanel)(product); }
void row_dots(const double* x, const RowBlock& block, double* out) {
  HWY_DYNAMIC_DISPATCH(RowDots)(x, block, out);
}
void add_weighted_rows(const double* weights, const RowBlock& block, double* out) {
  HWY_DYNAMIC_DISPATCH(AddWeightedRows)(weights, block, out);
}

}  // namespace tugline::reference
#endif
