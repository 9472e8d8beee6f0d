#include "tugline/backend/reference/product_kernel.h"

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

// Eight sums in registers: as many as two multiply-adds a cycle of four cycles' latency can keep going.
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

}  // namespace tugline::reference::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tugline::reference {

HWY_EXPORT(PanelRows);
HWY_EXPORT(MultiplyPanel);

int64_t panel_rows() { return HWY_DYNAMIC_DISPATCH(PanelRows)(); }
void multiply_panel(const PanelProduct& product) { HWY_DYNAMIC_DISPATCH(MultiplyPanel)(product); }

}  // namespace tugline::reference
#endif
