// What the Highway kernels share: whole-row loops with a partial last vector, and the series that keep small differences exact. Included
// once for every instruction set (hence the guard).
#if defined(TUGLINE_BACKEND_CPU_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#undef TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#else
#define TUGLINE_BACKEND_CPU_VECTOR_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

// After highway.h, which this header needs.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace tugline::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;
using M = hn::Mask<F>;

// Calls body(offset, mask) for each vector of n elements; all lanes are on but in a last partial one.
template <typename Body>
HWY_INLINE void for_each_vector(int64_t n, Body body) {
  const F f;
  const auto lanes = static_cast<int64_t>(hn::Lanes(f));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, hn::FirstN(f, hn::Lanes(f)));
  if (i < n) body(i, hn::FirstN(f, static_cast<size_t>(n - i)));
}

HWY_INLINE V load(const float* p, M mask) { return hn::MaskedLoad(mask, F(), p); }
HWY_INLINE void store(V v, M mask, float* p) { hn::BlendedStore(v, mask, F(), p); }
HWY_INLINE float sum_lanes(V v) { return hn::GetLane(hn::SumOfLanes(F(), v)); }
HWY_INLINE V set(float value) { return hn::Set(F(), value); }

// Below this |d| the series are used; there the first term left out is below 3e-8 of the sum.
constexpr float kSeriesLimit = 0.5f;

// (e^d - 1 - d) / d^2 as sum d^k / (k + 2)!
HWY_INLINE V backward_series(V d) {
  V p = set(1.0f / 362880.0f);
  for (const float c : {1.0f / 40320.0f, 1.0f / 5040.0f, 1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f})
    p = hn::MulAdd(p, d, set(c));
  return p;
}

// (d e^d - e^d + 1) / d^2 as sum (k + 1) d^k / (k + 2)!
HWY_INLINE V forward_series(V d) {
  V p = set(8.0f / 362880.0f);
  for (const float c : {7.0f / 40320.0f, 6.0f / 5040.0f, 5.0f / 720.0f, 4.0f / 120.0f, 3.0f / 24.0f, 2.0f / 6.0f, 0.5f})
    p = hn::MulAdd(p, d, set(c));
  return p;
}

// e^d - 1 for |d| < kSeriesLimit.
HWY_INLINE V small_expm1(V d) { return hn::MulAdd(hn::Mul(d, d), backward_series(d), d); }

}  // namespace tugline::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // TUGLINE_BACKEND_CPU_VECTOR_INL_H_
